"""The program finds its pipelines as a wheel, as an editable install and as a plain checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["sdf_siren", "pipelines", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"]
ABOUT = """
import json, sdf_siren
from sdf_siren.engine.shipped import shipped_pipeline
from sdf_siren.engine.pipeline import load
from sdf_siren.stages import CATALOGUE
pipelines = {name: str(shipped_pipeline(name)) for name in ("surface", "field")}
for path in pipelines.values():
    load(path, CATALOGUE)
print(json.dumps({"package": sdf_siren.__file__, "pipelines": pipelines}))
"""


def call(*words, cwd, path=None):
    """The output of a command; no index is asked for packages, and only ``path`` is importable besides."""
    outside = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_CONSTRAINT")
    }
    environment = {
        **outside,
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*words, cwd, python=sys.executable):
    return call(python, "-m", "pip", *words, "--quiet", "--no-deps", "--no-build-isolation", cwd=cwd)


def check(cwd, expected_package, expected_pipelines, *, python=sys.executable, command=None, path=None):
    """From the folder ``cwd``: which package is imported, where its pipelines are, and that it runs."""
    about = json.loads(call(python, "-c", ABOUT, cwd=cwd, path=path))
    assert Path(about["package"]).parent == expected_package
    assert {name: Path(found) for name, found in about["pipelines"].items()} == {
        name: expected_pipelines / f"{name}.toml" for name in ("surface", "field")
    }
    shown = call(*(command or [python, "-m", "sdf_siren"]), "--help", cwd=cwd, path=path)
    assert shown.startswith("Usage: reconstruct ")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what is packaged; building in the checkout would leave files there."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for name in ("data", "tests", "benchmarks", "docs"):
        (folder / name).mkdir()
        (folder / name / "not_installed.py").touch()
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--wheel-dir", folder, source, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


class TestWheel:
    def test_holds_every_module_and_pipeline_and_nothing_else(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            names = {name for name in archive.namelist() if ".dist-info/" not in name}
        modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "sdf_siren").rglob("*.py")}
        pipelines = {f"sdf_siren/pipelines/{p.name}" for p in (ROOT / "pipelines").glob("*.toml")}
        report = ROOT / "sdf_siren" / "report"
        pages = {
            p.relative_to(ROOT).as_posix()
            for name in ("assets", "library")
            for p in (report / name).iterdir()
        }
        assert names == modules | pipelines | pages | {"sdf_siren/py.typed"}

    def test_metadata(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            (metadata,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            text = archive.read(metadata).decode()
            for licence in ("LICENSE", "sdf_siren/report/library/LICENSE"):
                assert any(name.endswith(f"licenses/{licence}") for name in archive.namelist())
        head, description = text.split("\n\n", 1)
        assert "License-Expression: MIT" in head.splitlines()
        assert "Requires-Python: <3.15,>=3.11" in head.splitlines()
        assert description.strip() == (ROOT / "README.md").read_text("utf-8").strip()
        needed = set(re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", head, re.MULTILINE))
        assert needed == {
            *("click", "fast-simplification", "libigl", "libusb-package", "numpy", "open3d", "pillow"),
            *("plyfile", "psutil", "rich", "safetensors", "scikit-image", "scipy", "tifffile", "torch"),
            "trimesh",
        }

    def test_installed(self, wheel, tmp_path):
        site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
        elsewhere.mkdir()
        pip("install", "--target", site, wheel, cwd=elsewhere)
        check(elsewhere, site / "sdf_siren", site / "sdf_siren" / "pipelines", path=site)


def test_version_is_written_twice_and_the_same():
    import sdf_siren

    assert f"\nversion = {sdf_siren.__version__}\n" in (ROOT / "setup.cfg").read_text()
    assert f"\n## {sdf_siren.__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_checkout(source, tmp_path):
    check(tmp_path, source / "sdf_siren", source / "pipelines", path=source)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_editable(source, tmp_path):
    environment = tmp_path / "venv"
    # Without pip of its own, which takes most of the time; the outer one installs into it.
    call(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    # The dependencies and build tools of the environment that this test runs in, without the program itself.
    outer = tmp_path / "outer"
    outer.mkdir()
    for entry in (e for p in sys.path if p.endswith("site-packages") for e in Path(p).iterdir()):
        if "sdf_siren" not in entry.name and not (outer / entry.name).exists():
            (outer / entry.name).symlink_to(entry)
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(call(python, "-c", find, cwd=tmp_path).strip())
    (site / "outer.pth").write_text(str(outer))
    pip("install", "--editable", source, cwd=tmp_path, python=python)
    check(
        tmp_path,
        source / "sdf_siren",
        source / "pipelines",
        python=python,
        command=[environment / "bin" / "reconstruct"],
    )
