"""One name all the way through, and a reference that is current."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from sdf_siren.engine.options import expected, fields_of
from sdf_siren.engine.pipeline import load, parse
from sdf_siren.engine.shipped import shipped_pipeline
from sdf_siren.engine.stage import Stage
from sdf_siren.stages import CATALOGUE
from sdf_siren.stages.__main__ import reference

ROOT = Path(__file__).parents[2]
IMAGES = ["image", "image-gradient", "image-laplacian", "image-compare", "poisson-edit", "audio", "video"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_one_name(name):
    stage = CATALOGUE[name]
    assert issubclass(stage, Stage)
    assert stage.name == name
    assert stage.__module__ == f"sdf_siren.stages.{name.replace('.', '_')}"
    assert stage.__name__ == "".join(part.title() for part in name.split("."))
    assert (ROOT / "tests" / "stages" / f"test_{name.replace('.', '_')}.py").is_file()
    lines = Path(sys.modules[stage.__module__].__file__).read_text().splitlines()
    assert len(lines) - len(dataclasses.fields(stage)) <= 60, "a stage is options and one call"


@pytest.mark.parametrize("name", CATALOGUE)
def test_options_are_described(name):
    stage = CATALOGUE[name]
    stage()  # every option has a default
    for option, field in fields_of(stage).items():
        assert field.metadata["doc"].endswith(".")
        assert expected(stage, option)


def test_every_module_is_listed():
    modules = {path.stem for path in (ROOT / "sdf_siren" / "stages").glob("[a-z]*.py")}
    assert modules == {name.replace(".", "_") for name in CATALOGUE}


def test_unknown():
    assert "fit.nothing" not in CATALOGUE
    with pytest.raises(KeyError):
        CATALOGUE["os.path"]


def test_reference_is_current():
    assert (ROOT / "docs" / "stages.md").read_text() == reference(), (
        "run: python -m sdf_siren.stages > docs/stages.md"
    )


@pytest.mark.parametrize("name", ["surface", "field", "pde", "inverse-helmholtz", *IMAGES])
def test_shipped_pipelines_resolve(name):
    pipeline = load(shipped_pipeline(name), CATALOGUE)
    assert parse(pipeline.to_toml(), CATALOGUE).stages == pipeline.stages


def test_readme_of_the_pipelines_says_where_the_code_is():
    first = (ROOT / "pipelines" / "README.md").read_text().splitlines()[0]
    assert "declarations" in first
    assert "sdf_siren/stages/" in first


def test_listing_loads_nothing_heavy():
    code = """
import sys
from sdf_siren.stages.__main__ import reference
reference()
heavy = {"torch", "open3d", "scipy", "numpy", "skimage", "trimesh", "plyfile", "rich"} & sys.modules.keys()
sys.exit(f"loaded {heavy}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_pipeline_is_in_their_readme():
    text = (ROOT / "pipelines" / "README.md").read_text()
    for path in (ROOT / "pipelines").glob("*.toml"):
        assert f"`{path.name}`" in text
