"""Images: decibels against seconds, beside the paper's settings, classical solvers and interpolation.

    python benchmarks/images.py --data FOLDER

FOLDER holds ``images/`` with camera.png, chelsea.png and kodim23.png. Seconds are those of fitting, on the
wall; imports, reading and judging are not counted. All networks have about 198,000 parameters unless the
row says more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from machine import describe_machine, source_commit
from record import Record, SettingsDiffer

HERE = Path(__file__).parent
Array = np.ndarray[Any, Any]
Measurement = Callable[[Array], dict[str, Any]]
BESIDE = ("held_out", "bicubic", "psnr_up_to_constant", "classical_psnr")

VALUES = ("camera 256", "camera 512", "chelsea", "kodim23")
LONG = ("kodim23", "camera 512")
HALVES = ("camera 512", "chelsea", "kodim23")
"""Images of which every second sample along both axes is fitted and the others are judged."""


def image(folder: Path, name: str) -> Array:
    """(h, w, c) float32 in [0, 1]; camera 256 is the mean over 2 x 2 pixels of the file."""
    from PIL import Image

    file, _, size = name.partition(" ")
    u = np.asarray(Image.open(folder / "images" / f"{file}.png"), np.float32) / 255
    u = u[..., None] if u.ndim == 2 else u
    if size == "256":
        u = u.reshape(256, 2, 256, 2, 1).mean(axis=(1, 3))
    return u


def fitted(u: Array, seconds: float, *, grown: bool = False, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The field, and what its fit took; steps are set before by a measurement that is not counted, and so is
    the width with ``grown``, as ``--time`` does it."""
    import torch

    from sdf_siren.fitting import fit_signal, resolve_signal_settings, signal_settings_within
    from sdf_siren.fitting.signal_cost import seconds_per_step
    from sdf_siren.signals import IMAGE, Signal

    signal = Signal(u, IMAGE, source="image")
    if grown:
        options["width"] = signal_settings_within(signal, seconds, **options).get("width")
    chosen = resolve_signal_settings(signal, **options)
    steps = max(1, int(seconds / seconds_per_step(signal, chosen, torch.device("cpu"))))
    start = time.perf_counter()
    field = fit_signal(signal, steps=steps, device="cpu", **options)
    taken = time.perf_counter() - start
    return field, {
        "seconds": taken,
        "steps": steps,
        "width": chosen.width,
        "parameters": field.record["parameters"],
    }


def by_values(u: Array, seconds: float, **options: Any) -> dict[str, Any]:
    """Told all values."""
    from sdf_siren.signals.fidelity import psnr, ssim

    field, row = fitted(u, seconds, **options)
    found = np.clip(field.on_grid(field.frame.axes()), 0, 1)
    return row | {"psnr": psnr(found, u, 1.0), "ssim": ssim(found, u, 1.0)}


