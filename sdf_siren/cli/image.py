"""``reconstruct image IMAGE``: a field of an image, from its values or derivatives; resized, edited."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.batch.discovery import means_many
from sdf_siren.cli.batch import Many, batch_options, carry_out_batch
from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options
from sdf_siren.cli.signal_options import Effort, fit_options, view_options, view_shorthands


@click.command(context_settings=CONTEXT)
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="OUT.(png|jpg|tif|npy)",
    help="The fit, to write; its suffix is the format.  [default: <name>_image.png in this folder]",
)
@fit_options
@click.option(
    "--smooth", is_flag=True, help="Do not invent between the pixels, at the price of the fit at them."
)
@view_options
@click.option(
    "--from",
    "told",
    type=click.Choice(["values", "gradient", "laplacian"]),
    metavar="values|gradient|laplacian",
    help="What of the image the fit is told.  [default: values]",
)
@click.option("--paste", metavar="SOURCE", help="Clone a picture into the image; needs --mask.")
@click.option("--mask", metavar="MASK", help="What of SOURCE is cloned: a picture of its size, bright there.")
@click.option(
    "--offset", type=int, nargs=2, metavar="X Y", help="Where SOURCE's first pixel goes.  [default: 0 0]"
)
@click.option("--guidance", metavar="source|mixed", help="Whose differences.  [default: source]")
@click.option("--mix", metavar="OTHER", help="Mix with a picture of the same size, by differences.")
@click.option(
    "--compare",
    is_flag=True,
    help="Then fit ReLU, tanh, positional encoding and SIREN alike, 15 s each (or --time each), and draw "
    "them as OUT_comparison.png.",
)
@batch_options
@run_options("image")
def image(
    images: tuple[Path, ...],
    output: Path | None,
    effort: Effort,
    smooth: bool,
    size: str | None,
    region: tuple[float, ...] | None,
    export: str | None,
    told: str | None,
    paste: str | None,
    mask: str | None,
    offset: tuple[int, int] | None,
    guidance: str | None,
    mix: str | None,
    compare: bool,
    many: Many,
    manner: Manner,
) -> int:
    """Fit a SIREN to IMAGE (PNG, JPEG, TIFF, NPY) and write what it says at the pixels or elsewhere.

    OUT.run holds a preview, the field and what is needed to resume or repeat the run (docs/images.md).
    A folder, several files or a quoted pattern are a batch, and -o is a folder (docs/batch.md).
    """
    edit = [
        ("edit.image", "source", paste, "--paste"),
        ("edit.image", "mask", mask, "--mask"),
        ("edit.image", "offset", offset, "--offset"),
        ("edit.image", "guidance", guidance, "--guidance"),
        ("edit.image", "mix", mix, "--mix"),
    ]
    words = [word for _, _, value, word in edit if value is not None]
    shorthands = [
        *effort.shorthands(),
        ("fit.image", "smooth", smooth or None, "--smooth"),
        *view_shorthands(size, region, export),
        *edit,
    ]
    if compare:
        shorthands += [
            ("write.comparison", "seconds", effort.left, "--time"),
            ("write.comparison", "quality", effort.quality, "--quality"),
            ("write.comparison", "parameters", effort.parameters, "--parameters"),
        ]
    shipped = _pipeline(told, words, compare, manner.pipeline)
    if means_many(images):
        return carry_out_batch("image", images, output, shorthands, many, manner, shipped)
    many.refuse()
    carry_out(shipped, images[0], output or Path(f"{images[0].stem}_image.png"), shorthands, manner)
    return 0


def _pipeline(told: str | None, edit: list[str], compare: bool, file: Path | None) -> str:
    """The shipped pipeline that the words ask for; at most one of them can be meant."""
    asked = [f"--from {told}"] if told in ("gradient", "laplacian") else []
    asked += [edit[0]] if edit else []
    asked += ["--compare"] if compare else []
    if len(asked) > 1:
        raise click.UsageError(f"{asked[0]} and {asked[1]} exclude each other; use one of them")
    if asked and file is not None and not edit:
        raise click.UsageError(f"{asked[0]} and --pipeline exclude each other; use one of them")
    if told in ("gradient", "laplacian"):
        return f"image-{told}"
    return "poisson-edit" if edit else "image-compare" if compare else "image"
