"""Domains from the tables of a problem file."""

from __future__ import annotations

from sdf_siren.conditions import AbsorbingLayer
from sdf_siren.domains import Ball, Box, Cylinder, Difference, Domain, Intersection, Polygon, Union
from sdf_siren.domains.space_time import SpaceTime
from sdf_siren.errors import InputError
from sdf_siren.io.tables import Table, blamed

_KEYS = {
    "box": ("low", "high"),
    "interval": ("low", "high"),
    "disk": ("centre", "radius"),
    "ball": ("centre", "radius"),
    "polygon": ("vertices",),
    "union": ("of",),
    "intersection": ("of",),
    "difference": ("of",),
}
_COMBINATIONS = {"union": Union, "intersection": Intersection, "difference": Difference}
_DEEPEST = 8
_MOST_OPERANDS = 200


def read_domain(table: Table, *, timed: bool = False) -> Domain:
    """The domain that a table describes.

    Args:
        table: ``[domain]`` of a problem file.
        timed: whether it needs a ``duration``, which makes it a :class:`SpaceTime` or a :class:`Cylinder`.

    Raises:
        InputError: an unknown shape or key, a wrong value, or a domain that is empty.
    """
    if not timed:
        return _shape(table, ())
    domain = _shape(table, ("duration",))
    duration = table.number("duration", above=0)
    with blamed(table.where):
        if isinstance(domain, Box):
            return SpaceTime((*domain.low, 0.0), (*domain.high, duration))
        return Cylinder(domain, 0.0, duration)


def read_layer(table: Table, domain: Domain) -> AbsorbingLayer | None:
    """The absorbing layer that a problem file asks for, if it does.

    Args:
        table: of the whole file.
        domain: which must be a box.

    Raises:
        InputError: an unknown key, a wrong value, another domain, or layers that leave no room.
    """
    if "absorbing_layer" not in table.values:
        return None
    layer = table.table("absorbing_layer")
    layer.only("thickness", "strength")
    thickness, strength = layer.number("thickness", above=0), layer.number("strength", 5.0, above=0)
    if not isinstance(domain, Box):
        raise InputError(f"{layer.where}: expected a box around it, found another shape")
    if 2 * thickness >= float((domain.bounds[1] - domain.bounds[0]).min()):
        raise layer.error("thickness", f"the layers fill the whole domain, found {thickness:g}")
    return AbsorbingLayer(domain.low, domain.high, thickness, strength)


def _shape(table: Table, more: tuple[str, ...], depth: int = 0) -> Domain:
    shape = table.choice("shape", tuple(_KEYS))
    table.only("shape", *_KEYS[shape], *more)
    if shape in _COMBINATIONS:
        return _combination(shape, table, depth)
    with blamed(table.where):
        match shape:
            case "box":
                return Box(table.numbers("low"), table.numbers("high"))
            case "interval":
                return Box([table.number("low")], [table.number("high")])
            case "polygon":
                return Polygon(table.points("vertices"))
        centre = table.numbers("centre")
        if shape == "disk" and len(centre) != 2:
            raise table.error("centre", f"a disk needs two numbers, found {len(centre)}")
        return Ball(centre, table.number("radius"))


def _combination(shape: str, table: Table, depth: int) -> Domain:
    operands = table.tables("of")
    if depth == _DEEPEST or not 1 <= len(operands) <= _MOST_OPERANDS:
        raise table.error(
            "of", f"expected 1 to {_MOST_OPERANDS} tables, nested at most {_DEEPEST} deep, found others"
        )
    names = [operand.text("name") if "name" in operand.values else None for operand in operands]
    domains = [_shape(operand, ("name",), depth + 1) for operand in operands]
    with blamed(table.where):
        return _COMBINATIONS[shape](*domains, names=names)
