"""Place and unit of a scan change nothing but those of the result: what comes before and after a fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import plyfile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.cli.main import main
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.clouds.spacing import gauge
from sdf_siren.fields import SignedDistanceField, SirenShape, initialise
from sdf_siren.fitting import choose_settings
from sdf_siren.frames import Similarity
from sdf_siren.io import read_mesh, write_field, write_mesh
from sdf_siren.meshing import extract_mesh, finished
from sdf_siren.metrics import sample_surface, topology

SURVEY = np.array([500000.123, 4900000.456, 1200.789])

offsets = st.tuples(*[st.floats(-1e6, 1e6) for _ in range(3)])
scales = st.floats(1e-2, 1e2)
UNITS = pytest.mark.parametrize(
    ("scale", "offset"),
    [(1.0, SURVEY), (1000.0, 0 * SURVEY), (0.3048, 0 * SURVEY), (1000.0, SURVEY * 1000)],
    ids=["shifted", "millimetres", "feet", "shifted millimetres"],
)


@pytest.fixture(scope="module")
def field() -> SignedDistanceField:
    """A random network about the origin: a level set of several parts, open at the sides of the cube."""
    network = initialise(SirenShape(width=16, hidden_layers=2), seed=3)
    return SignedDistanceField(network, Similarity((0.0, 0.0, 0.0), 0.018))


@pytest.fixture(scope="module")
def scan(field: SignedDistanceField) -> PointCloud:
    """Points on its level set, some 100 units wide, with normals and a little noise."""
    mesh = extract_mesh(field, 32)
    samples = sample_surface(mesh, 1500, seed=0)
    normals = np.einsum("nk,nkd->nd", samples.weights, mesh.normals[mesh.faces[samples.faces]])
    noise = np.random.default_rng(0).normal(scale=0.05, size=samples.points.shape)
    return PointCloud(samples.points + noise, normals)


def moved(cloud: PointCloud, scale: float, offset: np.ndarray) -> PointCloud:
    return dataclasses.replace(cloud, points=cloud.points * scale + offset)


def slack(scale: float, offset: np.ndarray) -> float:
    """What rounding world coordinates may cost, as a part of the extent of about 100 units."""
    return 1e-12 + 8 * np.spacing(np.abs(offset).max() + 100 * scale) / (100 * scale)


@given(scale=scales, offset=offsets)
@settings(max_examples=30)
def test_the_frame_goes_with_the_scan(scale: float, offset: tuple[float, float, float]) -> None:
    points = 50 * np.random.default_rng(0).normal(size=(200, 3))
    here, there = Similarity.fitting(points), Similarity.fitting(points * scale + offset)
    limit = slack(scale, np.array(offset))
    assert limit < 1e-7
    assert there.scale * scale == pytest.approx(here.scale, rel=10 * limit)
    centre = (np.array(there.centre) - offset) / scale
    np.testing.assert_allclose(centre, here.centre, atol=100 * limit)


def test_the_frame_of_a_survey_is_exact() -> None:
    points = 0.5 * np.random.default_rng(0).normal(size=(200, 3))
    here, there = Similarity.fitting(points), Similarity.fitting(points + SURVEY)
    extent = np.ptp(points, axis=0).max()
    assert np.abs(np.array(there.centre) - SURVEY - here.centre).max() < 1e-8 * extent
    assert there.scale == pytest.approx(here.scale, rel=1e-8)


@UNITS
def test_normals_and_settings_go_with_the_scan(scan: PointCloud, scale: float, offset: np.ndarray) -> None:
    here, there = (complete_normals(cloud, "estimate") for cloud in (scan, moved(scan, scale, offset)))
    assert here.notes == there.notes
    np.testing.assert_allclose(here.normals, there.normals, atol=1e-6)
    one, other = (gauge(cloud.points, cloud.normals) for cloud in (here, there))
    assert other.spacing / scale == pytest.approx(one.spacing, rel=1e-6)
    assert other.noise / scale == pytest.approx(one.noise, rel=1e-6)
    chosen = [dataclasses.asdict(choose_settings(cloud)) for cloud in (here, there)]
    for name, value in chosen[0].items():
        assert chosen[1][name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)


@given(scale=scales, offset=offsets)
@settings(max_examples=10, deadline=None)
def test_extraction_goes_with_the_frame(scale: float, offset: tuple[float, float, float]) -> None:
    network = initialise(SirenShape(width=8, hidden_layers=1), seed=3)
    here = extract_mesh(SignedDistanceField(network, Similarity((0.0, 0.0, 0.0), 0.018)), 24)
    there = extract_mesh(SignedDistanceField(network, Similarity(offset, 0.018 / scale)), 24)
    np.testing.assert_array_equal(here.faces, there.faces)
    np.testing.assert_array_equal(here.normals, there.normals)
    back = (there.vertices - offset) / scale
    assert np.abs(back - here.vertices).max() <= 100 * slack(scale, np.array(offset))


@pytest.mark.parametrize("suffix", ["ply", "obj"])
def test_the_same_field_meshes_to_shifted_vertices(
    field: SignedDistanceField, tmp_path: Path, suffix: str
) -> None:
    shifted = dataclasses.replace(field, frame=Similarity(tuple(SURVEY), field.frame.scale))
    here, there = (extract_mesh(each, 32) for each in (field, shifted))
    assert write_mesh(there, tmp_path / f"a.{suffix}") == ()
    back = read_mesh(tmp_path / f"a.{suffix}")
    extent = np.ptp(here.vertices, axis=0).max()
    assert np.abs(back.vertices - SURVEY - here.vertices).max() < 1e-9 * extent
    np.testing.assert_array_equal(back.faces, here.faces)
    assert topology(back).volume == pytest.approx(topology(here).volume, rel=1e-8)


def test_finishing_goes_with_the_mesh(field: SignedDistanceField) -> None:
    frame = Similarity(tuple((1000 * SURVEY).tolist()), field.frame.scale / 1000)
    fields = field, dataclasses.replace(field, frame=frame)
    meshes = [extract_mesh(each, 16) for each in fields]
    pairs = list(zip(meshes, fields, strict=True))
    here, there = (finished(*pair, components=1, holes=True, smooth=1)[0] for pair in pairs)
    np.testing.assert_array_equal(here.faces, there.faces)
    assert np.abs((there.vertices - 1000 * SURVEY) / 1000 - here.vertices).max() < 1e-7
    fewer, also = (finished(*pair, faces=500)[0] for pair in pairs)
    # Which of two equal edges collapses first is rounding's choice.
    assert len(fewer.faces) == len(also.faces)
    assert topology(also).volume / 1e9 == pytest.approx(topology(fewer).volume, rel=1e-3)


def test_the_command_says_what_a_format_loses(
    field: SignedDistanceField, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shifted = dataclasses.replace(field, frame=Similarity(tuple(SURVEY), field.frame.scale))
    write_field(shifted, tmp_path / "field.safetensors")
    words = ["mesh", tmp_path / "field.safetensors", "--resolution", 16, "-o", tmp_path / "a.stl"]
    assert main([str(word) for word in words]) == 0
    assert "rounded to steps of 0.5 units" in capsys.readouterr().err


def test_the_command_says_what_the_scan_has_lost(
    scan: PointCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.empty(len(scan), dtype=[(axis, "<f4") for axis in "xyz"])
    for axis, values in zip("xyz", (scan.points + SURVEY).T, strict=True):
        rows[axis] = values
    path = tmp_path / "scan.ply"
    plyfile.PlyData([plyfile.PlyElement.describe(rows, "vertex")], byte_order="<").write(path)
    words = [path, "--normals", "keep", "--dry-run", "-o", tmp_path / "a.ply"]
    assert main([str(word) for word in words]) == 0
    assert "detail below 0.5 units was lost" in capsys.readouterr().out
