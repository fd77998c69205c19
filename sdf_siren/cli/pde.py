"""``reconstruct pde PROBLEM``: solve a differential equation."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import (
    LIBRARIES,
    machine_options,
    manner_options,
    refuse_contradiction,
    seed_option,
    setting_option,
    use_threads,
)


@click.command(context_settings={"max_content_width": 110, "help_option_names": ["-h", "--help"]})
@click.argument("problem", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
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
@click.option("--check", is_flag=True, help="Solve it by finite differences too, and compare.")
@machine_options
@seed_option
@setting_option
@click.option(
    "--pipeline", type=click.Path(path_type=Path), metavar="FILE", help="Run another pipeline file."
)
@click.option("--dry-run", is_flag=True, help="Read the problem, say what would happen, write nothing.")
@click.option("--resume", is_flag=True, help="Continue the interrupted run of the same output.")
@click.option("--no-run", is_flag=True, help="Keep the run folder only until success.")
@manner_options
def pde(
    problem: Path,
    output: Path | None,
    solver: str | None,
    tolerance: float | None,
    width: int | None,
    resolution: int | None,
    check: bool,
    device: str,
    threads: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    pipeline: Path | None,
    dry_run: bool,
    resume: bool,
    no_run: bool,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Solve the differential equation in PROBLEM, a TOML file (docs/pde.md; examples in data/problems).

    OUT.run holds pictures, the field and what is needed to resume or repeat the run.
    """
    from sdf_siren.cli.running import carry_out
    from sdf_siren.engine.folder import RunFolder, folder_of
    from sdf_siren.engine.pipeline import Override, load, parse_override
    from sdf_siren.engine.shipped import shipped_pipeline
    from sdf_siren.engine.standing import Request
    from sdf_siren.stages import CATALOGUE

    refuse_contradiction(quiet, verbose)
    output = output or Path(f"{problem.stem}_solution.npz")
    shorthands = [
        Override("fit.pde", "solver", solver, "--solver"),
        Override("fit.pde", "tolerance", tolerance, "--tolerance"),
        Override("fit.pde", "width", width, "--width"),
        Override("extract.grid", "resolution", resolution, "--resolution"),
        Override("measure.pde", "classical", check or None, "--check"),
    ]
    overrides = [o for o in shorthands if o.value is not None] + [parse_override(text) for text in settings]
    request = Request(
        pipeline=load(pipeline or shipped_pipeline("pde"), CATALOGUE).with_options(overrides, seed=seed),
        input=problem,
        output=output,
        folder=RunFolder(folder_of(output)),
        keep_folder=not no_run,
        resume=resume,
        force=force,
        device=device,
        threads=threads,
        libraries=LIBRARIES,
    )
    use_threads(threads)
    carry_out(request, dry_run=dry_run, quiet=quiet, verbose=verbose)
