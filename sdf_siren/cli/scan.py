"""``reconstruct SCAN``: from a scan to a mesh."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.batch.discovery import means_many
from sdf_siren.cli.batch import Many, batch_options, carry_out_batch
from sdf_siren.cli.finish import Finish, finish_options
from sdf_siren.cli.options import PATH, output_option, resolution_option, surface_options, version_option
from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options

LEAST_SECONDS = 8.0
"""Of ``--time``: no scan is done sooner, and most take longer; the fit says how much."""

_EPILOG = """\b
Subcommands (reconstruct NAME --help; ./NAME means a file of that name):
  mesh       mesh a fitted field again, at another resolution
  evaluate   compare a mesh with a reference
  report     write the page of a finished run
  compare    put two runs side by side
  image      fit an image, from values or derivatives; enlarge it, edit it
  view       show a fitted image again, at another size or in part
  audio      fit a sound
  video      fit a video
  pde        solve a differential equation

\b
Exit codes: 0 done, 1 the job failed, 2 usage, 3 unreadable input, 130 Ctrl-C, 143 SIGTERM.
"""


@click.command(epilog=_EPILOG, context_settings=CONTEXT)
@click.argument("scans", nargs=-1, required=True, metavar="SCAN...", type=PATH)
@output_option
@click.option(
    "--quality", metavar="draft|standard|high", help="Effort of the fit; also paper.  [default: standard]"
)
@click.option(
    "--detail",
    type=float,
    metavar="X",
    help="2 keeps detail half as large, and more noise; 0.5 is smoother.  [default: 1]",
)
@click.option(
    "--time",
    "seconds",
    type=click.FloatRange(min=LEAST_SECONDS),
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
    "--max-points",
    type=int,
    metavar="N",
    help="Draw N points at random from a larger scan.  [default: 5000000]",
)
@click.option("--keep-outliers", is_flag=True, help="Keep points that float away from the surface.")
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
@finish_options
@click.option("--no-colours", is_flag=True, help="Leave the scan's colours out of the mesh.")
@click.option("--intensity", is_flag=True, help="Give the mesh the scan's intensity (PLY and GLB hold it).")
@click.option(
    "--report/--no-report",
    default=None,
    help="Write OUT.run/report.html, a page with a 3-D view of mesh, scan and error.  "
    "[default: of several, yes]",
)
@batch_options
@run_options("scan")
@version_option
def scan(
    scans: tuple[Path, ...],
    output: Path | None,
    quality: str | None,
    detail: float | None,
    seconds: float | None,
    resolution: int | None,
    crop: tuple[float, ...] | None,
    max_points: int | None,
    keep_outliers: bool,
    normals: str | None,
    viewpoint: tuple[float, ...] | None,
    flip_normals: bool,
    surface: str | None,
    support: bool,
    no_colours: bool,
    intensity: bool,
    finish: Finish,
    report: bool | None,
    many: Many,
    manner: Manner,
) -> int:
    """Turn the point cloud SCAN (PLY, PCD, LAS, E57, PTX, XYZ, NPY, ...) into a triangle mesh.

    The mesh is in the scan's own coordinates. OUT.run holds what is needed to resume, repeat or
    re-mesh the run.

    A folder, several files or a quoted pattern are a batch: -o is then a folder for the meshes, and whatever
    befalls one scan does not concern the others (docs/batch.md).
    """
    shorthands = [
        ("fit.sdf", "quality", quality, "--quality"),
        ("fit.sdf", "run_seconds", seconds, "--time"),
        ("fit.sdf", "detail", detail, "--detail"),
        ("extract.mesh", "resolution", resolution, "--resolution"),
        ("read.points", "crop", crop, "--crop"),
        ("read.points", "max_points", max_points, "--max-points"),
        ("filter.outliers", "keep", keep_outliers or None, "--keep-outliers"),
        ("filter.normals", "mode", normals, "--normals"),
        ("filter.normals", "viewpoint", viewpoint, "--viewpoint"),
        ("filter.normals", "flip", flip_normals or None, "--flip-normals"),
        ("filter.surface", "kind", surface, "--surface"),
        ("measure.support", "write", support or None, "--support"),
        *finish.shorthands(),
        ("filter.colours", "colours", False if no_colours else None, "--no-colours"),
        ("filter.colours", "intensity", intensity or None, "--intensity"),
        ("write.report", "wanted", report, "--report"),
    ]
    if means_many(scans):
        return carry_out_batch("scan", scans, output, shorthands, many, manner)
    many.refuse()
    carry_out("surface", scans[0], output or Path(f"{scans[0].stem}_mesh.ply"), shorthands, manner)
    return 0
