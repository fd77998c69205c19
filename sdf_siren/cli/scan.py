"""``reconstruct SCAN``: from a scan to a mesh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdf_siren.cli.options import (
    LIBRARIES,
    machine_options,
    manner_options,
    output_option,
    refuse_contradiction,
    resolution_option,
    seed_option,
    setting_option,
    use_threads,
    version_option,
)

if TYPE_CHECKING:
    from sdf_siren.engine.folder import RunFolder
    from sdf_siren.engine.pipeline import Override

OTHER_SECONDS = 8.0
"""Of a run with ``--time``: starting, reading, meshing, writing and the preview; the fit gets the rest."""

_EPILOG = """\b
Subcommands (reconstruct NAME --help; ./NAME means a file of that name):
  mesh       mesh a fitted field again, at another resolution
  evaluate   compare a mesh with a reference
  pde        solve a differential equation

\b
Exit codes: 0 done, 1 the job failed, 2 usage, 3 unreadable input, 130 Ctrl-C, 143 SIGTERM.
"""


@click.command(
    epilog=_EPILOG, context_settings={"max_content_width": 110, "help_option_names": ["-h", "--help"]}
)
@click.argument("scan", type=click.Path(path_type=Path))
@output_option
@click.option(
    "--quality", metavar="draft|standard|high", help="Effort of the fit; also paper.  [default: standard]"
)
@click.option(
    "--time",
    "seconds",
    type=click.FloatRange(min=OTHER_SECONDS + 1),
    metavar="SECONDS",
    help="About how long the whole run may take; sets quality and steps.",
)
@resolution_option
@click.option(
    "--crop",
    type=float,
    nargs=6,
    metavar="XMIN YMIN ZMIN XMAX YMAX ZMAX",
    help="Use only the points in a box.",
)
@click.option(
    "--normals",
    metavar="auto|keep|estimate",
    help="Believe the scan's normals, ignore them, or check them and mend what is wrong.  [default: auto]",
)
@click.option(
    "--viewpoint",
    type=float,
    nargs=3,
    metavar="X Y Z",
    help="Where the scan was seen from; normals point there.",
)
@click.option("--flip-normals", is_flag=True, help="Turn all normals.")
@machine_options
@seed_option
@setting_option
@click.option(
    "--pipeline", type=click.Path(path_type=Path), metavar="FILE", help="Run another pipeline file."
)
@click.option("--dry-run", is_flag=True, help="Read the scan, say what would happen, write nothing.")
@click.option("--resume", is_flag=True, help="Continue the interrupted run of the same output.")
@click.option("--no-run", is_flag=True, help="Keep the run folder only until success.")
@manner_options
@version_option
def scan(
    scan: Path,
    output: Path | None,
    quality: str | None,
    seconds: float | None,
    resolution: int | None,
    crop: tuple[float, ...] | None,
    normals: str | None,
    viewpoint: tuple[float, ...] | None,
    flip_normals: bool,
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
    """Turn the point cloud SCAN (PLY, XYZ, PTS, CSV, NPY, NPZ) into a triangle mesh.

    The mesh is in the scan's own coordinates. OUT.run holds what is needed to resume, repeat or
    re-mesh the run.
    """
    from sdf_siren.cli.running import carry_out
    from sdf_siren.engine.folder import RunFolder, folder_of
    from sdf_siren.engine.pipeline import Override, load, parse_override
    from sdf_siren.engine.shipped import shipped_pipeline
    from sdf_siren.engine.standing import Request
    from sdf_siren.stages import CATALOGUE

    refuse_contradiction(quiet, verbose)
    output = output or Path(f"{scan.stem}_mesh.ply")
    shorthands = [
        Override("fit.sdf", "quality", quality, "--quality"),
        *_time_overrides(seconds, RunFolder(folder_of(output)) if resume else None),
        Override("extract.mesh", "resolution", resolution, "--resolution"),
        Override("read.points", "crop", crop, "--crop"),
        Override("filter.normals", "mode", normals, "--normals"),
        Override("filter.normals", "viewpoint", viewpoint, "--viewpoint"),
        Override("filter.normals", "flip", flip_normals or None, "--flip-normals"),
    ]
    overrides = [o for o in shorthands if o.value is not None] + [parse_override(text) for text in settings]
    request = Request(
        pipeline=load(pipeline or shipped_pipeline("surface"), CATALOGUE).with_options(overrides, seed=seed),
        input=scan,
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


def _time_overrides(seconds: float | None, resumed: RunFolder | None) -> list[Override]:
    """What ``--time`` asks of the fit: the time that remains for it, or what was decided in a run that is to
    be resumed, for measuring again would give another answer."""
    from sdf_siren.engine.folder import PIPELINE
    from sdf_siren.engine.pipeline import Override, parse
    from sdf_siren.stages import CATALOGUE

    if seconds is None:
        return []
    found = resumed.read() if resumed is not None else None
    if found is None:
        return [Override("fit.sdf", "seconds", seconds - OTHER_SECONDS, "--time")]
    decided = parse(found[1], CATALOGUE, PIPELINE).options().get("fit.sdf", {})
    return [Override("fit.sdf", name, decided.get(name), "--time") for name in ("quality", "steps")]
