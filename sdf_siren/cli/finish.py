"""``--components``, ``--fill-holes``, ``--smooth`` and ``--simplify``: what is done to a mesh on request."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from sdf_siren.cli.options import Command, bundled

ALL = "all"


@dataclass(frozen=True)
class Finish:
    """What was asked for; None where nothing was.

    Attributes:
        components: how many to keep, 0 for all.
        fill_holes: diameter of the widest hole to fill, infinite for all.
        smooth: rounds of smoothing.
        simplify: faces to keep.
    """

    components: int | None
    fill_holes: float | None
    smooth: int | None
    simplify: int | None

    def shorthands(self) -> list[tuple[str, str, Any, str]]:
        """Stage, option, value (None if not given) and the words for messages."""
        holes = None if self.fill_holes is None else True
        widest = self.fill_holes if holes and self.fill_holes != math.inf else None
        return [
            ("filter.mesh", "components", self.components, "--components"),
            ("filter.mesh", "holes", holes, "--fill-holes"),
            ("filter.mesh", "widest_hole", widest, "--fill-holes"),
            ("filter.mesh", "smooth", self.smooth, "--smooth"),
            ("filter.mesh", "faces", self.simplify, "--simplify"),
        ]


def finish_options(command: Command) -> Command:
    """All options of :class:`Finish`; the command gets them as ``finish``."""
    return bundled(command, Finish, "finish", _OPTIONS)


def _number_or_all(kind: type[int] | type[float], everything: float) -> Callable[..., Any]:
    """A callback that takes a number above zero, or the word ``all``, which stands for another."""

    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:
        if value is None or value == ALL:
            return None if value is None else everything
        try:
            number = kind(value)
        except ValueError:
            number = kind(0)
        if not 0 < number < math.inf:
            raise click.BadParameter(f"expected a number above zero or 'all', found {value!r}")
        return number

    return convert


_OPTIONS = [
    click.option(
        "--components",
        callback=_number_or_all(int, 0),
        metavar="N|all",
        help="Keep only the N components of largest area.  [default: all that the scan supports]",
    ),
    click.option(
        "--fill-holes",
        callback=_number_or_all(float, math.inf),
        is_flag=False,
        flag_value=ALL,
        metavar="[SIZE]",
        help="Fill holes, or only those of at most this diameter.",
    ),
    click.option("--smooth", type=click.IntRange(1, 1000), metavar="N", help="Rounds of smoothing."),
    click.option("--simplify", type=click.IntRange(4), metavar="FACES", help="Keep at most so many faces."),
]
