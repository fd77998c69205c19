"""``reconstruct mesh FIELD``: mesh a fitted field again."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.finish import Finish, finish_options
from sdf_siren.cli.options import (
    PATH,
    output_option,
    resolution_option,
    surface_options,
)
from sdf_siren.cli.request import CONTEXT, Again, again_options, carry_out_again


@click.command(context_settings=CONTEXT)
@click.argument("field", type=PATH)
@output_option
@resolution_option
@surface_options
@finish_options
@again_options
def mesh(
    field: Path,
    output: Path | None,
    resolution: int | None,
    finish: Finish,
    surface: str | None,
    support: bool,
    again: Again,
) -> None:
    """Turn the field file FIELD (field.safetensors in a run folder) into a triangle mesh.

    It has no colours: those are the scan's, and the file holds none of it.
    """
    carry_out_again(
        "field",
        field,
        output or Path(f"{field.stem}_mesh.ply"),
        [
            ("extract.mesh", "resolution", resolution, "--resolution"),
            ("filter.surface", "kind", surface, "--surface"),
            *finish.shorthands(),
            ("measure.support", "write", support or None, "--support"),
        ],
        again,
    )
