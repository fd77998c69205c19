"""The search for levels, on made-up errors; on scans it is tested with the refit."""

from dataclasses import dataclass, replace

import pytest
import torch

from sdf_siren.fitting.levels import LEAST_PART, LEAST_TURN, PATIENCE, Level, Search, Unseen, _out_of_bounds
from sdf_siren.fitting.local import Scatter
from sdf_siren.fitting.refit import EXACT

UNSEEN = Unseen(torch.zeros(100, 3), torch.ones(100, 3) / 3**0.5)
SCATTER = torch.linspace(0.9, 1.1, 100)[:, None]


@dataclass(frozen=True)
class Wrong:
    """A field that is wrong by so much."""

    by: float

    def value_and_gradient(self, x):
        return self.by * SCATTER, torch.ones(len(x), 3) / 3**0.5


@dataclass(frozen=True)
class Change:
    """Tiles that leave another error than there was."""

    before: float
    by: float

    def value_and_gradient(self, x):
        return (self.by - self.before) * SCATTER, torch.zeros(len(x), 3)


@dataclass(frozen=True)
class Lacking:
    """What is missing, where the error that a level leaves is looked up by its side and what came before."""

    field: Wrong
    errors: dict
    before: str = ""

    def fitted(self, level, seen_from=None):
        return Change(self.field.by, self.errors[self.before, level.side])

    def after(self, tiles):
        first = {1.5: "everywhere", 1.4: "opening"}.get(tiles.by, "")
        return replace(self, field=Wrong(tiles.by), before=first)


def levels(*sides):
    return [Level(side, EXACT) for side in sides]


def searched(errors, firsts, sides, wanted=lambda level: level, start=2.0):
    tried = []
    search = Search(Lacking(Wrong(start), errors), UNSEEN, tried.append)
    search.go_on(firsts, levels(*sides), wanted)
    return search, tried


def alone(*errors):
    return {("", float(side)): error for side, error in enumerate(errors, 1)}


def test_small_tiles_may_all_be_worse_than_none():
    # From candidate to candidate it gets better, until PATIENCE of them in a row do not.
    errors = alone(4.0, 3.5, 3.0, 2.5, 0.5, 0.7, 0.8, 0.1)
    search, tried = searched(errors, [None], range(1, 9))
    assert [level.side for level in search.chosen] == [5]
    assert len(tried) == 5 + PATIENCE
    assert float(search.judged.distance.mean()) == pytest.approx(0.5)
    assert tried == sorted(tried, reverse=True)


def test_what_is_no_better_than_by_chance_is_not_taken():
    search, _ = searched(alone(2.0, 2.0, 2.0), [None], (1, 2, 3))
    assert search.chosen == ()
    assert float(search.judged.distance.mean()) == pytest.approx(2.0)


@pytest.mark.parametrize(("everywhere", "opening"), [(0.3, False), (0.5, True), (0.7, True)])
def test_a_level_everywhere_has_to_be_better_than_one_that_opens(everywhere, opening):
    errors = {("", 8.0): 1.4, ("", 9.0): 1.5, ("opening", 1.0): 0.5, ("everywhere", 1.0): everywhere}
    firsts = [Level(8.0, EXACT, opening=True), Level(9.0, EXACT)]
    search, _ = searched(errors, firsts, (1.0,))
    assert [level.opening for level in search.chosen] == [opening, False]


def test_another_size_may_be_wanted_than_the_best_of_the_finest_but_not_of_the_first():
    errors = {("", 8.0): 1.4, ("opening", 1.0): 0.5, ("opening", 0.5): 0.6}
    first = Level(8.0, EXACT, opening=True)
    search, _ = searched(errors, [first], (1.0,), wanted=lambda level: replace(level, side=level.side / 2))
    assert search.chosen == (first, Level(0.5, EXACT))
    assert float(search.judged.distance.mean()) == pytest.approx(0.6)
    errors["opening", 1.0] = 3.0
    search, _ = searched(errors, [first], (1.0,), wanted=lambda level: replace(level, side=level.side / 2))
    assert search.chosen == (first,)


