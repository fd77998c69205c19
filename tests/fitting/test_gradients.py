"""The gradient of a step: that of autograd on the written-down loss, whatever the threads."""

import pytest
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting import gradients
from sdf_siren.fitting.gradients import GradientEngine
from sdf_siren.losses import (
    Eikonal,
    NormalCosine,
    Objective,
    OffSurfaceExponential,
    OffSurfaceHinge,
    Surface,
    WeightedTerm,
)


@pytest.fixture(autouse=True, params=[2, 4])
def processors(request, monkeypatch):
    """Both ways to cut a batch on every machine."""
    monkeypatch.setattr(gradients, "TWO_PROCESSORS", request.param == 2)
    monkeypatch.setattr(gradients, "CHUNK_ROWS", 300)
    return request.param


def paper_loss(network, parameters, surface, volume):
    """The loss of the SIREN reference code, by autograd: everything averaged over all points."""
    layers = len(network.weights)
    x = torch.cat([surface.x, volume.x]).requires_grad_()
    h = x
    for weight, bias in zip(parameters[: layers - 1], parameters[layers : 2 * layers - 1], strict=True):
        h = torch.sin(network.shape.omega_0 * (h @ weight.T + bias))
    f = (h @ parameters[layers - 1].T + parameters[-1])[:, 0]
    (g,) = torch.autograd.grad(f.sum(), x, create_graph=True)
    on = len(surface)
    cosine = torch.nn.functional.cosine_similarity(g[:on], surface.normals, dim=1)
    terms = (
        3e3 * f[:on].abs().sum(),
        1e2 * (1 - cosine).sum(),
        5e1 * (g.norm(dim=1) - 1).abs().sum(),
        1e2 * torch.exp(-100 * f[on:].abs()).sum(),
    )
    return sum(terms) / len(x)


PAPER = Objective(
    (
        WeightedTerm(Surface(), 3e3),
        WeightedTerm(NormalCosine(), 1e2),
        WeightedTerm(Eikonal(groups=("surface", "volume")), 5e1),
        WeightedTerm(OffSurfaceExponential(), 1e2),
    ),
    over_all_points=True,
)


def paper_batch(count, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, count, 3, generator=generator, dtype=dtype) * 2 - 1
    normals = torch.nn.functional.normalize(x[0] + 0.3, dim=1)
    return {"surface": PointGroup(x[0], normals=normals), "volume": PointGroup(x[1])}


def test_paper_objective_agrees_with_autograd():
    network = initialise(SirenShape(width=20), seed=0, dtype=torch.float64)
    batch = paper_batch(gradients.CHUNK_ROWS + 100)
    found, losses = GradientEngine(network, PAPER, threads=1)(batch, 0.0)
    leaves = [p.clone().requires_grad_() for p in network.parameters]
    loss = paper_loss(network, leaves, batch["surface"], batch["volume"])
    expected = torch.autograd.grad(loss, leaves)
    for mine, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-9, atol=1e-9)
    weights = {t.term.name: t.weight for t in PAPER.terms}
    total = sum(weights[name] * value for name, value in losses().items())
    torch.testing.assert_close(total, loss.detach())


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_gradients_are_the_same_to_the_last_bit_whatever_the_threads(threads):
    network = initialise(SirenShape(width=32), seed=0)
    batch = paper_batch(3 * gradients.CHUNK_ROWS + 17, torch.float32)
    alone, alone_losses = GradientEngine(network, PAPER, threads=1)(batch, 0.0)
    engine = GradientEngine(network, PAPER, threads)
    for _ in range(3):  # threads take chunks in another order every time
        together, losses = engine(batch, 0.0)
        assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
        assert losses() == alone_losses()


def test_a_whole_batch_at_once_gives_the_same_as_its_groups():
    terms = (Surface(), NormalCosine(), Eikonal(groups=("near",)), OffSurfaceHinge(groups=("near", "far")))
    objective = Objective(tuple(WeightedTerm(term, 3.0 + i) for i, term in enumerate(terms)))
    network = initialise(SirenShape(width=24), seed=0, dtype=torch.float64)
    scan, near = paper_batch(70).values()
    side = torch.ones(70, 1, dtype=torch.float64)
    batch = {
        "surface": scan,
        "near": PointGroup(near.x, side=side, lower=0.1 * side, upper=0.2 * side),
        "far": PointGroup(near.x[:30] + 0.5, side=-side[:30], lower=0.3 * side[:30], upper=0.5 * side[:30]),
    }
    apart, apart_losses = GradientEngine(network, objective, threads=1)(batch, 0.0)
    engine = GradientEngine(network, objective, threads=1)
    engine._on_gpu = True  # the numbers are the processor's all the same
    together, losses = engine(batch, 0.0)
    for found, wanted in zip(together, apart, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(losses(), apart_losses())


def chunk_sizes(**batch):
    """Of each chunk, the rows of its groups, where the losses read no gradient of ``far``."""
    objective = Objective(
        (WeightedTerm(Eikonal(groups=("near", "surface")), 1.0), WeightedTerm(Surface(groups=("far",)), 1.0))
    )
    engine = GradientEngine(initialise(SirenShape(width=8), seed=0), objective, threads=2)
    groups = {name: PointGroup(torch.zeros(count, 3)) for name, count in batch.items()}
    return [[(name, len(group)) for name, group in chunk] for chunk in engine._chunks(groups)]


@pytest.mark.parametrize("processors", [4], indirect=True)
def test_values_alone_go_with_gradients_and_threads_get_the_same(processors):
    assert chunk_sizes(far=128, surface=600, near=300) == [
        *[[("surface", 300)]] * 2,
        *[[("near", 150), ("far", 64)]] * 2,
    ]
    assert chunk_sizes(near=600, far=4) == [[("near", 150), ("far", 1)]] * 4
    assert chunk_sizes(far=10) == [[("far", 5)]] * 2
    assert chunk_sizes(far=1, near=1) == [[("near", 1), ("far", 1)]]


@pytest.mark.parametrize("processors", [2], indirect=True)
def test_two_processors_get_half_of_every_group(processors):
    assert chunk_sizes(far=100, surface=300, near=200) == [[("surface", 150), ("near", 100), ("far", 50)]] * 2
    assert chunk_sizes(far=1, surface=600, near=3) == [
        [("surface", 150)],
        *[[("surface", 150), ("near", 1)]] * 2,
        [("surface", 150), ("near", 1), ("far", 1)],
    ]


def test_groups_without_gradient_terms_are_evaluated_by_value_only():
    objective = Objective((WeightedTerm(Surface(), 2.0), WeightedTerm(OffSurfaceHinge(groups=("far",)), 3.0)))
    network = initialise(SirenShape(width=16), seed=0, dtype=torch.float64)
    x = torch.rand(40, 3, dtype=torch.float64)
    one = torch.ones(40, 1, dtype=torch.float64)
    batch = {"surface": PointGroup(x), "far": PointGroup(-x, side=one, lower=0.3 * one, upper=0.4 * one)}
    found, _ = GradientEngine(network, objective, threads=1)(batch, 0.0)
    leaves = [p.clone().requires_grad_() for p in network.parameters]

    def value(points):
        h = points
        for weight, bias in zip(leaves[:4], leaves[5:9], strict=True):
            h = torch.sin(30 * (h @ weight.T + bias))
        return h @ leaves[4].T + leaves[9]

    far = value(-x)
    hinge = (0.3 - far).clamp_min(0) + (far - 0.4).clamp_min(0)
    loss = 2 * value(x).abs().mean() + 3 * hinge.mean()
    for mine, wanted in zip(found, torch.autograd.grad(loss, leaves), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-10)
