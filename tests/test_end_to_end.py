"""The real command on a real scan: what it writes, how good that is, and how it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import plyfile
import pytest
import trimesh
from PIL import Image

import sdf_siren
from sdf_siren.cli.main import main
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.metrics import compare, topology

ROOT = Path(__file__).resolve().parent.parent
SCAN = ROOT / "data" / "scans" / "spot_points_12k.ply"
TRUTH = ROOT / "data" / "meshes" / "spot.ply"
CHEAP = ["--quality", "draft", "--set", "fit.sdf.steps=150", "--resolution", "64"]

EAGER = """
import sys
from sdf_siren.fitting import checkpoint
checkpoint.CHECKPOINT_SECONDS = -1.0  # at every look, so that the test sees the fit begin
from sdf_siren.cli.main import main
from sdf_siren.clouds.normals import complete_normals
sys.exit(main())
"""


def start(folder, *words, program=("-m", "sdf_siren")):
    """The command in a process of its own, in ``folder``."""
    package = str(Path(sdf_siren.__file__).resolve().parent.parent)
    return subprocess.Popen(
        [sys.executable, *program, *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": package},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder with ``spot.ply`` and its run, and what the command said."""
    folder = tmp_path_factory.mktemp("fitted")
    code, out, err = finish(start(folder, SCAN, "-o", "spot.ply", *CHEAP))
    assert code == 0, err
    return folder, out, err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestMesh:
    def test_is_one_closed_surface_with_its_outside_outside(self, fitted):
        mesh = sdf_siren.read_mesh(fitted[0] / "spot.ply")
        shape = topology(mesh)
        assert (shape.components, shape.watertight) == (1, True)
        assert (shape.boundary_edges, shape.non_manifold_edges) == (0, 0)
        assert shape.volume == pytest.approx(topology(sdf_siren.read_mesh(TRUTH)).volume, rel=0.005)

    def test_is_near_the_truth_in_its_units(self, fitted):
        figures = compare(
            sdf_siren.read_mesh(fitted[0] / "spot.ply"), sdf_siren.read_mesh(TRUTH), 20_000, 0
        ).to_dict()
        # Found: 0.026 and 0.027 % of the diagonal, 0.99.
        assert figures["accuracy_percent"] < 0.05
        assert figures["completeness_percent"] < 0.05
        assert figures["normal_consistency"] > 0.98

    def test_is_what_the_same_calls_from_python_give(self, fitted, folder):
        points = complete_normals(sdf_siren.read_points(SCAN))
        field = sdf_siren.fit_surface(points, quality="draft", steps=150)
        sdf_siren.write_mesh(sdf_siren.extract_mesh(field, resolution=64), "again.ply")
        assert (folder / "again.ply").read_bytes() == (fitted[0] / "spot.ply").read_bytes()


class TestRunFolder:
    def test_is_complete(self, fitted):
        run = fitted[0] / "spot.ply.run"
        assert {path.name for path in run.iterdir()} == {
            "pipeline.toml",
            "manifest.json",
            "events.jsonl",
            "fit.checkpoint",
            "field.safetensors",
            "preview.png",
        }
        stages = tomllib.loads((run / "pipeline.toml").read_text())["stages"]
        fit = next(stage for stage in stages if stage["use"] == "fit.sdf")
        assert fit == {"use": "fit.sdf", "quality": "draft", "steps": 150, "mend": True}
        manifest = json.loads((run / "manifest.json").read_text())
        assert manifest["status"] == "done"
        assert manifest["measures"]["watertight"]
        events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
        assert events[-1]["kind"] == "run_done"

    def test_preview_is_a_picture_of_something(self, fitted):
        with Image.open(fitted[0] / "spot.ply.run" / "preview.png") as picture:
            pixels = np.asarray(picture)
        assert pixels.shape[2] == 3
        assert (pixels != pixels[0, 0]).any(axis=2).mean() > 0.1

    def test_summary(self, fitted):
        _, out, err = fitted
        assert "spot.ply: " in out
        assert "watertight, 1 component" in out
        assert "fit residual at the scan's points" in out
        assert "Warning" not in err
        assert "Traceback" not in err


