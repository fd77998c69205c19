from __future__ import annotations

import numpy as np

from sdf_siren.render import draw_map, maps
from sdf_siren.render.colours import DIVERGING, SEQUENTIAL


def colours(signal):
    return np.rint(signal.samples * 255).astype(int)


def test_gradients_are_sizes(monkeypatch):
    monkeypatch.setattr(maps, "_BAND", 3)
    gradient = np.zeros((10, 4, 2, 2), np.float32)
    gradient[7, 2] = [[3, 0], [0, 4]]
    drawn = colours(draw_map(gradient))
    assert drawn.shape == (10, 4, 3)
    np.testing.assert_array_equal(drawn[0, 0], SEQUENTIAL[0])
    np.testing.assert_array_equal(drawn[7, 2], SEQUENTIAL[-1])


def test_laplacians_have_signs():
    laplacian = np.zeros((10, 40, 3), np.float32)
    laplacian[3, :5], laplacian[4, :5] = -2, 2
    drawn = colours(draw_map(laplacian))
    middle = DIVERGING[len(DIVERGING) // 2]
    for place, colour in (((0, 0), middle), ((3, 0), DIVERGING[0]), ((4, 0), DIVERGING[-1])):
        np.testing.assert_array_equal(drawn[place], colour)


def test_nothing_at_all_is_one_colour():
    assert len(np.unique(colours(draw_map(np.zeros((3, 3, 1)))).reshape(-1, 3), axis=0)) == 1
