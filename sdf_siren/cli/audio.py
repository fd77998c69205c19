"""``reconstruct audio SOUND``: a field of sound samples."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options
from sdf_siren.cli.signal_options import fit_options, fit_shorthands


@click.command(context_settings=CONTEXT)
@click.argument("sound", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT.(wav)",
    help="The fit, to write.  [default: <name>_audio.wav in this folder]",
)
@fit_options
@run_options("sound")
def audio(
    sound: Path,
    output: Path | None,
    quality: str | None,
    seconds: float | None,
    psnr: float | None,
    parameters: int | None,
    manner: Manner,
) -> None:
    """Fit a SIREN to SOUND (WAV) and write what it says.

    OUT.run holds pictures, the field and what is needed to resume or repeat the run (docs/images.md).
    """
    output = output or Path(f"{sound.stem}_audio.wav")
    shorthands = fit_shorthands(quality, seconds, psnr, parameters)
    carry_out("audio", sound, output, shorthands, manner)
