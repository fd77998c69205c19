"""``reconstruct evaluate``: tables, JSON, kinds of references, and errors with their exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from sdf_siren.cli.main import main


@pytest.fixture
def files(tmp_path: Path) -> Path:
    box = trimesh.creation.box((2, 2, 2))
    box.export(tmp_path / "box.obj")
    box.export(tmp_path / "box.stl")
    trimesh.creation.box((2.2, 2.2, 2.2)).export(tmp_path / "larger.ply")
    trimesh.PointCloud(box.sample(500, seed=0)).export(tmp_path / "scan.ply")
    np.savetxt(tmp_path / "scan.xyz", box.sample(500, seed=0))
    rows = "".join(f" v {x} {y} {z}\n" for x, y, z in box.sample(500, seed=0))
    (tmp_path / "scan.obj").write_text(rows)
    (tmp_path / "scan.off").write_text("OFF\n500 0 0\n" + rows.replace("v", ""))
    scan = trimesh.Scene(trimesh.PointCloud(box.sample(500, seed=0)))
    scan.export(tmp_path / "scan.glb")
    return tmp_path


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["evaluate", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_against_a_mesh(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(
        capsys, str(files / "larger.ply"), "--reference", str(files / "box.obj"), "--samples", "5000"
    )
    assert list(found) == ["mesh", "reference", "reference_kind", "samples", "seed", "surface", "topology"]
    assert (found["reference_kind"], found["samples"], found["seed"]) == ("mesh", 5000, 0)
    assert found["surface"]["completeness"] == pytest.approx(0.1, rel=1e-6)
    assert 0.1 < found["surface"]["accuracy"] < 0.11
    assert found["surface"]["hausdorff"] == pytest.approx(0.1 * np.sqrt(3), rel=1e-6)
    assert found["surface"]["completeness_percent"] == pytest.approx(10 / np.sqrt(12), rel=1e-6)
    assert found["surface"]["normal_consistency"] > 0.9
    assert found["topology"]["volume"] == pytest.approx(2.2**3, rel=1e-6)
    assert found["topology"]["watertight"] is True


@pytest.mark.parametrize("scan", ["scan.ply", "scan.xyz", "scan.obj", "scan.off", "scan.glb"])
def test_a_file_without_faces_is_a_scan(files: Path, scan: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, str(files / "larger.ply"), "--reference", str(files / scan))
    assert found["reference_kind"] == "scan"
    assert found["surface"]["completeness"] == pytest.approx(0.1, rel=1e-5)
    assert found["surface"]["accuracy"] is None


def test_formats_that_repeat_vertices_are_closed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, str(files / "box.stl"), "--reference", str(files / "box.obj"), "--samples", "100")
    assert found["topology"]["watertight"] is True
    assert found["topology"]["components"] == 1


def test_the_table(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(files / "larger.ply"), "--reference", str(files / "box.obj")]) == 0
    rows = dict(
        line[2:].split("  ", 1) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")
    )
    assert rows["completeness"].split() == ["0.1", "2.8868", "mean,", "reference", "to", "mesh"]
    assert rows["watertight"].split() == ["yes"]
    assert rows["volume"].split() == ["10.648"]
    assert "F-score 0.5 %" in rows


def test_the_table_against_a_scan_leaves_out_what_is_not_known(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(files / "larger.ply"), "--reference", str(files / "scan.ply")]) == 0
    out = capsys.readouterr().out
    assert "completeness" in out
    assert "accuracy" not in out
    assert "None" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.ply", "--reference", "box.obj"], 3, "missing.ply"),
        (["box.obj", "--reference", "missing.ply"], 3, "missing.ply"),
        (["scan.ply", "--reference", "box.obj"], 3, "expected a mesh"),
        (["box.obj", "--reference", "page.ply"], 3, "page.ply"),
        (["box.obj"], 2, "--reference"),
        (["box.obj", "--reference", "box.obj", "--samples", "0"], 2, "samples"),
        (["box.obj", "--reference", "box.obj", "--seed", "-1"], 2, "seed"),
    ],
)
def test_errors_are_one_line(
    files: Path,
    arguments: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(files)
    (files / "page.ply").write_text("<!DOCTYPE html><html></html>")
    assert main(["evaluate", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert said in captured.err
