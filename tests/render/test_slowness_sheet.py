"""The sheet of a squared slowness: as many charts as there are things to show, and marks where places are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdf_siren.artifacts import Grid
from sdf_siren.render import Hearing, write_sheet, write_slowness_sheet
from sdf_siren.render.charts import SIZE
from sdf_siren.render.slowness_sheet import slowness_charts

X = np.linspace(-1, 1, 21)


def grid(*, exact, value=None):
    found = 1 + np.exp(-(X[:, None] ** 2 + X**2)) if value is None else np.full((21, 21), value)
    values = {"squared_slowness": found}
    if exact:
        values |= {"exact": found + 0.1, "error": np.full((21, 21), 0.1)}
    return Grid({"x": X, "y": X}, values, "T")


@pytest.mark.parametrize(("exact", "charts"), [(True, 3), (False, 1)])
def test_charts(tmp_path, exact, charts):
    write_sheet(grid(exact=exact), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (charts * SIZE[0], SIZE[1])
    heard = np.exp(1j * np.arange(12.0)).reshape(6, 2)
    hearing = Hearing(X[:4].reshape(2, 2), X[:12].reshape(6, 2), heard, 1.1 * heard)
    write_slowness_sheet(grid(exact=exact), tmp_path / "b.png", hearing)
    with Image.open(tmp_path / "b.png") as picture:
        assert picture.size == ((charts + 1) * SIZE[0], SIZE[1])


def test_marks_change_the_picture_where_they_are():
    bare, marked = (
        np.asarray(slowness_charts(grid(exact=False), marks)[0], int)
        for marks in ((), (np.array([[0.0, 0.0]]),))
    )
    changed = np.argwhere((bare != marked).any(-1))
    assert 0 < len(changed) < 30
    assert np.ptp(changed, axis=0).max() < 6


def test_calm_air_has_a_picture(tmp_path):
    write_sheet(grid(exact=False, value=1.0), tmp_path / "a.png")
