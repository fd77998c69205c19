"""What a page is given, read back: positions to half a step, triangles and numbers where they belong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from shown_runs import ball, shell

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.report.exhibit import ERROR, prepared
from sdf_siren.report.packing import FLOAT_ERROR, LARGEST_STEP, unpacked
from sdf_siren.report.payload import payload


def places(shown, name):
    return np.array(shown["low"]) + unpacked(shown[name]).astype(np.float64) * shown["step"]


def matched(found, known, most):
    """For each of ``known`` the row of ``found`` that is nearest in every coordinate, within ``most``."""
    apart = np.abs(found[None] - known[:, None]).max(axis=2)
    assert apart.min(axis=1).max() <= most
    return apart.argmin(axis=1)


@pytest.mark.parametrize(("radius", "offset"), [(1.0, 0.0), (3e-4, -7.0), (50.0, 4e6)])
def test_everything_comes_back(radius, offset):
    mesh = ball(3, radius, offset)
    colours = np.random.default_rng(0).integers(0, 256, mesh.vertices.shape).astype(np.uint8)
    values = np.linspace(-1, 2, len(mesh.vertices)).astype(np.float32)
    full = Mesh(mesh.vertices, mesh.faces, mesh.normals, colours, {"height": values})
    cloud = shell(300, 1.01 * radius, offset)
    exhibit = prepared(full, PointCloud(cloud.points, None, np.full((300, 3), 7, np.uint8)))
    shown = json.loads(json.dumps(payload(exhibit, "z"), allow_nan=False))
    low, high = exhibit.box
    assert shown["step"] == (high - low).max() / LARGEST_STEP
    # Half a step, and the rounding of the world coordinates themselves.
    most = shown["step"] / 2 + 2 * np.spacing(np.abs(full.vertices).max())
    row = matched(places(shown, "vertices"), full.vertices, most)
    assert len(set(row)) == len(row)
    np.testing.assert_array_equal(unpacked(shown["colours"])[row], colours)
    normals = unpacked(shown["normals"]).view(np.int8)[row] / 127
    np.testing.assert_allclose(normals, full.normals, atol=0.5 / 127 + 1e-6)
    np.testing.assert_allclose(unpacked(shown["scalars"]["height"]["values"])[row], values, rtol=FLOAT_ERROR)

    def rings(faces):
        return {min((a, b, c), (b, c, a), (c, a, b)) for a, b, c in faces.tolist()}

    assert rings(unpacked(shown["faces"])) == rings(row[full.faces])
    point = matched(places(shown, "points"), exhibit.points, most)
    np.testing.assert_allclose(unpacked(shown["distances"])[point], exhibit.distances, rtol=FLOAT_ERROR)
    assert (unpacked(shown["point_colours"]) == 7).all()
    assert shown["up"] == "z"


def test_scales():
    mesh = ball(3)
    steps = np.arange(len(mesh.vertices), dtype=np.float32)
    scalars = {"up": steps, "both": steps - 100, "none": steps * np.nan, "same": steps * 0 + 5}
    exhibit = prepared(Mesh(mesh.vertices, mesh.faces, None, None, scalars), shell(500, 1.02))
    found = payload(exhibit)["scalars"]
    ends = {name: (scalar["low"], scalar["high"], scalar["signed"]) for name, scalar in found.items()}
    assert not ends["up"][2]
    assert 0 < ends["up"][0] < ends["up"][1] < steps[-1]
    assert ends["both"][2]
    assert ends["both"][0] == -ends["both"][1]
    assert ends["none"] == (0, 1, False)
    assert ends["same"] == (5, 6, False)
    assert ends[ERROR][1] == pytest.approx(np.quantile(np.abs(exhibit.distances), 0.95), rel=1e-5)


def test_without_a_scan():
    shown = payload(prepared(ball(1), None))
    assert shown["points"] is None
    assert shown["colours"] is None
    assert shown["scalars"] == {}


def test_size():
    """A full page's worth of geometry is a few megabytes."""
    full = ball(7)
    assert len(full.faces) > 300_000
    rough = Mesh(full.vertices * (1 + 0.01 * np.sin(20 * full.vertices)), full.faces)
    shown = payload(prepared(rough, shell(100_000)))
    assert len(json.dumps(shown)) < 4_000_000