class TestMeshAgain:
    @pytest.mark.parametrize("suffix", ["ply", "obj", "stl", "off", "glb"])
    def test_every_format_holds_the_same_surface(self, fitted, folder, suffix):
        field = fitted[0] / "spot.ply.run" / "field.safetensors"
        assert main(["mesh", str(field), "--resolution", "64", "-o", f"out.{suffix}", "--quiet"]) == 0
        found = trimesh.load_mesh(folder / f"out.{suffix}")
        expected = trimesh.load_mesh(fitted[0] / "spot.ply")
        assert found.area == pytest.approx(expected.area, rel=1e-4)
        assert found.volume == pytest.approx(expected.volume, rel=1e-4)
        assert found.is_watertight
        np.testing.assert_allclose(found.bounds, expected.bounds, atol=1e-6)

    def test_finer(self, fitted, folder):
        field = fitted[0] / "spot.ply.run" / "field.safetensors"
        assert main(["mesh", str(field), "--resolution", "96", "-o", "fine.ply", "--quiet"]) == 0
        coarse, fine = sdf_siren.read_mesh(fitted[0] / "spot.ply"), sdf_siren.read_mesh(folder / "fine.ply")
        assert len(fine.faces) == pytest.approx(len(coarse.faces) * (96 / 64) ** 2, rel=0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_resumed_equals_uninterrupted(fitted, folder, how, code):
    words = [SCAN, "-o", "spot.ply", *CHEAP]
    process = start(folder, *words, program=("-c", EAGER))
    run = folder / "spot.ply.run"
    while not (run / "fit.checkpoint").exists():
        assert process.poll() is None, finish(process)
        time.sleep(0.01)
    process.send_signal(how)
    found, _, err = finish(process)
    assert found == code
    assert not (folder / "spot.ply").exists()
    assert not (run / "field.safetensors").exists()
    if how == signal.SIGINT:
        last = "reconstruct: interrupted in fit.sdf; repeat the command with --resume to continue"
        assert err.splitlines()[-1] == last
    found, _, err = finish(start(folder, *words))
    assert found == 2
    assert "use --resume" in err

    found, _, err = finish(start(folder, *words, "--resume"))
    assert found == 0, err
    assert (folder / "spot.ply").read_bytes() == (fitted[0] / "spot.ply").read_bytes()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["resumed"] == 1
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    again = [n for n, event in enumerate(events) if event["stage"] == "read.points"][-1]
    steps = [
        event["done"]
        for event in events[again:]
        if event["kind"] == "progress" and event["stage"] == "fit.sdf" and event["task"] == "fit"
    ]
    assert min(steps) > 50  # it went on and did not start anew


def test_survey_coordinates(folder):
    """The scan far from the origin gives the mesh far from the origin, to the last bit of the fit."""
    cloud = sdf_siren.read_points(SCAN)
    offset = np.array([500_000.0, 4_900_000.0, 300.0])
    # Multiples of 2^-28 stay exact in double precision when they are moved so far.
    points = np.round(cloud.points * 2.0**28) / 2.0**28
    for name, moved in (("near", points), ("far", points + offset)):
        np.save(f"{name}.npy", np.hstack([moved, cloud.normals]))
        words = [
            "--quality",
            "draft",
            "--set",
            "fit.sdf.steps=60",
            "--resolution",
            "48",
            "--no-run",
            "--quiet",
        ]
        assert main([f"{name}.npy", "-o", f"{name}.ply", *words]) == 0
    near, far = sdf_siren.read_mesh("near.ply"), sdf_siren.read_mesh("far.ply")
    np.testing.assert_array_equal(near.faces, far.faces)
    extent = np.ptp(points, axis=0).max()
    np.testing.assert_allclose(far.vertices - offset, near.vertices, rtol=0, atol=1e-6 * extent)


def test_oriented_scans_do_without_open3d(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "open3d", None)  # importing it is an error now
    words = ["--quality", "draft", "--set", "fit.sdf.steps=60", "--resolution", "48"]
    assert main([str(SCAN), "-o", "spot.ply", *words]) == 0
    assert "write.preview: no preview: " in capsys.readouterr().err
    assert topology(sdf_siren.read_mesh("spot.ply")).watertight
    assert not (folder / "spot.ply.run" / "preview.png").exists()


def ply(points, count=None, **columns):
    """The bytes of a binary PLY of float32 columns that claims ``count`` rows."""
    rows = np.column_stack([points, *columns.values()]).astype("<f4")
    names = ["x", "y", "z", *columns]
    head = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(rows) if count is None else count}",
    ]
    return (
        "\n".join([*head, *(f"property float {n}" for n in names), "end_header", ""]).encode()
        + rows.tobytes()
    )


