"""The README keeps its promises: its code blocks run, in the order in which they stand."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from sdf_siren import errors, meshing
from sdf_siren.batch import local
from sdf_siren.batch.executor import Report
from sdf_siren.batch.perform import perform
from sdf_siren.cli.main import main
from sdf_siren.fitting import cost, scattered_fields, settings, signal_settings
from sdf_siren.meshing import extract
from sdf_siren.open3d_import import _PACKAGES
from sdf_siren.render import preview

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def lines_of(language):
    return [line for kind, text in BLOCKS if kind == language for line in text.splitlines()]


def commands_of(line):
    """The commands of a shell line that chains them with &&, as lists of words, without comments."""
    words = shlex.split(line, comments=True)
    ends = [i for i, word in enumerate(words) if word == "&&"] + [len(words)]
    starts = [0] + [end + 1 for end in ends[:-1]]
    return [words[start:end] for start, end in zip(starts, ends, strict=True)]


COMMANDS = [command for line in lines_of("sh") for command in commands_of(line)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder in which ``data/`` can be reached; fits, meshes and pictures are coarse here."""
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for quality in settings.STEPS:
        monkeypatch.setitem(settings.STEPS, quality, 60)
        monkeypatch.setitem(signal_settings.STEPS, quality, 5)
    monkeypatch.setattr(signal_settings, "MOST_PARAMETERS", 3000)
    monkeypatch.setattr(scattered_fields, "WIDTH_PER_WAVE", 2.0)
    monkeypatch.setattr(cost, "_seconds_per_step", lambda settings, place: 0.5)  # so that --time gives few
    monkeypatch.setattr(
        meshing, "extract", lambda field, resolution, **rest: extract(field, (resolution or 180) // 4, **rest)
    )
    monkeypatch.setattr(preview, "SUPERSAMPLING", 1)
    monkeypatch.setattr(local, "LocalExecutor", Here)  # other processes would know nothing of all this
    return tmp_path


class Here:
    """An executor without processes."""

    manner = "here"

    def __init__(self, *_):
        pass

    def run(self, jobs, listen):
        for job in jobs:
            listen(Report("ended", job, result=perform(job)))


def test_every_block_is_of_a_kind_that_is_tested():
    assert {kind for kind, _ in BLOCKS} == {"sh", "python", "console"}


def test_python_blocks(folder):
    text = "\n".join(text for kind, text in BLOCKS if kind == "python")
    exec(compile(text, "README.md", "exec"), {})
    assert (folder / "hammer.obj").stat().st_size > 100_000


def test_reconstruct_commands(folder, capsys):
    ran = [command for command in COMMANDS if command[0] == "reconstruct"]
    for command in ran:
        assert main(command[1:]) == 0, (command, capsys.readouterr().err)
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "skull_points_100k_mesh.ply",
        "spot.obj",
        "fine.ply",
        "small.glb",
        "timed.obj",
        "compare.html",
        "poisson_solution.npz",
        "inverse_helmholtz_solution.npz",
        "ring.vti",
        "chelsea_image.png",
        "large.png",
        "same.png",
        "guitar_audio.wav",
    }
    assert {path.name for path in (folder / "meshes").glob("*.ply")} == {
        path.name for path in (ROOT / "data" / "scans").glob("*.ply")
    }
    assert len(ran) >= 6


def test_only_known_programs_are_called():
    assert {command[0] for command in COMMANDS} == {"pip", "reconstruct", "pytest"}


def test_pip_is_given_what_exists():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    for command in COMMANDS:
        if command[0] != "pip":
            continue
        assert command[1:3] == ["install", "-c"]
        assert (ROOT / command[3]).is_file()
        (what,) = command[4:]
        match = re.fullmatch(r"\.(?:\[(\w+)\])?", what)
        assert match, what
        assert match[1] is None or setup.has_option("options.extras_require", match[1])


def test_the_line_that_ci_runs_is_the_test_command():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (extraction,) = re.findall(r"^test_command=\$\((.*)\)$", script, re.MULTILINE)
    shown = subprocess.run(["bash", "-c", extraction], cwd=ROOT, capture_output=True, text=True, check=True)
    after = README.split("<!-- test-command -->", 1)[1]
    block = re.search(r"^```sh\n(.*?)^```$", after, re.MULTILINE | re.DOTALL)
    assert block
    assert shown.stdout == block[1]
    assert commands_of(shown.stdout) == [["pip", "install", "-c", "constraints.txt", ".[test]"], ["pytest"]]


def test_links_lead_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", re.findall(r"!\[[^]]+\]\(([^)]+)\)", README))
def test_picture(name):
    assert (ROOT / name).stat().st_size < 400_000
    with Image.open(ROOT / name) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width > 800


def test_names_the_system_libraries_that_open3d_needs():
    (line,) = lines_of("console")
    program, *packages = line.split()[1:]
    assert program == "apt-get"
    # libusb comes with the package libusb-package, and no Python with torch goes without libstdc++.
    assert {"install", *_PACKAGES.values()} - {"libusb-1.0-0", "libstdc++6"} == set(packages)


def test_exit_codes_are_those_of_the_errors():
    rows = re.findall(r"^\| ([\d, ]+) \| .+ \|$", README, re.MULTILINE)
    shown = {int(code) for row in rows for code in row.split(",")}
    raised = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert shown == {0, 143} | raised


def test_the_place_of_the_results():
    assert re.search(r"<!-- results -->\n.*\|\n.*<!-- /results -->", README, re.DOTALL)
