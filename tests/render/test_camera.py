"""Cameras hold what they frame, and rays and projection are inverse to each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdf_siren.render.camera import MARGIN, VIEWS, View, framing


@given(
    points=arrays(np.float32, (7, 3), elements=st.floats(-1, 1, width=16)),
    azimuth=st.floats(0, 360),
    elevation=st.floats(-80, 80),
    up=st.sampled_from("xyz"),
)
def test_all_points_are_in_the_picture_and_reach_its_margin(
    points: np.ndarray, azimuth: float, elevation: float, up: str
) -> None:
    camera = framing(View("any", azimuth, elevation), points, up)
    pixels, depth = camera.project(points, 100)
    assert (depth > 0).all()
    reach = np.abs(pixels / 50 - 1).max()
    assert reach < 1 - MARGIN + 1e-3
    spread = (points - points.mean(axis=0)) @ camera.axes[:2].T
    if np.abs(spread).max() > 0.1:
        assert reach > 1 - MARGIN - 1e-3


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_rays_pass_through_what_projects_to_their_pixels(view: View, up: str) -> None:
    corners = np.array(np.meshgrid(*[[-1, 1]] * 3), dtype=np.float32).reshape(3, -1).T
    camera = framing(view, corners, up)
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(camera.axes) == pytest.approx(1, abs=1e-6)
    rays = camera.rays(8)
    np.testing.assert_allclose(np.linalg.norm(rays[..., 3:], axis=-1), 1, atol=1e-6)
    at = (rays[..., :3] + 3 * rays[..., 3:]).reshape(-1, 3)
    pixels, _ = camera.project(at, 8)
    rows, columns = np.mgrid[:8, :8]
    expected = np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5
    np.testing.assert_allclose(pixels, expected, atol=1e-3)


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_up_is_up_in_the_picture(up: str) -> None:
    axis = np.eye(3, dtype=np.float32)["xyz".index(up)]
    camera = framing(VIEWS[0], np.stack([axis, -axis, np.ones(3, dtype=np.float32)]), up)
    pixels, _ = camera.project(np.stack([axis, -axis]), 100)
    assert pixels[0, 1] < pixels[1, 1]
    assert (camera.axes[:2] @ axis)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("size", [7, 64])
def test_the_window_holds_the_subject_and_little_more(view: View, size: int) -> None:
    rod = np.array([[0.05, 0, 0.02], [0, 1, 0], [0, -1, 0.03]], dtype=np.float32)
    camera = framing(view, rod, "y")
    rows, columns = camera.window(size)
    pixels, _ = camera.project(rod, size)
    for at, held in zip(pixels.T, (columns, rows), strict=True):
        assert 0 <= held.start <= at.min()
        assert at.max() <= held.stop
        assert held.stop - held.start <= 2 * np.abs(at - size / 2).max() + 5
    whole, part = camera.rays(size), camera.rays(size, (rows, columns))
    np.testing.assert_array_equal(part, whole[rows, columns])
