"""Whole fits of exact solids: accuracy, the same again, interrupted or not."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.errors import DivergenceError, InputError, UsageError
from sdf_siren.fields import Torus
from sdf_siren.fitting import (
    checkpoint,
    choose_settings,
    cost,
    estimate_cost,
    fit_surface,
    optimizers,
    settings_within,
    trainer,
)

SOLID = Torus(0.6, 0.25)
SMALL = {"steps": 150, "width": 32, "surface_points": 600, "near_points": 200, "far_points": 60}


def torus_cloud(count=3000, scale=50.0, offset=(1e5, -2e5, 30.0)):
    x = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    value, gradient = SOLID.value_and_gradient(x)
    points = (x - value * gradient).numpy() * scale + np.asarray(offset)
    return PointCloud(points, gradient.numpy(), source="torus.ply")


@pytest.fixture(scope="module")
def cloud():
    return torus_cloud()


def parameters_of(field):
    return [*field.network.parameters, *(level.coefficients for level in field.tiles)]


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(parameters_of(one), parameters_of(two), strict=True))


def test_a_short_fit_is_a_distance_in_world_units(cloud):
    reports = []
    settings = SMALL | {"steps": 400, "width": 48, "first_omega": 30.0}
    field = fit_surface(cloud, "draft", progress=reports.append, **settings)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (20_000, 3))
    value, gradient = SOLID.value_and_gradient(torch.from_numpy(x))
    near = np.abs(value.numpy()[:, 0]) < 0.1
    world = x[near] * 50 + np.array([1e5, -2e5, 30.0])
    truth = value.numpy()[near, 0] * 50
    assert np.abs(field(world) - truth).mean() < 0.015 * 50
    assert np.median(np.abs(field(cloud.points))) < 0.001 * 50
    assert (field.gradient(world) * gradient.numpy()[near]).sum(axis=1).mean() > 0.85
    fits = [report for report in reports if report.task == "fit"]
    assert fits[-1].done == fits[-1].total == 400
    assert {"surface", "normal", "eikonal", "direction", "off_surface", "rate"} == set(fits[-1].values)
    assert {report.task for report in reports} == {"fit", "refit"}
    assert field.record["source"] == "torus.ply"


def test_few_points_make_no_lumps():
    directions = np.random.default_rng(0).normal(size=(4150, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    seen, unseen = directions[:150], directions[150:]
    field = fit_surface(PointCloud(seen, seen), "draft", steps=300)
    assert np.abs(field(unseen)).max() < 5e-3


def test_the_same_seed_gives_the_same_field_whatever_the_threads(cloud):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = fit_surface(cloud, seed=3, **SMALL)
        torch.set_num_threads(3)
        two = fit_surface(cloud, seed=3, **SMALL)
        other = fit_surface(cloud, seed=4, **SMALL)
    finally:
        torch.set_num_threads(before)
    assert one.tiles
    assert same(one, two)
    assert not same(one, other)


def test_points_kept_back_choose_the_refit_and_are_not_fitted(cloud):
    field = fit_surface(cloud, seed=3, **SMALL)
    found = field.record["refit"]
    assert found["after"] < 0.5 * found["before"]
    assert found["tiles"] == sum(len(level) for level in field.tiles) > 0
    assert field.error == pytest.approx(found["after"] / cloud.frame.scale)
    alone = fit_surface(cloud, seed=3, refit=False, **SMALL)
    assert alone.tiles == ()
    assert "refit" not in alone.record
    assert alone.error is None
    assert not same(alone, type(field)(field.network, field.frame))  # it was fitted to all points


@pytest.mark.parametrize("quality", ["standard", "paper"])
def test_resumed_equals_uninterrupted(cloud, quality, tmp_path):
    settings = {"steps": 150, "width": 24, "surface_points": 300}
    whole = fit_surface(cloud, quality, **settings)

    def interrupt(report):
        if report.done == 100:
            raise KeyboardInterrupt

    path = tmp_path / "fit.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit_surface(cloud, quality, checkpoint=path, progress=interrupt, **settings)
    assert path.exists()
    steps = []
    resumed = fit_surface(
        cloud,
        quality,
        checkpoint=path,
        resume=True,
        progress=lambda r: r.task == "fit" and steps.append(r.done),
        **settings,
    )
    assert steps == [150]
    assert same(whole, resumed)
    finished = fit_surface(cloud, quality, checkpoint=path, resume=True, **settings)
    assert same(whole, finished)
    assert whole.record == resumed.record == finished.record


def test_an_interrupt_in_the_middle_of_a_step_resumes_exactly(cloud, tmp_path, monkeypatch):
    settings = SMALL | {"width": 24}
    whole = fit_surface(cloud, **settings)
    healthy = optimizers.Soap._adapt
    calls = []

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == 101:
            raise KeyboardInterrupt
        healthy(*arguments)

    path = tmp_path / "fit.checkpoint"
    monkeypatch.setattr(optimizers.Soap, "_adapt", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit_surface(cloud, checkpoint=path, **settings)
    monkeypatch.undo()
    assert same(whole, fit_surface(cloud, checkpoint=path, resume=True, **settings))


def test_numbers_of_numpy_are_settings_of_a_field_that_can_be_written(cloud, tmp_path):
    path = tmp_path / "fit.checkpoint"
    given = {name: np.int64(value) for name, value in SMALL.items()} | {"steps": np.int64(2)}
    field = fit_surface(cloud, seed=np.int64(3), surface_weight=np.float32(10), checkpoint=path, **given)
    assert json.loads(json.dumps(field.record))["settings"]["steps"] == given["steps"]
    assert same(field, fit_surface(cloud, seed=3, surface_weight=10.0, **(SMALL | {"steps": 2})))


def test_a_checkpoint_of_other_settings_is_refused(cloud, tmp_path):
    path = tmp_path / "fit.checkpoint"
    tiny = SMALL | {"steps": 2}
    fit_surface(cloud, checkpoint=path, **tiny)
    with pytest.raises(UsageError, match="another input, seed or settings"):
        fit_surface(cloud, checkpoint=path, resume=True, seed=1, **tiny)


def test_divergence_is_one_clear_error(cloud):
    with pytest.raises(DivergenceError, match="learning_rate"):
        fit_surface(cloud, **(SMALL | {"learning_rate": 1e30}))


def test_divergence_leaves_the_last_good_checkpoint(cloud, tmp_path, monkeypatch):
    path = tmp_path / "fit.checkpoint"
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    healthy = trainer.RateSchedule.__call__
    monkeypatch.setattr(
        trainer.RateSchedule, "__call__", lambda s, step: healthy(s, step) if step < 120 else float("nan")
    )
    with pytest.raises(DivergenceError):
        fit_surface(cloud, checkpoint=path, **SMALL)
    with safe_open(path, framework="pt") as file:
        assert int(file.get_tensor("step")) == 100
        assert all(file.get_tensor(n).isfinite().all() for n in file.keys() if n.startswith("param"))  # noqa: SIM118


def test_schedules_change_the_fit(cloud):
    plain = fit_surface(cloud, **(SMALL | {"steps": 50}))
    scheduled = fit_surface(cloud, eikonal_schedule=((0.0, 1.0), (1.0, 0.0)), **(SMALL | {"steps": 50}))
    assert not same(plain, scheduled)


@pytest.mark.parametrize("step", [1e-9, 1e-6])
def test_points_in_heaps_are_fitted(step):
    """Of which a reader would have left one each; their spacing is less than any tile's side."""
    points = np.random.default_rng(0).standard_normal((300, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    heaps = np.tile(points, (12, 1)) + step * np.random.default_rng(1).standard_normal((3600, 3))
    field = fit_surface(PointCloud(heaps, np.tile(points, (12, 1))), **(SMALL | {"steps": 30}))
    assert np.isfinite(field(points)).all()


def test_a_cloud_without_normals_is_refused(cloud):
    with pytest.raises(InputError, match="needs normals"):
        fit_surface(dataclasses.replace(cloud, normals=None))


@pytest.mark.parametrize(
    ("quality", "overrides", "message"),
    [
        ("best", {}, "draft, standard, high, paper"),
        ("draft", {"steps": 0}, "steps must be at least 1"),
        ("draft", {"omega_0": -1.0}, "omega_0 must be above 0"),
        ("draft", {"normal_weight": float("nan")}, "normal_weight must be finite"),
        ("draft", {"colour": 1}, "no setting 'colour'"),
    ],
)
def test_wrong_settings_are_refused(cloud, quality, overrides, message):
    with pytest.raises(UsageError, match=message):
        choose_settings(cloud, quality, **overrides)


@pytest.mark.parametrize("quality", ["draft", "paper"])
def test_cost_grows_with_the_steps(cloud, quality):
    few = choose_settings(cloud, quality, steps=10, width=16)
    many = choose_settings(cloud, quality, steps=100_000, width=16)
    assert 0 < estimate_cost(few, 3000, "cpu").seconds < estimate_cost(many, 3000, "cpu").seconds
    assert estimate_cost(few, 3000, "cpu").bytes < estimate_cost(few, 10**7, "cpu").bytes


def test_completing_the_normals_first_changes_nothing(cloud):
    stretched = dataclasses.replace(cloud, normals=cloud.normals * np.float32(1.7))
    completed = complete_normals(stretched)
    tiny = SMALL | {"steps": 3}
    assert same(fit_surface(stretched, **tiny), fit_surface(completed, **tiny))
    assert same(fit_surface(completed, **tiny), fit_surface(complete_normals(completed), **tiny))


def test_zero_normals_are_refused(cloud):
    normals = cloud.normals.copy()
    normals[7] = 0
    with pytest.raises(InputError, match="complete_normals"):
        fit_surface(dataclasses.replace(cloud, normals=normals))


def test_groups_may_be_left_out(cloud):
    fit_surface(cloud, **(SMALL | {"steps": 2, "near_points": 0}))


class TestSettingsWithin:
    """A budget of seconds becomes steps; the clock is a stand-in, for no test may depend on the real one."""

    @pytest.fixture(autouse=True)
    def ten_milliseconds_a_step(self, monkeypatch):
        monkeypatch.setattr(cost, "_seconds_per_step", lambda settings, place: 0.01 * settings.width / 96)

    def test_steps_fill_the_time(self, cloud):
        found = settings_within(cloud, 11.0)
        assert found["quality"] == "standard"
        assert 900 < found["steps"] <= 1100

    def test_a_long_time_goes_to_the_larger_network(self, cloud):
        found = settings_within(cloud, 120.0)
        assert found["quality"] == "high"
        assert found["steps"] == pytest.approx(120 / (0.01 * 128 / 96), rel=0.02)

    @pytest.mark.parametrize("quality", ["draft", "paper"])
    def test_draft_and_paper_remain(self, cloud, quality):
        assert settings_within(cloud, 1000.0, quality)["quality"] == quality

    def test_too_short_a_time_is_refused(self, cloud):
        with pytest.raises(UsageError, match=r"torus\.ply.*give it more time"):
            settings_within(cloud, 1.0)

    def test_a_run_has_so_much_less_for_its_fit_the_more_points_there_are(self, cloud):
        assert cost.other_seconds(10**6) > 2 * cost.other_seconds(10**5) > 2 * cost.other_seconds(10)
        other = cost.other_seconds(len(cloud))
        assert settings_within(cloud, run_seconds=20.0 + other) == settings_within(cloud, 20.0)

    @pytest.mark.parametrize("more", [{"steps": 3}, {"run_seconds": 60.0}])
    def test_seconds_of_fit_and_run_and_steps_exclude_each_other(self, cloud, more):
        with pytest.raises(UsageError, match="exclude each other"):
            settings_within(cloud, 60.0, **more)


def test_more_detail_is_nearer_to_the_points_and_less_is_smoother():
    """A noisy ball: what is followed of the points beyond the ball is noise."""
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(4000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    cloud = PointCloud(normals * (1 + 0.02 * rng.normal(size=(4000, 1))), normals)
    residual, roughness = [], []
    for detail in (0.4, 2.5):
        field = fit_surface(cloud, "draft", detail=detail, **SMALL)
        residual.append(float(np.abs(field(cloud.points)).mean()))
        gradient = field.gradient(normals)
        gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
        roughness.append(float((1 - (gradient * normals).sum(axis=1)).mean()))
    assert residual[0] > 1.1 * residual[1]
    assert roughness[1] > 1.5 * roughness[0]


def test_depth_in_steps_is_smoothed_and_not_followed():
    """The front of a ball as a depth camera sees it: of the error of its points a third is left at most."""
    side, step = 120, 0.05
    x, y = (part.reshape(-1) for part in np.meshgrid(*[np.linspace(-0.8, 0.8, side)] * 2))
    inside = np.hypot(x, y) < 0.75
    exact = np.stack([x, y, np.sqrt(1 - x**2 - y**2, where=inside, out=np.zeros_like(x))], axis=1)[inside]
    points = exact * [1, 1, 0] + np.array([0, 0, step]) * np.round(exact[:, 2:] / step)
    camera = np.broadcast_to([0.0, 0, 5], points.shape)
    field = fit_surface(complete_normals(PointCloud(points, sensors=camera)), **SMALL)
    inner = exact[np.hypot(*exact.T[:2]) < 0.6]
    left = np.abs(field(inner)).mean()
    assert left < np.linalg.norm(points - exact, axis=1).mean() / 3
