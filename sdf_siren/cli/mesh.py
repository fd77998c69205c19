"""``reconstruct mesh FIELD``: mesh a fitted field again."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import (
    machine_options,
    manner_options,
    output_option,
    refuse_contradiction,
    resolution_option,
    setting_option,
    surface_options,
    use_threads,
)
from sdf_siren.cli.request import CONTEXT


@click.command(context_settings=CONTEXT)
@click.argument("field", type=click.Path(path_type=Path))
@output_option
@resolution_option
@surface_options
@machine_options
@setting_option
@manner_options
def mesh(
    field: Path,
    output: Path | None,
    resolution: int | None,
    surface: str | None,
    support: bool,
    device: str,
    threads: int | None,
    settings: tuple[str, ...],
    force: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Turn the field file FIELD (field.safetensors in a run folder) into a triangle mesh."""
    from sdf_siren.cli.running import perform
    from sdf_siren.engine.pipeline import Override, load, parse_override
    from sdf_siren.engine.shipped import shipped_pipeline
    from sdf_siren.engine.standing import Request
    from sdf_siren.stages import CATALOGUE

    refuse_contradiction(quiet, verbose)
    shorthands = [
        ("extract.mesh", "resolution", resolution, "--resolution"),
        ("filter.surface", "kind", surface, "--surface"),
        ("measure.support", "write", support or None, "--support"),
    ]
    overrides = [Override(*given) for given in shorthands if given[2] is not None]
    overrides += [parse_override(text) for text in settings]
    request = Request(
        pipeline=load(shipped_pipeline("field"), CATALOGUE).with_options(overrides),
        input=field,
        output=output or Path(f"{field.stem}_mesh.ply"),
        force=force,
        device=device,
    )
    use_threads(threads)
    perform(request, quiet=quiet, verbose=verbose)
