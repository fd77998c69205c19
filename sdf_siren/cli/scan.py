"""``reconstruct SCAN``: from a scan to a mesh."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import output_option, resolution_option, surface_options, version_option
from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options, time_shorthands

OTHER_SECONDS = 8.0
"""Of a run with ``--time``: starting, reading, meshing, writing and the preview; the fit gets the rest."""

_EPILOG = """\b
Subcommands (reconstruct NAME --help; ./NAME means a file of that name):
  mesh       mesh a fitted field again, at another resolution
  evaluate   compare a mesh with a reference
  image      fit an image, from values or derivatives; enlarge it, edit it
  audio      fit a sound
  video      fit a video
  pde        solve a differential equation

\b
Exit codes: 0 done, 1 the job failed, 2 usage, 3 unreadable input, 130 Ctrl-C, 143 SIGTERM.
"""


@click.command(epilog=_EPILOG, context_settings=CONTEXT)
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
@surface_options
@run_options("scan")
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
    surface: str | None,
    support: bool,
    manner: Manner,
) -> None:
    """Turn the point cloud SCAN (PLY, PCD, LAS, E57, PTX, XYZ, NPY, ...) into a triangle mesh.

    The mesh is in the scan's own coordinates. OUT.run holds what is needed to resume, repeat or
    re-mesh the run.
    """
    output = output or Path(f"{scan.stem}_mesh.ply")
    left = None if seconds is None else seconds - OTHER_SECONDS
    shorthands = [
        ("fit.sdf", "quality", quality, "--quality"),
        *time_shorthands("fit.sdf", ("quality", "steps"), left, output, manner),
        ("extract.mesh", "resolution", resolution, "--resolution"),
        ("read.points", "crop", crop, "--crop"),
        ("filter.normals", "mode", normals, "--normals"),
        ("filter.normals", "viewpoint", viewpoint, "--viewpoint"),
        ("filter.normals", "flip", flip_normals or None, "--flip-normals"),
        ("filter.surface", "kind", surface, "--surface"),
        ("measure.support", "write", support or None, "--support"),
    ]
    carry_out("surface", scan, output, shorthands, manner)