def coplanar():
    points = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    points[:, 2] = 0.25
    return ply(points, nx=np.zeros(500), ny=np.zeros(500), nz=np.ones(500))


BAD_SCANS = {
    "truncated": lambda: SCAN.read_bytes()[:100_000],
    "truncated header": lambda: SCAN.read_bytes()[:60],
    "web page": lambda: b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
    "empty": lambda: b"",
    "count of 4e9": lambda: ply(np.ones((10, 3)), count=4_000_000_000),
    "nothing but NaN": lambda: ply(np.full((100, 3), np.nan)),
    "3 points": lambda: ply(np.eye(3)),
}


def refused(words, code, capsys, folder):
    """Assert that the command fails with ``code``, one line, and nothing written; return the line."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main([str(word) for word in words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("reconstruct: error: ")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path for path in folder.iterdir() if path.suffix == ".run"] == []
    return err


class TestRefusals:
    @pytest.mark.parametrize("case", BAD_SCANS)
    @pytest.mark.parametrize("words", [(), ("--dry-run",), ("--no-run",)])
    def test_scans(self, folder, capsys, case, words):
        (folder / "scan.ply").write_bytes(BAD_SCANS[case]())
        assert "scan.ply" in refused(["scan.ply", "--quiet", *words], 3, capsys, folder)

    @pytest.mark.parametrize("words", [(), ("--dry-run",)])
    def test_a_flat_scan_has_no_closed_surface(self, folder, capsys, words):
        (folder / "scan.ply").write_bytes(coplanar())
        refused(["scan.ply", "--quiet", "--surface", "closed", *words], 3, capsys, folder)

    def test_missing_scan(self, folder, capsys):
        assert "none.ply" in refused(["none.ply", "--quiet"], 3, capsys, folder)

    @pytest.mark.parametrize(
        "output", ["none/out.ply", "folder.ply", "scan.ply", "out.docx", "/proc/out.ply"]
    )
    def test_outputs(self, folder, capsys, output):
        if output.startswith("/proc") and not sys.platform.startswith("linux"):
            pytest.skip("a folder where not even root can write")
        (folder / "folder.ply").mkdir()
        (folder / "scan.ply").write_bytes(SCAN.read_bytes())
        assert output in refused(["scan.ply", "--quiet", "-o", output], 2, capsys, folder)

    def test_read_only_folder(self, folder, capsys):
        (folder / "locked").mkdir(mode=0o500)
        if os.access(folder / "locked", os.W_OK):
            pytest.skip("this user may write everywhere")
        refused([SCAN, "--quiet", "-o", "locked/out.ply"], 2, capsys, folder)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ('[[stages]]\nuse = "fit.sdf"\nstepps = 3', "did you mean steps?"),
            ('[[stages]]\nuse = "fit.sfd"', "did you mean fit.sdf?"),
            ("[[stages", "my.toml"),
        ],
    )
    def test_pipeline_files(self, folder, capsys, text, hint):
        (folder / "my.toml").write_text(text)
        assert hint in refused([SCAN, "--quiet", "--pipeline", "my.toml"], 2, capsys, folder)

    @pytest.mark.parametrize("data", [b"", b"<html>", b"\xff" * 100])
    def test_fields(self, folder, capsys, data):
        (folder / "field.safetensors").write_bytes(data)
        words = ["mesh", "field.safetensors", "-o", "out.ply", "--quiet"]
        assert "field.safetensors" in refused(words, 3, capsys, folder)

    def test_no_traceback_from_the_process(self, folder):
        (folder / "scan.ply").write_bytes(BAD_SCANS["truncated"]())
        code, out, err = finish(start(folder, "scan.ply"))
        assert (code, out) == (3, "")
        assert err.count("\n") == 1
        assert err.startswith("reconstruct: error: scan.ply: ")


def test_ply_of_a_run_is_read_by_others(fitted):
    read = plyfile.PlyData.read(fitted[0] / "spot.ply")
    assert {"x", "y", "z", "nx", "ny", "nz"} == {p.name for p in read["vertex"].properties}
