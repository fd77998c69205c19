"""Problem files of inverse problems: a squared slowness sought from measured waves; see docs/pde.md."""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch
from torch import Tensor

from sdf_siren.conditions import AbsorbingLayer, InverseProblem, PointSource, Survey
from sdf_siren.domains import Ball, Box, Domain
from sdf_siren.errors import InputError
from sdf_siren.io.beside import array_path
from sdf_siren.io.domain_tables import read_domain, read_layer
from sdf_siren.io.survey_arrays import SUFFIXES, Measurements, read_measurements
from sdf_siren.io.tables import Table, blamed, read_table
from sdf_siren.jets import JetFunction

EQUATION = "inverse_helmholtz"
_KEYS = (
    "title",
    "equation",
    "wavenumber",
    "exact",
    "domain",
    "absorbing_layer",
    "region",
    "measurements",
)
_FIELDS = ("scattered", "total")
_LEAST_RECEIVERS = 4
"""Some of them are held out."""
_STRAY = 0.01
"""By how much an exact squared slowness may differ from one outside the region."""


def poses_inverse(path: str | os.PathLike[str]) -> bool:
    """Whether a problem file is one of these; False where it cannot be read."""
    try:
        table, _ = read_table(Path(path))
    except InputError:
        return False
    return table.values.get("equation") == EQUATION


def read_inverse_problem(path: str | os.PathLike[str]) -> InverseProblem:
    """Read a problem file whose equation is ``inverse_helmholtz``, and the measurements beside it.

    Raises:
        InputError: a file cannot be read; unknown keys, wrong values, measurements that are no such arrays,
            places that do not fit.
    """
    path = Path(path)
    table, _ = read_table(path)
    table.choice("equation", (EQUATION,))
    table.only(*_KEYS)
    wavenumber = table.number("wavenumber", above=0)
    domain = read_domain(table.table("domain"))
    if not isinstance(domain, Box) or domain.dimension != 2:
        raise InputError(f"{table.where}: domain: expected a box of two dimensions, found another")
    layer = read_layer(table, domain)
    if layer is None:
        raise table.error("absorbing_layer", "waves must be able to leave; add [absorbing_layer]")
    region, limits = _region(table.table("region"), domain, layer)
    measured = table.table("measurements")
    found, where = _measurements(measured, path.parent)
    sources, receivers = torch.from_numpy(found.sources), torch.from_numpy(found.receivers)
    _check_places(sources, domain, layer, f"{where}: sources", region)
    _check_places(receivers, domain, layer, f"{where}: receivers")
    width = measured.number("source_width", above=0)
    amplitude = measured.number("amplitude", 1.0)
    points = tuple(PointSource(tuple(place), width, amplitude) for place in sources.tolist())
    survey = Survey(wavenumber, points, receivers, domain, layer, region)
    heard = torch.from_numpy(found.heard)
    if measured.choice("field", _FIELDS) == "total":
        heard = heard - torch.stack([s.field(receivers, wavenumber, None).value for s in points], 1)
    if not float(heard.abs().max()) > 0:
        raise InputError(f"{where}: expected waves that something scattered, found zeros only")
    exact = table.formula("exact", ("x", "y"))
    if exact is not None:
        _check_exact(exact, region, f"{table.where}: exact")
    return InverseProblem(survey, heard, limits, exact, table.text("title", path.stem))


def _region(table: Table, box: Domain, layer: AbsorbingLayer) -> tuple[Ball, tuple[float, float]]:
    """The disk of all that is unknown, and the limits of the squared slowness in it."""
    table.only("centre", "radius", "lowest", "highest")
    with blamed(table.where):
        region = Ball(table.numbers("centre"), table.number("radius"))
    low, high = box.bounds
    if region.dimension != 2:
        raise table.error("centre", f"expected two numbers, found {region.dimension}")
    beyond = torch.minimum(region.bounds[0] - low, high - region.bounds[1]).min() - layer.thickness
    if float(beyond) < 0:
        raise InputError(
            f"{table.where}: expected a disk inside the box and outside its absorbing layer, found one that "
            f"reaches {-float(beyond):.3g} too far; make it smaller, or the box larger"
        )
    lowest = table.number("lowest") if "lowest" in table.values else -math.inf
    highest = table.number("highest") if "highest" in table.values else math.inf
    if not lowest <= 1 <= highest or lowest == highest:
        raise InputError(
            f"{table.where}: expected lowest and highest around 1, which the squared slowness is outside, "
            f"found {lowest:g} and {highest:g}"
        )
    return region, (lowest, highest)


def _measurements(table: Table, folder: Path) -> tuple[Measurements, str]:
    table.only("file", "field", "source_width", "amplitude")
    path = array_path(table.text("file"), folder, f"{table.where}: file", SUFFIXES)
    found = read_measurements(path)
    if len(found.receivers) < _LEAST_RECEIVERS:
        raise InputError(
            f"{path}: expected at least {_LEAST_RECEIVERS} receivers, found {len(found.receivers)}"
        )
    return found, str(path)


def _check_places(x: Tensor, box: Box, layer: AbsorbingLayer, where: str, region: Ball | None = None) -> None:
    """Every place is in the box and not in its layer; outside the region, where one is given."""
    number, bad = _first(~box.contains(x))
    if bad:
        raise InputError(f"{where}: expected places inside the domain, found {_shown(x[number])}")
    number, bad = _first((layer.stretch(x)[0] != 1).any(1))
    if bad:
        raise InputError(f"{where}: expected places outside the absorbing layer, found {_shown(x[number])}")
    if region is not None:
        number, bad = _first(region.contains(x))
        if bad:
            raise InputError(f"{where}: expected places outside the region, found {_shown(x[number])}")


def _first(bad: Tensor) -> tuple[int, bool]:
    return int(bad.int().argmax()), bool(bad.any())


def _check_exact(exact: JetFunction, region: Ball, where: str) -> None:
    """Outside the region it is one; errors measured against anything else would mislead."""
    boundary = region.boundary(256, 0)
    value = exact(boundary.x).value
    away = (value - 1).abs()
    worst = int(torch.nan_to_num(away, nan=math.inf).argmax())
    if not float(away[worst]) <= _STRAY:
        raise InputError(
            f"{where}: expected 1 at the rim of the region, found {float(value[worst]):.4g} at "
            f"{_shown(boundary.x[worst])}; make the region larger"
        )


def _shown(x: Tensor) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in x.tolist()) + ")"
