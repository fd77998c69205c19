"""Problem files: an equation, its domain and its conditions in TOML, read strictly; see docs/pde.md."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TypeVar

import torch

from sdf_siren.conditions import (
    AbsorbingLayer,
    Operator,
    PointSource,
    Problem,
    helmholtz,
    incident_field,
    poisson,
    screened_poisson,
    wave,
)
from sdf_siren.conditions.problem import Source
from sdf_siren.domains import Domain
from sdf_siren.domains.space_time import coordinate_names
from sdf_siren.expressions import Expression
from sdf_siren.io.boundary_tables import read_conditions
from sdf_siren.io.domain_tables import read_domain, read_layer
from sdf_siren.io.problem_checks import check_balance, check_finite, check_solution, notes_on_start
from sdf_siren.io.source_arrays import read_source
from sdf_siren.io.tables import Table, blamed, parse_table, read_table
from sdf_siren.jets import Jet, JetFunction

_COMMON = ("title", "equation", "domain", "conditions", "source", "source_array", "reaction", "exact")
_OWN = {
    "poisson": (),
    "screened_poisson": ("coefficient",),
    "helmholtz": ("wavenumber", "absorbing_layer", "point_sources"),
    "wave": ("speed",),
}
_PROBES = 512
"""Points at which the largest speed is looked for."""
EXACT = "exact"


def read_problem(path: str | os.PathLike[str]) -> Problem:
    """Read a problem file.

    Raises:
        InputError: the file cannot be read, or :func:`parse_problem` refuses it.
    """
    path = Path(path)
    table, _ = read_table(path)
    return _problem(table, path)


def parse_problem(text: str, path: str | os.PathLike[str] = "problem.toml") -> Problem:
    """The problem that a TOML text poses.

    Args:
        text: of a problem file.
        path: where it is, or would be: array files lie beside it.

    Raises:
        InputError: unknown keys or names, wrong values, formulas that are none, an empty domain, or a
            boundary that is under- or over-determined.
    """
    return _problem(parse_table(text, str(path)), Path(path))


def _problem(table: Table, path: Path) -> Problem:
    equation = table.choice("equation", tuple(_OWN))
    table.only(*_COMMON, *_OWN[equation])
    timed = equation == "wave"
    domain = read_domain(table.table("domain"), timed=timed)
    names = coordinate_names(domain.dimension, timed=timed)
    layer = read_layer(table, domain)
    operator = _operator(equation, table, domain, names, layer)
    is_complex = equation == "helmholtz"
    exact = table.formula("exact", names, complex=is_complex)
    source = _source(table, names, operator, exact, domain, path)
    singular = None
    points = _point_sources(table, domain, table.formula("wavenumber", names), layer)
    if points is not None:
        given, (at_points, singular) = source, points
        source = at_points if given is None else lambda x: given(x) + at_points(x)
    conditions, notes = read_conditions(
        table.tables("conditions"),
        domain,
        names,
        exact,
        path.parent,
        is_complex=is_complex,
        timed=timed,
    )
    with blamed(table.where):
        problem = Problem(
            domain,
            operator,
            source,
            conditions,
            exact,
            table.text("title", path.stem),
            layer,
            singular,
        )
    check_finite(problem, table.where)
    check_balance(problem, table.where)
    if exact is not None:
        check_solution(problem, table.where)
    return dataclasses.replace(problem, notes=(*notes, *notes_on_start(problem)))


def _operator(
    equation: str, table: Table, domain: Domain, names: tuple[str, ...], layer: AbsorbingLayer | None
) -> Operator:
    def needed(key: str) -> Expression:
        formula = table.formula(key, names)
        if formula is None:
            raise table.error(key, f"the {equation} equation needs it; add a number or a formula")
        return formula

    match equation:
        case "screened_poisson":
            operator = screened_poisson(needed("coefficient"))
        case "helmholtz":
            operator = helmholtz(needed("wavenumber"), layer)
        case "wave":
            speed = needed("speed")
            largest = float(speed(domain.interior(_PROBES, 0)).value.abs().max())
            if not largest > 0:
                raise table.error("speed", f"expected a speed that is not zero, found {speed}")
            operator = wave(speed, largest)
        case _:
            operator = poisson()
    reaction = table.formula("reaction", (*names, "u"))
    if reaction is None:
        return operator
    if layer is not None:
        raise table.error("reaction", "an absorbing layer makes u complex, which a reaction cannot be given")
    return dataclasses.replace(operator, reaction=reaction)


def _source(
    table: Table,
    names: tuple[str, ...],
    operator: Operator,
    exact: JetFunction | None,
    domain: Domain,
    path: Path,
) -> Source | None:
    if "source_array" in table.values:
        if "source" in table.values:
            raise table.error("source_array", "found source as well; give one of them")
        return read_source(table.text("source_array"), path.parent, domain, f"{table.where}: source_array")
    if table.values.get("source") == EXACT:
        if exact is None:
            raise table.error("source", 'source = "exact" needs the solution; add exact')
        solution = exact
        return lambda x: operator.applied(solution(x), x)
    formula = table.formula("source", names, complex=operator.name == "helmholtz")
    return None if formula is None else _values(formula)


def _values(function: JetFunction) -> Source:
    return lambda x: function(x).value


def _point_sources(
    table: Table, domain: Domain, wavenumber: JetFunction | None, layer: AbsorbingLayer | None
) -> tuple[Source, JetFunction] | None:
    """The right-hand sides of all point sources together, and the field that they would have in empty space.

    Where the wavenumber varies, the field of each is that for the wavenumber at its place.
    """
    found, fields = [], []
    for entry in table.tables("point_sources"):
        entry.only("position", "width", "amplitude")
        position = entry.numbers("position")
        if domain.dimension != 2 or len(position) != 2:
            raise entry.error("position", "expected two numbers in a domain of two dimensions, found others")
        at = torch.tensor([position], dtype=torch.float64)
        if not bool(domain.contains(at)):
            raise entry.error("position", f"expected a point inside the domain, found {position}")
        if layer is not None and bool((layer.stretch(at)[0] != 1).any()):
            raise entry.error("position", f"expected a point outside the absorbing layer, found {position}")
        source = PointSource(position, entry.number("width", above=0), entry.number("amplitude", 1.0))
        assert wavenumber is not None, "only Helmholtz' equation has point sources"
        fields.append(incident_field([source], float(wavenumber(at).value), layer))
        found.append(source)
    if not found:
        return None
    return lambda x: _sum([source.density(x) for source in found]), lambda x: _sum([f(x) for f in fields])


T = TypeVar("T", torch.Tensor, Jet)


def _sum(terms: list[T]) -> T:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
