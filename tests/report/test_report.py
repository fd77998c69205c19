"""A report, read: figures, settings, notes, size, and that names stay names."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shown_runs import ball, make_run, shell
from test_markup import HOSTILE, read

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.report import Surface, read_record, write_report
from sdf_siren.report.packing import unpacked


def write(folder, mesh=None, cloud=None, **chosen):
    write_report(folder / "report.html", read_record(folder, chosen), Surface(mesh or ball(), cloud))
    return (folder / "report.html").read_text("utf-8")


def block(text, name):
    (found,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def rows(text):
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))


def test_figures_in_plain_words(run):
    text = write(run, ball(), shell(500, 1.01), width=128, omega_0=30.0)
    assert "1,280 triangles, not watertight, 2 pieces." in text
    assert "within 0.00123 of the fitted surface, 95 % within 0.0456" in text
    found = rows(text)
    assert found["Edges at a border"] == "7"
    assert "Edges of three or more triangles" not in found
    assert float(found["Scan to mesh, median"]) == pytest.approx(0.012, abs=0.003)
    assert found["Seed"] == "3"
    assert "ab" * 32 in found["SHA-256"]
    assert found["Versions"] == "python 3.12.1, numpy 2.0.0"
    assert found["Normals"] == "from the file, checked"
    plain = re.sub(r"<[^>]+>", " ", text)
    for words in (
        "Without options: write.mesh",
        "dropped 2 rows",
        "width 128",
        "omega_0 30",
        "quality draft",
        "12.5 s",
        "12.8 s",
    ):
        assert words in re.sub(r"\s+", " ", plain), words
    assert text.count("<polyline") == 2  # two losses; the rate is none


def test_geometry_in_the_page(run):
    shown = block(write(run, ball(2), shell(50)), "geometry-a")
    assert unpacked(shown["faces"]).shape == (320, 3)
    assert unpacked(shown["points"]).shape == (50, 3)


def test_a_preview_is_embedded_for_browsers_without_3d(run):
    text = write(run)
    assert text.count('src="data:image/jpeg;base64,') == 1
    (run / "preview.png").write_bytes(b"no picture")
    assert "<img" not in write(run)
    (run / "preview.png").unlink()
    assert "<img" not in write(run)


def test_the_default_limits_are_kept(run):
    full = ball(7)
    text = write(run, full, shell(250_000))
    shown = block(text, "geometry-a")
    assert len(unpacked(shown["faces"])) <= 200_000
    assert len(unpacked(shown["points"])) <= 100_000
    assert "reduced from 327,680 to" in text
    assert "of 250,000 scan points" in text
    assert len(text) < 5_000_000


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1) | st.sampled_from(HOSTILE))
def test_names_stay_names(tmp_path_factory, name):
    folder = make_run(
        tmp_path_factory.mktemp("run") / "mesh.ply",
        notes=(name,),
        output=name,
        input={"path": name, "bytes": 1, "sha256": name},
        measures={"faces": 20, "watertight": True, "components": 1},
        versions={name: name},
        seconds={name: 1.0},
        device=name,
    )
    mesh = ball(0)
    scalars = {name: np.zeros(len(mesh.vertices), np.float32)}
    text = write(folder, Mesh(mesh.vertices, mesh.faces, None, None, scalars), **{name: name})
    harmless = write(
        make_run(tmp_path_factory.mktemp("run") / "mesh.ply", notes=("x",), measures={"faces": 20})
    )
    kinds = {tag for tag, _ in read(harmless).tags}
    found = read(text).tags
    assert {tag for tag, _ in found} <= kinds
    assert not [
        attribute for _, attributes in found for attribute in attributes if attribute.startswith("on")
    ]
    assert sum(tag == "script" for tag, _ in found) == sum(tag == "script" for tag, _ in read(harmless).tags)
    assert list(block(text, "geometry-a")["scalars"]) == [name]


def test_nothing_to_show(run):
    with pytest.raises(EmptySurfaceError):
        write(run, Mesh(np.zeros((3, 3)), np.zeros((0, 3))))
    assert not (run / "report.html").exists()
