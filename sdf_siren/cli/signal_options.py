"""Options of the commands that fit an image, a sound or a video."""

from __future__ import annotations

from typing import Any

import click

from sdf_siren.cli.options import Command

OTHER_SECONDS = 6.0
"""Of a run with ``--time``: starting, reading, measuring, writing and the preview; the fit gets the rest."""

Shorthands = list[tuple[str, str, Any, str]]


def fit_options(command: Command) -> Command:
    """``--quality``, ``--time``, ``--psnr`` and ``--parameters``."""
    options = [
        click.option(
            "--quality",
            metavar="draft|standard|high",
            help="Effort of the fit; also paper.  [default: standard]",
        ),
        click.option(
            "--time",
            "seconds",
            type=click.FloatRange(min=OTHER_SECONDS + 1),
            metavar="SECONDS",
            help="About how long the whole run may take; sets the steps.",
        ),
        click.option(
            "--psnr", type=float, metavar="DB", help="Decibels to reach; sets the size of the network."
        ),
        click.option(
            "--parameters", type=int, metavar="N", help="Of the network, about.  [default: by the quality]"
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def view_options(command: Command) -> Command:
    """``--size``, ``--region`` and ``--export``: what an image's field is asked for."""
    options = [
        click.option(
            "--size",
            metavar="WxH",
            help="Pixels of the output; another size than the image's own takes a smooth fit.",
        ),
        click.option(
            "--region",
            type=float,
            nargs=4,
            metavar="X0 Y0 X1 Y1",
            help="Show only this part, in the image's pixels.",
        ),
        click.option(
            "--export",
            metavar="gradient,laplacian",
            help="Write maps of these beside the output, as OUT_gradient.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def view_shorthands(size: str | None, region: tuple[float, ...] | None, export: str | None) -> Shorthands:
    """What :func:`view_options` say to extract.image."""
    return [
        ("extract.image", "size", size, "--size"),
        ("extract.image", "region", region, "--region"),
        ("extract.image", "export", export, "--export"),
    ]


def fit_shorthands(
    quality: str | None,
    seconds: float | None,
    psnr: float | None,
    parameters: int | None,
) -> Shorthands:
    """What :func:`fit_options` say to fit.image."""
    left = None if seconds is None else seconds - OTHER_SECONDS
    return [
        ("fit.image", "quality", quality, "--quality"),
        ("fit.image", "seconds", left, "--time"),
        ("fit.image", "psnr", psnr, "--psnr"),
        ("fit.image", "parameters", parameters, "--parameters"),
    ]