def by_half(u: Array, seconds: float, **options: Any) -> dict[str, Any]:
    """Told every second value along both axes; judged at the others, beside bicubic interpolation there."""
    from scipy.interpolate import RectBivariateSpline

    from sdf_siren.signals.fidelity import psnr

    u = u[: u.shape[0] // 2 * 2, : u.shape[1] // 2 * 2]
    known = np.ascontiguousarray(u[::2, ::2])
    field, row = fitted(known, seconds, **options)
    places = [np.arange(n) / 2 for n in u.shape[:2]]
    found = np.clip(field.on_grid(places), 0, 1)
    # Not the last row and column, which no method can interpolate.
    judged = np.ones(u.shape[:2], bool)
    judged[::2, ::2] = judged[-1] = judged[:, -1] = False
    axes = [np.arange(n) for n in known.shape[:2]]
    splines = [RectBivariateSpline(*axes, known[..., c])(*places) for c in range(u.shape[2])]
    bicubic = np.clip(np.stack(splines, axis=-1), 0, 1)
    return row | {
        "psnr": psnr(found[::2, ::2], known, 1.0),
        "held_out": psnr(found[judged], u[judged], 1.0),
        "bicubic": psnr(bicubic[judged], u[judged], 1.0),
    }


def by_derivatives(u: Array, seconds: float, of: str, **options: Any) -> dict[str, Any]:
    """Told derivatives alone (and the mean, or the border); the classical solution beside it."""
    from sdf_siren.signals import integration, spectral
    from sdf_siren.signals.differences import differences, second_differences
    from sdf_siren.signals.fidelity import psnr, psnr_up_to_constant

    stencil, mean = options.get("derivative", "stencil") == "stencil", u.mean(axis=(0, 1))
    solve: Callable[[], Array]
    if of == "gradient":
        told: Any = differences(u) if stencil else spectral.gradient(u)
        back = integration.from_differences if stencil else integration.from_gradient
        solve = lambda: back(told, mean)  # noqa: E731
    elif stencil:
        told = second_differences(u)
        solve = lambda: integration.from_second_differences(told, u)  # noqa: E731
    else:
        told = spectral.laplacian(u)
        solve = lambda: integration.from_laplacian(told, mean)  # noqa: E731
    solve()
    start = time.perf_counter()
    classical = solve()
    solving = time.perf_counter() - start
    field, row = fitted(u, seconds, value_weight=0.0, **{f"{of}_weight": 1.0}, **options)
    found = field.on_grid(field.frame.axes())
    return row | {
        "psnr": psnr(found, u, 1.0),
        "psnr_up_to_constant": psnr_up_to_constant(found, u, 1.0),
        "classical_psnr": min(psnr(classical, u, 1.0), 300.0),
        "classical_seconds": solving,
    }


def rows(scale: float) -> list[tuple[str, str, Measurement]]:
    """(case, method, measurement); ``scale`` shortens every time."""
    minute, five = 60 * scale, 300 * scale

    def call(f: Callable[..., dict[str, Any]], *given: Any, **options: Any) -> Measurement:
        return lambda u: f(u, *given, **options)

    found = [(name, "values", call(by_values, minute)) for name in VALUES]
    found += [("camera 256", "values, paper", call(by_values, minute, quality="paper"))]
    found += [(name, "half, smooth", call(by_half, minute, smooth=True)) for name in HALVES]
    found += [("camera 512", "half", call(by_half, minute))]
    for of in ("gradient", "laplacian"):
        for derivative in ("stencil", "spectral"):
            told = call(by_derivatives, minute, of, derivative=derivative)
            found.append(("camera 256", f"{of}, {derivative}", told))
        cold = call(by_derivatives, minute, of, warm_start=False)
        found.append(("camera 256", f"{of}, stencil, cold", cold))
    found += [(name, "values, 5 minutes", call(by_values, five, grown=True)) for name in LONG]
    found += [(name, "values, smooth", call(by_values, minute, smooth=True)) for name in LONG]
    found += [(name, "half", call(by_half, minute)) for name in HALVES[1:]]
    return found


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--case", "cases", multiple=True, help="All unless given.")
@click.option("--method", "methods", multiple=True, help="All unless given.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--scale", type=float, default=1.0, help="Of all times, for a rehearsal.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON, new or to be extended.")
def images(
    data: Path,
    cases: tuple[str, ...],
    methods: tuple[str, ...],
    threads: int,
    scale: float,
    output: Path | None,
) -> None:
    """Fit images and judge them."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"images-{now:%Y%m%d-%H%M}.json"
    try:
        record = Record(output, {**describe_machine(now), "settings": {"threads": threads, "scale": scale}})
    except SettingsDiffer as error:
        raise click.UsageError(f"{output} cannot be extended: {error}") from None
    for case, method, measure in rows(scale):
        wanted = case in (cases or [case]) and method in (methods or [method])
        if not wanted or record.find(case, 0, method) is not None:
            continue
        row = {"case": case, "seed": 0, "method": method, "commit": source_commit()}
        row |= measure(image(data, case))
        record.add(row)
        click.echo(line(row))
        output.with_suffix(".md").write_text(table(record.document), encoding="utf-8")


def line(row: dict[str, Any]) -> str:
    """One row as a table's line."""
    others = {name: value for name, value in row.items() if name in BESIDE}
    beside = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in others.items())
    if "classical_seconds" in row:
        beside += f" in {row['classical_seconds'] * 1000:.1f} ms"
    cells = [row["case"], row["method"], f"{row['psnr']:.2f}", beside, f"{row['seconds']:.1f}"]
    return f"| {' | '.join(cells)} | {row['steps']} | {row['parameters']:,} |"


def table(document: dict[str, Any]) -> str:
    """Markdown."""
    machine = document["machine"]
    head = [
        f"Measured {document['date']} on {machine['cpu']}, {machine['cores']} cores; "
        f"torch {document['versions']['torch']}; two threads; no GPU was used.",
        "",
        "| image | told | PSNR, dB | beside it, dB | s | steps | parameters |",
        "|---|---|---:|---|---:|---:|---:|",
    ]
    return "\n".join([*head, *map(line, document["rows"]), ""])


if __name__ == "__main__":
    images()
