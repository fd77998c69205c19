"""``reconstruct view FIELD``: show the field of an image again."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT, Again, again_options, carry_out_again
from sdf_siren.cli.signal_options import view_options, view_shorthands


@click.command(context_settings=CONTEXT)
@click.argument("field", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="OUT.(png|jpg|tif|npy)",
    help="The picture to write; its suffix is the format.  [default: <name>_view.png in this folder]",
)
@view_options
@again_options
def view(
    field: Path,
    output: Path | None,
    size: str | None,
    region: tuple[float, ...] | None,
    export: str | None,
    again: Again,
) -> None:
    """Show the field of an image FIELD (field.safetensors in a run folder) again: a part, or another size."""
    carry_out_again(
        "view",
        field,
        output or Path(f"{field.stem}_view.png"),
        view_shorthands(size, region, export),
        again,
    )
