"""Sheets of solutions of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdf_siren.artifacts import Grid
from sdf_siren.render.charts import SIZE
from sdf_siren.render.sheet import write_sheet

HISTORY = [{"seconds": 0.1, "indicator": 1e-3}, {"seconds": 0.3, "indicator": float("inf")}]


def grid(*counts, dtype=float, error=False):
    axes = {name: np.linspace(0, 1, n) for name, n in zip("xyzt", counts, strict=False)}
    u = np.random.default_rng(0).normal(size=counts).astype(dtype)
    values = {"u": u, "gradient": np.abs(u), "residual": u * 1e-5}
    return Grid(axes, values | ({"error": np.abs(u) * 1e-7} if error else {}), "A title " * 20)


@pytest.mark.parametrize("counts", [(40,), (30, 20), (12, 11, 10), (6, 5, 4, 3)])
@pytest.mark.parametrize("dtype", [float, complex])
def test_size(tmp_path, counts, dtype):
    for history, charts in ((HISTORY, 3), ((), 2), (HISTORY[1:], 2)):
        write_sheet(grid(*counts, dtype=dtype), tmp_path / "sheet.png", history)
        with Image.open(tmp_path / "sheet.png") as picture:
            assert picture.format == "PNG"
            assert picture.size == (charts * SIZE[0], SIZE[1])


def test_the_error_is_shown_where_it_is_known(tmp_path):
    pictures = []
    for known in (False, True):
        write_sheet(grid(20, 20, error=known), tmp_path / "sheet.png")
        pictures.append(np.asarray(Image.open(tmp_path / "sheet.png")))
    first = pictures[0] == pictures[1]
    assert first[:, : SIZE[0]].all()
    assert not first[:, SIZE[0] :].all()


def test_the_slice_is_the_one_in_the_middle(tmp_path):
    whole = grid(10, 9, 8)
    flat = Grid(
        {name: whole.axes[name] for name in "xy"},
        {name: values[:, :, 4] for name, values in whole.values.items()},
        whole.title,
    )
    for number, given in enumerate((whole, flat)):
        write_sheet(given, tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_nothing_to_see(tmp_path):
    axes = {"x": np.linspace(0, 1, 3), "y": np.linspace(0, 1, 3)}
    empty = np.full((3, 3), np.nan)
    write_sheet(Grid(axes, {"u": empty, "residual": empty}), tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").exists()
