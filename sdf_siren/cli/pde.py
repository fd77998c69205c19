"""``reconstruct pde PROBLEM``: solve a differential equation."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options


@click.command(context_settings=CONTEXT)
@click.argument("problem", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="OUT.(npz|vti|png)",
    help="The grid to write, or its picture; the suffix is the format.  [default: <name>_solution.npz here]",
)
@click.option(
    "--solver",
    metavar="auto|least_squares|levenberg_marquardt|training",
    help="How to solve it.  [default: auto]",
)
@click.option(
    "--tolerance",
    type=float,
    metavar="X",
    help="Stop at this residual on fresh points, relative to the solution.  [default: 1e-10]",
)
@click.option("--width", type=int, metavar="N", help="Units of the widest network to try.")
@click.option(
    "--resolution",
    type=int,
    metavar="N",
    help="Cells of the grid along the longest side.  [default: 1000 in 1-D, 160 in 2-D, 40 in 3-D]",
)
@click.option("--check", is_flag=True, help="Solve it by a classical method too, and compare.")
@run_options("problem")
def pde(
    problem: Path,
    output: Path | None,
    solver: str | None,
    tolerance: float | None,
    width: int | None,
    resolution: int | None,
    check: bool,
    manner: Manner,
) -> None:
    """Solve the differential equation in PROBLEM, a TOML file (docs/pde.md; examples in data/problems).

    OUT.run holds pictures, the field and what is needed to resume or repeat the run.
    """
    from sdf_siren.io.survey_file import poses_inverse

    if poses_inverse(problem):
        shipped, extract = "inverse-helmholtz", "extract.slowness"
    else:
        shipped, extract = "pde", "extract.grid"
    shorthands = [
        ("fit.pde", "solver", solver, "--solver"),
        ("fit.pde", "tolerance", tolerance, "--tolerance"),
        ("fit.pde", "width", width, "--width"),
        (extract, "resolution", resolution, "--resolution"),
        ("measure.pde", "classical", check or None, "--check"),
    ]
    carry_out(shipped, problem, output or Path(f"{problem.stem}_solution.npz"), shorthands, manner)
