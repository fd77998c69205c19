"""The figures of a run in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdf_siren.report.markup import element
from sdf_siren.report.record import RunRecord


def counted(number: int, noun: str) -> str:
    """``1 piece``, ``2 pieces``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def length(value: float | None) -> str | None:
    """A length in the scan's units, to three digits."""
    return None if value is None else f"{value:.3g}"


def setting_text(value: Any) -> str:
    """A setting as TOML would write it, but for its quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(setting_text, value)) if isinstance(value, list | tuple) else str(value)


def mesh_verdict(measures: Mapping[str, Any]) -> str | None:
    """One sentence: what the mesh is, and how near the scan it is; None where nothing was measured."""
    if "faces" not in measures:
        return None
    closed = "watertight" if measures.get("watertight") else "not watertight"
    pieces = counted(measures.get("components", 0), "piece")
    told = f"{counted(measures['faces'], 'triangle')}, {closed}, {pieces}"
    if measures.get("residual_median") is None:
        return f"{told}."
    return (
        f"{told}. Half of the scan's points are within {length(measures['residual_median'])} of the fitted "
        f"surface, 95 % within {length(measures.get('residual_p95'))} (scan's units)."
    )


def mesh_rows(measures: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Of the mesh; None where a figure is not known."""
    return [
        ("Triangles", _whole(measures.get("faces"))),
        ("Vertices", _whole(measures.get("vertices"))),
        ("Watertight", _yes(measures.get("watertight"))),
        ("Pieces", _whole(measures.get("components"))),
        ("Pieces removed, far from the scan", _some(measures.get("components_removed"))),
        ("Edges at a border", _some(measures.get("boundary_edges"))),
        ("Edges of three or more triangles", _some(measures.get("non_manifold_edges"))),
        ("Volume", length(measures.get("volume"))),
        ("Fit to the scan, median", length(measures.get("residual_median"))),
        ("Fit to the scan, 95 %", length(measures.get("residual_p95"))),
        ("Points of the scan without mesh", _share(measures.get("points_missed"))),
        ("Normals of the scan against the surface", _share(measures.get("normals_against"))),
        ("Normals of the scan that were turned", _share((measures.get("sides") or {}).get("turned"))),
    ]


def scan_rows(record: RunRecord) -> list[tuple[str, object]]:
    """Of the points that were read."""
    return [
        ("Points", _whole(record.manifest.measures.get("points"))),
        ("Normals", _normals(record)),
    ]


def signal_verdict(measures: Mapping[str, Any]) -> str | None:
    """One sentence: how near the fit is to the samples; None where nothing was measured."""
    if "psnr" not in measures:
        return None
    reached = decibels(measures["psnr"])
    told = f"{reached} at the samples" if reached else "no error at the samples"
    if measures.get("ssim") is not None:
        told += f", SSIM {measures['ssim']:.4f}"
    return (
        f"{told[0].upper()}{told[1:]}, by a network of {counted(measures.get('parameters', 0), 'parameter')}."
    )


def signal_rows(measures: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Of the fit of an image, a sound or a video; None where a figure is not known."""
    titles = {
        "psnr": "PSNR",
        "psnr_up_to_constant": "PSNR up to a constant",
        "gradient_psnr": "PSNR of the gradient",
        "laplacian_psnr": "PSNR of the Laplacian",
        "difference_psnr": "PSNR of differences",
        "second_difference_psnr": "PSNR of second differences",
        "held_out_psnr": "PSNR at samples kept back",
        "integral_psnr": "PSNR of the classical integral",
    }
    ssim = measures.get("ssim")
    rows: list[tuple[str, object]] = [
        (title, decibels(measures.get(name)) if name in measures else None) for name, title in titles.items()
    ]
    return [
        rows[0],
        ("SSIM", None if ssim is None else f"{ssim:.4f}"),
        *rows[1:],
        ("Parameters", _whole(measures.get("parameters"))),
    ]


def decibels(value: float | None) -> str | None:
    """To two digits; the journal has None for infinity."""
    return None if value is None else f"{value:.2f} dB"


def file_rows(record: RunRecord) -> list[tuple[str, object]]:
    """Of the file that was read."""
    source = record.manifest.input
    return [
        ("File", source.get("path")),
        ("Size", f"{source['bytes']:,} bytes" if isinstance(source.get("bytes"), int) else None),
        ("SHA-256", element("code", source["sha256"]) if "sha256" in source else None),
    ]


def run_rows(record: RunRecord) -> list[tuple[str, object]]:
    """When, where and with what."""
    manifest = record.manifest
    return [
        ("Output", manifest.output),
        ("Begun", manifest.started),
        ("Resumed", counted(manifest.resumed, "time") if manifest.resumed else None),
        ("Seed", str(manifest.seed)),
        ("Device asked for", manifest.device),
        ("Threads asked for", None if manifest.threads is None else str(manifest.threads)),
        ("Program", f"sdf-siren {manifest.program}"),
        ("Machine", manifest.platform),
        ("Versions", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())),
    ]


def _normals(record: RunRecord) -> str | None:
    given = record.manifest.measures.get("normals_in_file")
    if given is None:
        return None
    mode = record.settings.get("filter.normals", {}).get("mode")
    return "estimated from the points" if not given or mode == "estimate" else "from the file, checked"


def _whole(value: object) -> str | None:
    return f"{value:,}" if isinstance(value, int) else None


def _some(value: object) -> str | None:
    """A count that is worth a line only if there are any."""
    return _whole(value) if value else None


def _share(value: float | None) -> str | None:
    """In per cent; not worth a line where it is zero."""
    return f"{100 * value:.2f} %" if value else None


def _yes(value: object) -> str | None:
    return None if value is None else "yes" if value else "no"
