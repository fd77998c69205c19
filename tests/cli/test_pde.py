"""``reconstruct pde PROBLEM`` with its real stages, at loose tolerances and small widths."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdf_siren import load_solution
from sdf_siren.cli.main import main
from sdf_siren.fitting.ladder import Ladder
from sdf_siren.io import read_grid

PROBLEMS = Path(__file__).parents[2] / "data" / "problems"
QUICK = ("--tolerance", "1e-2", "--width", "200", "--resolution", "12")
SHIPPED = ["poisson", "l_shape", "helmholtz", "point_source", "wave_pulse", "disk", "nonlinear"]
RUN_FILES = {
    "pipeline.toml",
    "manifest.json",
    "events.jsonl",
    "fit.checkpoint",
    "field.safetensors",
    "preview.png",
}


@pytest.fixture
def pde(tmp_path, monkeypatch, capsys):
    """``pde(*words)`` gives (exit code, stdout, stderr); runs in ``tmp_path`` with the shipped problems."""
    shutil.copytree(PROBLEMS, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["pde", *(str(word) for word in words)])
        return code, *capsys.readouterr()

    return run


def new_files(tmp_path):
    shipped = {path.name for path in PROBLEMS.iterdir()}
    return {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} - shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_problems(pde, tmp_path, name):
    code, out, err = pde(f"{name}.toml", *QUICK)
    assert code == 0, err
    output = f"{name}_solution.npz"
    assert new_files(tmp_path) == {output, *(f"{output}.run/{file}" for file in RUN_FILES)}
    grid = read_grid(output)
    assert max(grid.shape) == 13
    assert np.isfinite(grid.values["u"]).any()
    assert re.search(r"^solved in \d+\.\d\d s by least_squares: ", out, re.MULTILINE)
    assert ("error against the exact solution" in out) == ("exact" in grid.values)
    with Image.open(f"{output}.run/preview.png") as picture:
        assert picture.width > picture.height
    problem, solution = load_solution(f"{output}.run/field.safetensors")
    where = [np.abs(axis - axis.mean()).argmin() + 1 for axis in grid.axes.values()]
    point = np.array([[axis[k] for axis, k in zip(grid.axes.values(), where, strict=True)]])
    if bool(problem.domain.contains(_tensor(point))):
        assert solution.value(_tensor(point)).item() == pytest.approx(
            grid.values["u"][tuple(where)], rel=1e-9
        )


def _tensor(array):
    import torch

    return torch.from_numpy(array)


def test_what_is_said(pde):
    code, out, err = pde(
        "poisson.toml", *QUICK, "-o", "u.npz", "--check", "--set", "measure.pde.classical_cells=16"
    )
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "u.npz"
    assert lines[1].startswith("solved in ")
    assert re.fullmatch(
        r"residual of the equation \S+ \(right-hand side 9\.\d+\), boundary miss \S+; root mean squares at "
        r"fresh points",
        lines[2],
    )
    (relative,) = re.findall(r"relative L2 (\S+),", lines[3])
    assert float(relative) < 1e-2
    assert re.fullmatch(
        r"finite differences, 32 cells a side, extrapolated: \S+ s, error \S+; differs from ours by \S+",
        lines[4],
    )
    assert lines[5].startswith("read.problem ")
    assert lines[6] == "run folder u.npz.run"
    manifest = json.loads(Path("u.npz.run/manifest.json").read_text())
    assert manifest["measures"]["classical"]["method"] == "finite differences, 32 cells a side, extrapolated"


def test_corners_have_values(pde, tmp_path):
    """Complex, periodic and with data that do not match at the corners."""
    text = 'equation = "helmholtz"\nwavenumber = 2\nsource = "exp(2*pi*i*x)"\n' + SQUARE + BOUNDARY
    (tmp_path / "mine.toml").write_text(text)
    code, out, err = pde("mine.toml", *QUICK, "--check", "--set", "measure.pde.classical_cells=20")
    assert code == 0, err
    assert np.isfinite(read_grid("mine_solution.npz").values["u"]).all()
    assert "differs from ours by" in out
    load_solution("mine_solution.npz.run/field.safetensors")[1].value(_tensor(np.full((9, 2), 0.3)))


@pytest.mark.parametrize(
    ("name", "method"),
    [("disk", r"quadratic finite elements, \S+ unknowns"), ("wave_pulse", "leapfrog, 32 cells")],
)
def test_other_classical_solvers(pde, name, method):
    code, out, err = pde(f"{name}.toml", *QUICK, "--check", "--set", "measure.pde.classical_cells=16")
    assert code == 0, err
    assert re.search(rf"^{method}.*: \S+ s, error \S+; differs from ours by \S+$", out, re.MULTILINE), out


def test_without_a_classical_reference(pde, tmp_path):
    ball = '[domain]\nshape = "ball"\ncentre = [0, 0, 0]\nradius = 1\n'
    (tmp_path / "mine.toml").write_text('equation = "poisson"\nsource = 1\n' + ball + BOUNDARY)
    code, out, err = pde("mine.toml", *QUICK, "--check")
    assert code == 0
    assert "no classical reference: finite elements here are for two dimensions" in err
    assert "differs" not in out


def test_where_the_solution_is_zero(pde, tmp_path):
    interval = '[domain]\nshape = "interval"\nlow = 0\nhigh = 1\n'
    (tmp_path / "zero.toml").write_text('equation = "poisson"\nexact = "0"\n' + interval + BOUNDARY)
    code, out, err = pde("zero.toml", *QUICK)
    assert code == 0, err
    assert "error against the exact solution: largest " in out


@pytest.mark.parametrize("suffix", ["vti", "png"])
def test_formats(pde, suffix):
    assert pde("poisson.toml", *QUICK, "--quiet", "-o", f"u.{suffix}") == (0, "", "")
    assert Path(f"u.{suffix}").read_bytes()[:5] == {"vti": b"<?xml", "png": b"\x89PNG\r"}[suffix]


def test_options_reach_their_stages(pde):
    words = ("--solver", "least_squares", "--seed", "7", "--set", "write.plots.x=1")
    code, _, err = pde("poisson.toml", *QUICK, *words)
    assert code == 2
    assert "write.plots has no option 'x'" in err
    assert pde("poisson.toml", *QUICK, *words[:4], "--quiet")[0] == 0
    recorded = tomllib.loads(Path("poisson_solution.npz.run/pipeline.toml").read_text())
    assert recorded["seed"] == 7
    options = {stage["use"]: stage for stage in recorded["stages"]}
    assert options["fit.pde"] == {
        "use": "fit.pde",
        "solver": "least_squares",
        "tolerance": 0.01,
        "width": 200,
    }
    assert options["extract.grid"]["resolution"] == 12


def test_dry_run(pde, tmp_path):
    code, out, _ = pde("point_source.toml", "--dry-run")
    assert code == 0
    assert new_files(tmp_path) == set()
    assert "A point source in an absorbing layer" in out
    assert "helmholtz, 2 coordinates, solution unknown" in out
    assert "160 x 160 cells" in out
    assert out.splitlines()[-1].endswith("nothing was written")


def test_resume(pde, monkeypatch):
    tries = []
    solve = Ladder._solve

    def counted(self, candidate):
        tries.append(candidate)
        if len(tries) == 5:
            raise KeyboardInterrupt
        return solve(self, candidate)

    monkeypatch.setattr(Ladder, "_solve", counted)
    words = ("l_shape.toml", *QUICK)
    code, _, err = pde(*words)
    assert code == 130
    assert "--resume" in err
    assert pde(*words)[0] == 2
    tries += [None] * 5  # past the interruption
    again = len(tries)
    code, _, err = pde(*words, "--resume")
    assert code == 0, err
    resumed = read_grid("l_shape_solution.npz").values["u"]
    assert not set(tries[:4]) & set(tries[again:-1])  # the last one may be solved again, for its solution
    assert pde(*words, "--force", "--quiet")[0] == 0
    assert np.array_equal(resumed, read_grid("l_shape_solution.npz").values["u"], equal_nan=True)
    code, out, _ = pde(*words, "--resume")
    assert code == 0
    assert "finished before" in out


BOUNDARY = '[[conditions]]\non = "boundary"\nkind = "dirichlet"\n'
SQUARE = '[domain]\nshape = "box"\nlow = [0, 0]\nhigh = [1, 1]\n'
HOLE = (
    '[domain]\nshape = "difference"\n[[domain.of]]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
    '[[domain.of]]\nshape = "box"\nlow = [-2, -2]\nhigh = [2, 2]\n'
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("equation = poisson", "expected TOML"),
        ('equation = "poisson"\nsource = "sin(q)"\n' + SQUARE + BOUNDARY, "unknown name 'q'"),
        ('equation = "poisson"\nsource = 1\n' + SQUARE, "under-determined"),
        ('equation = "poisson"\nsource = 1\n' + SQUARE + BOUNDARY + BOUNDARY, "over-determined"),
        ('equation = "poisson"\nsource = 1\n' + HOLE + BOUNDARY, "empty"),
        ('equation = "heat"\n' + SQUARE + BOUNDARY, "equation"),
    ],
)
def test_faults_of_the_file(pde, tmp_path, text, words):
    (tmp_path / "mine.toml").write_text(text)
    code, out, err = pde("mine.toml")
    assert code == 3
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("reconstruct: error: mine.toml: ")
    assert words in err
    assert new_files(tmp_path) == {"mine.toml"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nothing.toml",), 3, "nothing.toml: cannot be read"),
        (("poisson.toml", "-o", "u.txt"), 2, ".npz, .vti or .png"),
        (("poisson.toml", "-o", "missing/u.npz"), 2, "does not exist"),
        (("poisson.toml", "--solver", "magic"), 2, "auto or least_squares"),
        (("poisson.toml", "--tolerance", "-1"), 2, "fit.pde.tolerance"),
        (("poisson.toml", "--resolution", "50000", "--quiet"), 2, "lower extract.grid.resolution"),
        (("poisson.toml", "--device", "cuda"), 2, "solved on the CPU"),
        (("poisson.toml", "--quiet", "--verbose"), 2, "contradict"),
        ((), 2, "PROBLEM"),
    ],
)
def test_faults_of_the_command(pde, tmp_path, words, code, message):
    found, out, err = pde(*words)
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
    assert new_files(tmp_path) == set()


def test_vti_takes_no_more_than_three_coordinates(pde, tmp_path):
    corners = '[domain]\nshape = "box"\nlow = [0, 0, 0, 0]\nhigh = [1, 1, 1, 1]\n'
    (tmp_path / "four.toml").write_text('equation = "poisson"\nsource = "x4"\n' + corners + BOUNDARY)
    code, _, err = pde("four.toml", "-o", "u.vti")
    assert code == 2
    assert "VTK has no grids of 4 coordinates" in err
    assert new_files(tmp_path) == {"four.toml"}
