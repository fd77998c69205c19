"""Options of the commands that fit an image, a sound or a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from sdf_siren.cli.options import Command, bundled

OTHER_SECONDS = 6.0
"""Of a run with ``--time``: starting, reading, measuring, writing and the preview; the fit gets the rest."""

Shorthands = list[tuple[str, str, Any, str]]


@dataclass(frozen=True)
class Effort:
    """How well a signal is to be fitted; the options that :func:`fit_options` adds. None: not given."""

    quality: str | None
    seconds: float | None
    psnr: float | None
    parameters: int | None
    report: bool | None

    @property
    def left(self) -> float | None:
        """Seconds of the fit."""
        return None if self.seconds is None else self.seconds - OTHER_SECONDS

    def shorthands(self) -> Shorthands:
        """Stage, option, value (None if not given) and the words for messages."""
        return [
            ("fit.image", "quality", self.quality, "--quality"),
            ("fit.image", "seconds", self.left, "--time"),
            ("fit.image", "psnr", self.psnr, "--psnr"),
            ("fit.image", "parameters", self.parameters, "--parameters"),
            ("write.page", "wanted", self.report, "--report"),
        ]


def fit_options(command: Command) -> Command:
    """All options of :class:`Effort`; the command gets them as ``effort``."""
    return bundled(command, Effort, "effort", _OPTIONS)


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


_OPTIONS = [
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
    click.option("--psnr", type=float, metavar="DB", help="Decibels to reach; sets the size of the network."),
    click.option(
        "--parameters", type=int, metavar="N", help="Of the network, about.  [default: by the quality]"
    ),
    click.option(
        "--report/--no-report",
        default=None,
        help="Write OUT.run/report.html, a page to look at signal, fit and error.  "
        "[default: of several images, yes]",
    ),
]
