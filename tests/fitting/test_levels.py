"""The search for levels, on made-up errors; on scans it is tested with the refit."""

from dataclasses import dataclass, replace

import pytest
import torch

from sdf_siren.fitting.levels import PATIENCE, Level, Search
from sdf_siren.fitting.refit import EXACT

UNSEEN = torch.zeros(100, 3)
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
    assert float(search.least.mean()) == pytest.approx(0.5)
    assert tried == sorted(tried, reverse=True)


def test_what_is_no_better_than_by_chance_is_not_taken():
    search, _ = searched(alone(2.0, 2.0, 2.0), [None], (1, 2, 3))
    assert search.chosen == ()
    assert float(search.least.mean()) == pytest.approx(2.0)


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
    assert float(search.least.mean()) == pytest.approx(0.6)
    errors["opening", 1.0] = 3.0
    search, _ = searched(errors, [first], (1.0,), wanted=lambda level: replace(level, side=level.side / 2))
    assert search.chosen == (first,)
