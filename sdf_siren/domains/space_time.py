"""Boxes whose last coordinate is time, and what coordinates are called."""

from __future__ import annotations

from functools import cached_property

from sdf_siren.domains.box import Box

TIME = "t"


class SpaceTime(Box):
    """A box in space and time, time last: its last two parts are ``start`` and ``end``."""

    @cached_property
    def parts(self) -> tuple[str, ...]:  # type: ignore[override]
        return (*Box(self.low[:-1], self.high[:-1]).parts, "start", "end")


def coordinate_names(dimension: int, *, timed: bool = False) -> tuple[str, ...]:
    """What formulas call the coordinates: x, y, z, then x4 and so on; the last is t where it is time."""
    space = dimension - timed
    names = ("x", "y", "z")[:space] + tuple(f"x{k}" for k in range(4, space + 1))
    return (*names, TIME) if timed else names
