"""Two runs in figures and settings: what is the same, what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdf_siren.report.record import RunRecord
from sdf_siren.report.subject import Shown
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
    ("Points without mesh", "points_missed", ".2%"),
    ("PSNR, dB", "psnr", ".2f"),
    ("SSIM", "ssim", ".4f"),
    ("PSNR of the gradient, dB", "gradient_psnr", ".2f"),
    ("PSNR of the Laplacian, dB", "laplacian_psnr", ".2f"),
    ("PSNR at samples kept back, dB", "held_out_psnr", ".2f"),
    ("Parameters", "parameters", ","),
)


@dataclass(frozen=True)
class Figure:
    """A number of both runs.

    Attributes:
        title: what it is.
        first, second: as text; empty where it is not known.
        change: from the first to the second, in percent of the first, or how many times it, of decibels the
            difference; empty where that says nothing.
    """

    title: str
    first: str
    second: str
    change: str


def figures(first: Shown, second: Shown) -> list[Figure]:
    """All figures that at least one of two runs has: those of the runs, and those of their pages."""
    one, other = first.record.manifest, second.record.manifest
    rows = [
        _figure(title, one.measures.get(key), other.measures.get(key), form) for title, key, form in _FIGURES
    ]
    near, far = first.subject.figures(), second.subject.figures()
    rows += [_figure(title, near.get(title), far.get(title), ".3g") for title in {**near, **far}]
    rows.append(_figure("Seconds of the fit", _of_the_fit(one.seconds), _of_the_fit(other.seconds), ".1f"))
    rows.append(_figure("Seconds in all", sum(one.seconds.values()), sum(other.seconds.values()), ".1f"))
    return [row for row in rows if row.first or row.second]


def _of_the_fit(seconds: Mapping[str, float]) -> float | None:
    spent = [value for stage, value in seconds.items() if stage.startswith("fit.")]
    return sum(spent) if spent else None


def _figure(title: str, first: object, second: object, form: str) -> Figure:
    # Decibels are logarithms already.
    change = _difference(first, second) if title.endswith("dB") else _change(first, second)
    return Figure(title, _text(first, form), _text(second, form), change)


def _difference(first: object, second: object) -> str:
    known = isinstance(first, int | float) and isinstance(second, int | float)
    return f"{second - first:+.2f} dB" if known and first != second else ""  # type: ignore[operator]


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
