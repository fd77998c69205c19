"""``reconstruct mesh FIELD``: mesh a fitted field again."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.finish import Finish, finish_options
from sdf_siren.cli.options import (
    machine_options,
    manner_options,
    output_option,
    resolution_option,
    setting_option,
    surface_options,
)
from sdf_siren.cli.request import CONTEXT, carry_out_again


@click.command(context_settings=CONTEXT)
@click.argument("field", type=click.Path(path_type=Path))
@output_option
@resolution_option
@surface_options
@finish_options
@machine_options
@setting_option
@manner_options
def mesh(
    field: Path,
    output: Path | None,
    resolution: int | None,
    finish: Finish,
    surface: str | None,
    support: bool,
    device: str,
    threads: int | None,
    settings: tuple[str, ...],
    force: bool,
    quiet: bool,
    verbose: bool,
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
        device=device,
        threads=threads,
        settings=settings,
        force=force,
        quiet=quiet,
        verbose=verbose,
    )
