"""Two runs in figures and settings: what is the same, what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdf_siren.report.exhibit import Residuals
from sdf_siren.report.record import RunRecord
from sdf_siren.report.words import setting_text

_FIGURES = (
    ("Triangles", "faces", ","),
    ("Vertices", "vertices", ","),
    ("Pieces", "components", ","),
    ("Watertight", "watertight", ""),
    ("Edges at a border", "boundary_edges", ","),
    ("Volume", "volume", ".4g"),
    ("Fit to the scan, median", "residual_median", ".3g"),
    ("Fit to the scan, 95 %", "residual_p95", ".3g"),
)


@dataclass(frozen=True)
class Figure:
    """A number of both runs.

    Attributes:
        title: what it is.
        first, second: as text; empty where it is not known.
        change: from the first to the second, in percent of the first, or how many times it; empty where that
            says nothing.
    """

    title: str
    first: str
    second: str
    change: str


def figures(
    first: RunRecord, second: RunRecord, residuals: tuple[Residuals | None, Residuals | None]
) -> list[Figure]:
    """All figures that at least one of two runs has.

    Args:
        first, second: the runs.
        residuals: distances of their scans to their meshes.
    """
    one, other = first.manifest, second.manifest
    rows = [
        _figure(title, one.measures.get(key), other.measures.get(key), form) for title, key, form in _FIGURES
    ]
    for title, key in (("median", "median"), ("95 %", "p95"), ("largest", "largest")):
        near, far = (getattr(each, key, None) for each in residuals)
        rows.append(_figure(f"Scan to mesh, {title}", near, far, ".3g"))
    spent, also = one.seconds, other.seconds
    rows.append(_figure("Seconds of the fit", spent.get("fit.sdf"), also.get("fit.sdf"), ".1f"))
    rows.append(_figure("Seconds in all", sum(spent.values()), sum(also.values()), ".1f"))
    return [row for row in rows if row.first or row.second]


def _figure(title: str, first: object, second: object, form: str) -> Figure:
    return Figure(title, _text(first, form), _text(second, form), _change(first, second))


def _change(first: object, second: object) -> str:
    if isinstance(first, bool) or not isinstance(first, int | float) or not isinstance(second, int | float):
        return ""
    if not first or first == second:
        return ""
    part = (second - first) / abs(first)
    return f"{100 * part:+.3g} %" if abs(part) < 9.995 else f"{second / first:.3g} times"


def _text(value: object, form: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, form) if isinstance(value, int | float) else ""


@dataclass(frozen=True)
class Setting:
    """A setting of both runs, as text; ``unset`` where a run does not have it."""

    name: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.first != self.second


def settings(first: RunRecord, second: RunRecord) -> list[Setting]:
    """Every setting of either run, by stage and option; the input, the seed and the program come first."""
    one, other = _flat(first), _flat(second)
    names = list(dict.fromkeys([*one, *other]))
    return [Setting(name, one.get(name, "unset"), other.get(name, "unset")) for name in names]


def _flat(record: RunRecord) -> dict[str, str]:
    manifest = record.manifest
    found: dict[str, Any] = {
        "input": manifest.input.get("path"),
        "content of the input": str(manifest.input.get("sha256"))[:16],
        "seed": manifest.seed,
        "device": manifest.device,
        "program": manifest.program,
    }
    for stage, options in record.settings.items():
        found |= _prefixed(stage, options)
    found |= _prefixed("chosen", record.chosen)
    found |= _prefixed("version of", manifest.versions, " ")
    return {name: setting_text(value) for name, value in found.items()}


def _prefixed(prefix: str, values: Mapping[str, Any], between: str = ".") -> dict[str, Any]:
    return {f"{prefix}{between}{key}": value for key, value in values.items()}
