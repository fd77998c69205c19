"""The weighted sum: averages, schedules and the reference code's convention."""

import pytest
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.losses import Eikonal, Objective, OffSurfaceExponential, Surface, WeightedTerm
from sdf_siren.losses.objective import interpolate


def paper_like(over_all_points):
    return Objective(
        (
            WeightedTerm(Surface(), 3e3),
            WeightedTerm(Eikonal(groups=("surface", "volume")), 5e1),
            WeightedTerm(OffSurfaceExponential(), 1e2),
        ),
        over_all_points,
    )


def test_each_term_is_averaged_over_the_points_it_reads():
    sizes = {"surface": 30, "volume": 10}
    assert paper_like(False).divisors(sizes) == {"surface": 30, "eikonal": 40, "off_surface": 10}
    assert paper_like(True).divisors(sizes) == {"surface": 40, "eikonal": 40, "off_surface": 40}


def test_gradients_are_needed_only_where_a_term_reads_them():
    assert paper_like(False).needs_gradient("volume")
    only_values = Objective((WeightedTerm(Surface(), 1.0),))
    assert not only_values.needs_gradient("surface")


@pytest.mark.parametrize("over_all_points", [False, True])
def test_shares_and_adjoints_of_parts_add_up_to_the_weighted_mean(over_all_points):
    objective = paper_like(over_all_points)
    f = {"surface": torch.randn(6, 1).double() / 10, "volume": torch.randn(4, 1).double() / 10}
    g = {"surface": torch.randn(6, 3).double(), "volume": torch.randn(4, 3).double()}
    leaves = [t.requires_grad_() for t in (*f.values(), *g.values())]
    divisors = objective.divisors({"surface": 6, "volume": 4})
    exp = torch.exp(-100 * f["volume"].abs())
    excess = torch.cat([g["surface"], g["volume"]]).norm(dim=1).sub(1).abs()
    n_surface, n_volume = (10, 10) if over_all_points else (6, 4)
    total = 3e3 * f["surface"].abs().sum() / n_surface + 1e2 * exp.sum() / n_volume + 5e1 * excess.mean()
    expected = torch.autograd.grad(total, leaves)
    found_f, found_g, loss = [], [], 0.0
    for name in ("surface", "volume"):
        group = PointGroup(torch.zeros(len(f[name]), 3))
        parts = [slice(0, 3), slice(3, None)]
        for part, here in zip(parts, group.split([3, len(group) - 3]), strict=True):
            shares, fbar, gbar = objective.adjoints(
                name, here, f[name][part].detach(), g[name][part].detach(), divisors, 0.0
            )
            weights = {t.term.name: t.weight for t in objective.terms}
            loss += sum(weights[n] * v for n, v in shares().items())
            found_f.append(fbar)
            found_g.append(gbar)
    torch.testing.assert_close(loss, total.detach())
    torch.testing.assert_close(torch.cat(found_f), torch.cat(expected[:2]))
    torch.testing.assert_close(torch.cat(found_g), torch.cat(expected[2:]))


def test_schedules_are_piecewise_linear():
    assert interpolate((), 0.3) == 1
    knots = ((0.2, 1.0), (0.6, 3.0), (1.0, 0.0))
    points = [(0.0, 1.0), (0.2, 1.0), (0.4, 2.0), (0.6, 3.0), (0.9, 0.75), (1.0, 0.0)]
    for fraction, factor in points:
        assert interpolate(knots, fraction) == pytest.approx(factor)
    assert WeightedTerm(Surface(), 10.0, knots).weight_at(0.4) == pytest.approx(20)