def test_of_two_searches_the_better_one_has_to_be_so_by_more_than_chance():
    near, same, far = (searched(alone(error, 2.0, 2.0), [None], (1, 2, 3))[0] for error in (0.5, 0.5, 1.0))
    assert near.better_than(far)
    assert not far.better_than(near)
    assert not near.better_than(same)
    assert float(far.without.distance.mean()) == pytest.approx(2.0)


@dataclass(frozen=True)
class Plane:
    """The distance from z = 0, where all normals are up."""

    def value_and_gradient(self, x):
        return x[:, 2:], torch.tensor([[0.0, 0.0, 1.0]]).repeat(len(x), 1)


def judged_of(unseen, field):
    return unseen.judge(*field.value_and_gradient(unseen.points))


def scattered(heights, angle=0.0):
    heights = torch.as_tensor(heights)
    points = torch.cat([torch.zeros(len(heights), 2), heights[:, None]], dim=1)
    turned = angle * torch.randn(len(heights), 2, generator=torch.Generator().manual_seed(1))
    normals = torch.cat([turned, torch.ones(len(heights), 1)], dim=1)
    return Unseen(points, normals / normals.norm(dim=1, keepdim=True))


def test_of_a_clean_scan_the_distance_decides():
    judged = judged_of(scattered([0.0, 0.1, -0.3]), Plane())
    torch.testing.assert_close(judged.distance, torch.tensor([0.0, 0.1, 0.3]))
    assert judged.misfit is judged.distance


def test_the_scatter_about_a_field_is_that_of_the_noise():
    heights = 0.01 * torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    distance, angle = scattered(heights, 0.3).scattered_about(Plane()).scatter
    assert distance == pytest.approx(0.01, rel=0.03)
    assert angle == pytest.approx(0.3, rel=0.1)
    assert scattered(heights, 0.01).scattered_about(Plane()).scatter[1] == LEAST_TURN


def test_one_outlier_of_a_noisy_scan_does_not_decide():
    noisy = replace(scattered([0.0, 1.0, 2.0, 4.0, 5.0]), scatter=Scatter(1.0, 0.2))
    misfit = judged_of(noisy, Plane()).misfit
    assert misfit.tolist() == pytest.approx([0, 0.5, 2, 6, 8])  # then 2 for each more
    upside_down = judged_of(replace(noisy, normals=-noisy.normals), Plane()).misfit
    assert (upside_down - misfit).tolist() == pytest.approx([4.5] * 5)


def test_ripples_within_the_noise_show_in_the_normals():
    @dataclass(frozen=True)
    class Rippled(Plane):
        def value_and_gradient(self, x):
            slope = torch.tensor([[0.2, 0.0, 1.0]]).repeat(len(x), 1)
            return x[:, 2:] + 1e-4 * torch.sign(x[:, 2:]), slope

    noisy = scattered(0.01 * torch.randn(1000, generator=torch.Generator().manual_seed(0)), 0.2)
    noisy = noisy.scattered_about(Plane())
    flat, rippled = judged_of(noisy, Plane()), judged_of(noisy, Rippled())
    assert abs(float(rippled.distance.mean() / flat.distance.mean()) - 1) < 0.02
    assert rippled.misfit.mean() > 1.2 * flat.misfit.mean()


def test_a_place_beside_the_scan_is_between_a_part_of_its_distance_and_all_of_it():
    distance = torch.tensor([0.2, 0.2, 0.2, 0.2, -0.2, -0.2, -0.2])
    value = torch.tensor([0.3, 0.2, 0.9 * 0.2, -0.1, -0.3, -0.16, 0.0])
    wanted = torch.tensor([0.2, 0.2, 0.9 * 0.2, LEAST_PART * 0.2, -0.2, -0.16, -LEAST_PART * 0.2])
    torch.testing.assert_close(value + _out_of_bounds(value, distance), wanted)
