"""``reconstruct audio SOUND`` and ``reconstruct video VIDEO``: fields of sounds and videos."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT, Manner, carry_out, run_options
from sdf_siren.cli.signal_options import Effort, fit_options


def signal_command(name: str, noun: str, formats: str, read: str) -> click.Command:
    """A command that fits what it reads and writes what the fit says.

    Args:
        name: of the command and of the pipeline.
        noun: what it reads.
        formats: suffixes of outputs, the default one first, separated by bars.
        read: what files are read, for the help.
    """
    suffix = formats.split("|")[0]

    @click.command(
        name,
        context_settings=CONTEXT,
        help=f"Fit a SIREN to {noun.upper()} ({read}) and write what it says.\n\n"
        "OUT.run holds pictures, the field and what is needed to resume or repeat the run (docs/images.md).",
    )
    @click.argument("source", metavar=noun.upper(), type=PATH)
    @click.option(
        "-o",
        "--output",
        type=PATH,
        metavar=f"OUT.({formats})",
        help=f"The fit, to write.  [default: <name>_{name}.{suffix} in this folder]",
    )
    @fit_options
    @run_options(noun)
    def command(source: Path, output: Path | None, effort: Effort, manner: Manner) -> None:
        output = output or Path(f"{source.stem}_{name}.{suffix}")
        carry_out(name, source, output, effort.shorthands(), manner)

    return command


audio = signal_command("audio", "sound", "wav", "WAV")
video = signal_command(
    "video",
    "video",
    "png|apng|gif|webp|tif|npy",
    "animated GIF, PNG or WebP, TIFF of several pages, NPY",
)
