"""Boundary and initial conditions from the tables of a problem file."""

from __future__ import annotations

from pathlib import Path

from sdf_siren.conditions import BoundaryCondition
from sdf_siren.domains import Box, Domain
from sdf_siren.errors import nearest
from sdf_siren.io.boundary_arrays import ArrayData, read_boundary_array, read_initial_array
from sdf_siren.io.tables import Table
from sdf_siren.jets import JetFunction

REST = "boundary"
EXACT = "exact"
_KEYS = {
    "dirichlet": ("value", "value_array"),
    "neumann": ("value", "value_array"),
    "robin": ("value", "value_array", "coefficient"),
    "periodic": (),
    "initial": ("value", "value_array", "rate", "rate_array"),
}


def read_conditions(
    tables: list[Table],
    domain: Domain,
    names: tuple[str, ...],
    exact: JetFunction | None,
    folder: Path,
    *,
    is_complex: bool,
    timed: bool,
) -> tuple[tuple[BoundaryCondition, ...], tuple[str, ...]]:
    """The conditions that ``[[conditions]]`` tables state, and what is to be said about their arrays.

    Args:
        tables: one for each.
        domain: names the parts of the boundary.
        names: of the coordinates, for formulas.
        exact: what ``value = "exact"`` means.
        folder: where array files lie.
        is_complex: whether data may be.
        timed: whether the last two parts of the boundary are start and end.

    Raises:
        InputError: an unknown part, kind or key, or a value that does not fit.
    """
    sides = domain.parts[:-2] if timed else domain.parts
    asked = [_parts(table, domain, timed) for table in tables]
    named = {part for parts in asked if parts is not None for part in parts}
    rest = tuple(part for part in sides if part not in named)
    found: list[BoundaryCondition] = []
    notes: list[str] = []
    for table, parts in zip(tables, asked, strict=True):
        kind = table.choice("kind", tuple(_KEYS))
        table.only("on", "kind", *_KEYS[kind])
        on = rest if parts is None else parts
        if kind == "periodic":
            _check_opposite(table, domain, on)
        value = _value(table, "value", names, exact, is_complex)
        rate = _value(table, "rate", names, None, is_complex)
        for key in ("value_array", "rate_array"):
            if key in table.values:
                data = _array(table, key, domain, on, folder, is_complex)
                notes.append(data.note)
                value, rate = (data.function, rate) if key == "value_array" else (value, data.function)
        coefficient = _value(table, "coefficient", names, None, is_complex)
        if kind == "initial":
            found += [BoundaryCondition("dirichlet", on, value), BoundaryCondition("rate", on, rate)]
        elif kind == "robin" and coefficient is None:
            raise table.error("coefficient", "a robin condition du/dn + coefficient u = value needs it")
        else:
            found.append(BoundaryCondition(kind, on, value, coefficient))  # type: ignore[arg-type]
    return tuple(found), tuple(notes)


def _parts(table: Table, domain: Domain, timed: bool) -> tuple[str, ...] | None:
    """The parts that a table names, or None for all that no other names.

    The name of an operand of a combination stands for all its parts.
    """
    if table.values.get("kind") == "initial":
        if not timed:
            raise table.error("kind", "initial conditions are for the wave equation")
        names = table.names("on", ["start"])
        if names != ["start"]:
            raise table.error("on", f"initial conditions hold on start, found {', '.join(names)}")
        return ("start",)
    names = table.names("on")
    if names == [REST]:
        return None
    if REST in names:
        raise table.error("on", f"{REST} stands for every part that no other condition names; give it alone")
    found: list[str] = []
    for name in names:
        parts = [part for part in domain.parts if part == name or part.startswith(f"{name}.")]
        if not parts:
            raise table.error("on", f"unknown part {name!r}; {nearest(name, (*domain.parts, REST))}")
        found += parts
    return tuple(found)


def _value(
    table: Table, key: str, names: tuple[str, ...], exact: JetFunction | None, is_complex: bool
) -> JetFunction | None:
    if key == "value" and table.values.get(key) == EXACT:
        if exact is None:
            raise table.error(key, 'value = "exact" needs the solution; add exact')
        if table.values["kind"] not in ("dirichlet", "initial"):
            raise table.error(key, 'value = "exact" is for dirichlet and initial conditions; write it out')
        return exact
    return table.formula(key, names, complex=is_complex)


def _array(
    table: Table, key: str, domain: Domain, on: tuple[str, ...], folder: Path, is_complex: bool
) -> ArrayData:
    """The data in an array file, which are for one part."""
    formula, where = key.removesuffix("_array"), f"{table.where}: {key}"
    if formula in table.values:
        raise table.error(key, f"found {formula} as well; give one of them")
    if len(on) != 1:
        raise table.error(key, f"an array is for one part of the boundary, found {', '.join(on)[:60]}")
    if table.values["kind"] == "initial":
        return read_initial_array(table.text(key), folder, domain, where)
    return read_boundary_array(table.text(key), folder, domain, on[0], where, is_complex=is_complex)


def _check_opposite(table: Table, domain: Domain, parts: tuple[str, ...]) -> None:
    """Periodic sides come in pairs, of a box."""
    if not isinstance(domain, Box):
        raise table.error("kind", "periodic conditions need a box; this domain is none")
    places = {domain.parts.index(part) for part in parts}
    for place in places:
        if place ^ 1 not in places:
            raise table.error(
                "on",
                f"periodic sides come in pairs: add {domain.parts[place ^ 1]!r} to {domain.parts[place]!r}",
            )
