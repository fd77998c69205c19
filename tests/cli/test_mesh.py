"""``reconstruct mesh FIELD``."""

from __future__ import annotations

import json


def test_meshes_again(reconstruct, files, tmp_path):
    reconstruct("scan.ply", "--quiet")
    before = files()
    code, out, _ = reconstruct(
        "mesh", "scan_mesh.ply.run/field.safetensors", "--resolution", "512", "-o", "fine.obj"
    )
    assert code == 0
    assert files() - before == {"fine.obj"}
    field, resolution = json.loads((tmp_path / "fine.obj").read_text())
    assert resolution == 512
    assert field == json.loads((tmp_path / "scan_mesh.ply").read_text())[0]
    assert out.splitlines()[0] == "fine.obj: 12,345 faces, watertight, 1 component"
    assert "residual" not in out


def test_what_is_done_to_the_mesh_on_request(reconstruct, tmp_path):
    (tmp_path / "field.safetensors").write_text("[]")
    words = ("--components", "1", "--fill-holes", "--smooth", "2", "--simplify", "100", "--resolution", "64")
    code, _, err = reconstruct("mesh", "field.safetensors", *words, "--set", "filter.mesh.faces=50")
    assert code == 0, err
    code, _, err = reconstruct("mesh", "field.safetensors", "-o", "b.ply", "--simplify", "3")
    assert code == 2
    assert "--simplify" in err


def test_surface_and_support(reconstruct, tmp_path):
    reconstruct("scan.ply", "--quiet")
    field = "scan_mesh.ply.run/field.safetensors"
    code, out, _ = reconstruct("mesh", field, "--surface", "open", "--support", "-o", "open.ply")
    assert code == 0
    assert json.loads((tmp_path / "open.ply").read_text())[-1] == "support"
    assert "3.1 % of the surface is filled in" in out  # this mesh is watertight all the same
    assert reconstruct("mesh", field, "--surface", "ajar", "-o", "ajar.ply")[0] == 2


def test_default_output_and_force(reconstruct, tmp_path):
    (tmp_path / "field.safetensors").write_text("[]")
    assert reconstruct("mesh", "field.safetensors")[0] == 0
    assert (tmp_path / "field_mesh.ply").exists()
    code, _, err = reconstruct("mesh", "field.safetensors")
    assert code == 2
    assert "exists already; use --force" in err
    assert reconstruct("mesh", "field.safetensors", "--force", "--quiet") == (0, "", "")


def test_refused(reconstruct, tmp_path, files):
    (tmp_path / "field.ply").write_text("[]")
    before = files()
    for words, code in (
        (["field.ply", "-o", "field.ply", "--force"], 2),
        (["field.ply", "--resolution", "0"], 2),
        (["none.safetensors"], 3),
        (["field.ply", "--set", "fit.sdf.steps=2"], 2),
    ):
        assert reconstruct("mesh", *words)[0] == code
    assert files() == before
