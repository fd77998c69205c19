"""The training step: closed form against autograd and the machine's own matrix product; whole steps.

    python benchmarks/step.py [--device cuda]

Needs no data. All contestants of a width run in turns in one process, and the best of several counts,
so that a busy moment of the machine hits them alike. With one thread the seconds are those of the processor:
what other processes take between is not counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import double_backward
import numpy as np
import torch
from commands import HERE
from machine import describe_machine

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting import QUALITIES
from sdf_siren.fitting.cost import WARM_UP
from sdf_siren.fitting.gradients import GradientEngine, chunks_for
from sdf_siren.fitting.recipe import network_of, objective_of, optimizer_of, rate_of, sampler_of
from sdf_siren.fitting.replay import BEFORE_RECORDING, recorded
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import resolve_settings
from sdf_siren.fitting.trainer import Trainer

WIDTHS = (64, 96, 128, 256, 512)
HIDDEN_LAYERS = 3
SQUARE = {"cpu": 2048, "cuda": 8192}
"""Side of the matrices whose product is the machine's peak."""

LEAST_SECONDS = 0.02
"""What is faster than this is timed several calls at a time."""

LARGEST_DIFFERENCE = {"highest": 1e-3, "high": 3e-2}
"""Relative, between the gradients of both ways, by torch's name of the precision; ``high`` is TF32."""

PRESET_STEPS = 100


@click.command()
@click.option("--device", default="cpu", show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--points", type=click.IntRange(1), default=1024, show_default=True)
@click.option("--width", "widths", type=click.IntRange(1), multiple=True, default=WIDTHS, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=8, show_default=True)
@click.option("--note", default="", help="What else the machine was doing; written into the result.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def step(
    device: str,
    threads: int,
    points: int,
    widths: tuple[int, ...],
    rounds: int,
    note: str,
    output: Path | None,
) -> None:
    """Measure steps of every width, and of every preset."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"step-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    place = torch.device(device)
    record: dict[str, Any] = {
        **describe_machine(now),
        "settings": {"device": device, "threads": threads, "points": points, "rounds": rounds, "note": note},
        "widths": [],
        "presets": [],
    }
    if place.type == "cuda":
        record["machine"]["gpu"] = torch.cuda.get_device_name(place)
    precisions = ("highest", "high") if place.type == "cuda" else ("highest",)
    for precision in precisions:
        torch.set_float32_matmul_precision(precision)
        for width in widths:
            record["widths"].append(measure_width(width, points, rounds, place, precision, threads))
            _write(record, output)
    torch.set_float32_matmul_precision("highest")
    scan = _bumpy_sphere(10_000)
    for quality in QUALITIES:
        record["presets"].append(measure_preset(quality, scan, place, threads))
        _write(record, output)
    click.echo(output.with_suffix(".md").read_text(encoding="utf-8"))
    click.echo(f"{output} and {output.with_suffix('.md').name}")


def measure_width(
    width: int, points: int, rounds: int, device: torch.device, precision: str, threads: int
) -> dict[str, Any]:
    """One step on ``points`` scan points, value and gradient at each, by both ways."""
    siren = initialise(SirenShape(3, 1, width, HIDDEN_LAYERS), seed=0, first_omega=60.0).to(device=device)
    batch = {"surface": _points_of(_bumpy_sphere(points)).to(str(device))}
    engine = GradientEngine(siren, double_backward.objective(), threads)
    module = double_backward.SirenModule(siren)
    parts = chunks_for(points) if device.type == "cpu" else 1
    rows, side = -(-points // parts), SQUARE[device.type]
    h, wide = torch.randn(rows, width, device=device), torch.randn(side, side, device=device)
    w, up, down = (torch.randn(width, width, device=device) for _ in range(3))
    out, wide_out = torch.empty_like(h), torch.empty_like(wide)
    captured = {"captured": captured_step(engine, batch, device)} if device.type == "cuda" else {}
    seconds = best_of(
        {
            "closed_form": lambda: engine(batch, 0.0),
            **captured,
            "autograd": lambda: double_backward.step(module, batch["surface"], points),
            "autograd_chunked": lambda: double_backward.step(module, batch["surface"], rows),
            "square": lambda: torch.mm(wide, wide, out=wide_out),
            "forward_product": lambda: torch.mm(h, w.T, out=out),
            "weight_product": lambda: up.addmm_(h.T, out, alpha=1e-6),
            "small_square": lambda: torch.mm(w, w, out=down),
        },
        rounds,
        clock_of(device, threads),
    )
    difference = _check(engine, batch, module, points, precision)
    autograd = min(seconds["autograd"], seconds["autograd_chunked"])
    flop = floating_point_operations(width, points)
    achieved, peak = flop / seconds["closed_form"] / 1e9, 2e-9 * side**3 / seconds["square"]
    return {
        "width": width,
        "precision": precision,
        "closed_form_milliseconds": 1e3 * seconds["closed_form"],
        **{f"{name}_milliseconds": 1e3 * seconds[name] for name in captured},
        "autograd_milliseconds": 1e3 * seconds["autograd"],
        "autograd_chunked_milliseconds": 1e3 * seconds["autograd_chunked"],
        "speedup": autograd / seconds["closed_form"],
        "gflops": achieved,
        "peak_gflops": peak,
        "of_peak": achieved / peak,
        "rows": rows,
        "forward_product_gflops": 2e-9 * rows * width**2 / seconds["forward_product"],
        "weight_product_gflops": 2e-9 * rows * width**2 / seconds["weight_product"],
        "square_of_this_width_gflops": 2e-9 * width**3 / seconds["small_square"],
        "relative_difference": difference,
    }


def captured_step(
    engine: GradientEngine, batch: dict[str, PointGroup], device: torch.device
) -> Callable[[], object]:
    """The step as the program does it on a GPU, with its kernels replayed."""
    for _ in range(BEFORE_RECORDING):
        engine(batch, 0.0)
    return recorded(lambda: engine(batch, 0.0), device)[0]


def floating_point_operations(width: int, points: int) -> int:
    """Of the matrix products of a step with value and gradient at every point; no sine, no sum.

    Six products of 2 H^2 per hidden layer and point; five of 6 H at the first layer, which passes nothing
    on below; three of 2 H at the last.
    """
    return points * (12 * width**2 * HIDDEN_LAYERS + 30 * width + 6 * width)


def measure_preset(quality: str, scan: PointCloud, device: torch.device, threads: int) -> dict[str, Any]:
    """Whole optimizer steps of a preset, as the program does them, and how their time divides.

    The parts are timed apart, launched one by one: on a GPU each look at the clock waits for the device.
    """
    oriented = oriented_scan(scan)
    warm_up = WARM_UP[device.type]
    settings = resolve_settings(oriented.gauge, quality, steps=warm_up + PRESET_STEPS)
    network = network_of(settings, seed=0).to(device=device)
    engine = GradientEngine(network, objective_of(settings), threads)
    optimizer, sampler = optimizer_of(settings, network), sampler_of(settings, oriented, 0, device)
    trainer = Trainer(network, engine, sampler, optimizer, rate_of(settings), seed=0)
    trainer.run(until=warm_up)
    clock = clock_of(device, threads)
    start = clock()
    trainer.run()
    seconds = clock() - start
    generator, rate = torch.Generator(device=device).manual_seed(0), rate_of(settings)

    def parts(index: int) -> tuple[float, float, float]:
        start = clock()
        batch = sampler.draw(generator, index)
        drawn = clock()
        gradients, _ = engine(batch, 0.0)
        computed = clock()
        optimizer.step(gradients, rate(index), trainer.step + index)
        return drawn - start, computed - drawn, clock() - computed

    sampling, gradient, optimizing = 1e3 * np.mean([parts(index) for index in range(PRESET_STEPS)], axis=0)
    return {
        "quality": quality,
        "width": settings.width,
        "points": settings.surface_points + settings.near_points + settings.far_points,
        "steps_per_second": PRESET_STEPS / seconds,
        "sampling_milliseconds": sampling,
        "gradient_milliseconds": gradient,
        "optimizer_milliseconds": optimizing,
    }


def best_of(
    work: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """The least seconds per call of each, measured in turns."""
    calls, least = {}, dict.fromkeys(work, float("inf"))
    for name, call in work.items():
        call()
        start = clock()
        call()
        calls[name] = max(1, round(LEAST_SECONDS / max(1e-7, clock() - start)))
    for _ in range(rounds):
        for name, call in work.items():
            start = clock()
            for _ in range(calls[name]):
                call()
            least[name] = min(least[name], (clock() - start) / calls[name])
    return least


def clock_of(device: torch.device, threads: int) -> Callable[[], float]:
    """Seconds of the processor for one thread, else on the wall, once the device has done its work."""
    if device.type == "cuda":

        def now() -> float:
            torch.cuda.synchronize(device)
            return time.perf_counter()

        return now
    return time.process_time if threads == 1 else time.perf_counter


def _check(
    engine: GradientEngine,
    batch: dict[str, PointGroup],
    module: double_backward.SirenModule,
    points: int,
    precision: str,
) -> float:
    """The relative difference of both ways' gradients, which must be the same step."""
    double_backward.step(module, batch["surface"], points)
    expected = module.gradients()
    found = torch.cat([gradient.reshape(-1) for gradient in engine(batch, 0.0)[0]])
    difference = float((found - expected).norm() / expected.norm())
    if not difference < LARGEST_DIFFERENCE[precision]:
        raise click.ClickException(f"the gradients differ by {difference:.2g}: not the same step")
    return difference


def _bumpy_sphere(count: int) -> PointCloud:
    """A made-up scan with exact normals: a sphere with waves, as a level set of its implicit function."""
    generator = np.random.default_rng(0)
    direction = generator.standard_normal((count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = 0.7 + 0.1 * np.sin(5 * direction[:, :1])
    # The gradient of |x| - radius(x / |x|): the radial part, less the slope of the radius across it.
    slope = 0.5 * np.cos(5 * direction[:, :1]) * (np.eye(3)[0] - direction[:, :1] * direction)
    normals = direction - slope / radius
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return PointCloud(direction * radius, normals.astype(np.float32))


def _points_of(cloud: PointCloud) -> PointGroup:
    assert cloud.normals is not None
    return PointGroup(torch.from_numpy(cloud.points.astype(np.float32)), torch.from_numpy(cloud.normals))


def _write(record: dict[str, Any], output: Path) -> None:
    output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(markdown(record), encoding="utf-8")


def markdown(record: dict[str, Any]) -> str:
    """Both tables."""
    machine, settings = record["machine"], record["settings"]
    lines = [
        f"{record['date']}, {machine.get('gpu') or machine['cpu']}, {settings['threads']} thread(s), "
        f"torch {record['versions']['torch']}; {settings['points']} points with value and gradient, best of "
        f"{settings['rounds']}{', ' + settings['note'] if settings.get('note') else ''}.",
        "",
        "| width | precision | closed form ms | as a CUDA graph | autograd ms | in chunks ms "
        "| times faster | GFLOP/s | peak | of peak | product of layers | of weights | square |",
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in record["widths"]:
        lines.append(
            f"| {row['width']} | {'TF32' if row['precision'] == 'high' else 'float32'} "
            f"| {row['closed_form_milliseconds']:.2f} | {_or_dash(row.get('captured_milliseconds'))} "
            f"| {row['autograd_milliseconds']:.2f} "
            f"| {row['autograd_chunked_milliseconds']:.2f} | {row['speedup']:.2f} | {row['gflops']:.1f} "
            f"| {row['peak_gflops']:.1f} | {100 * row['of_peak']:.0f} % "
            f"| {row['forward_product_gflops']:.1f} | {row['weight_product_gflops']:.1f} "
            f"| {row['square_of_this_width_gflops']:.1f} |"
        )
    lines += [
        "",
        "The last three columns are single products at the sizes that occur, GFLOP/s.",
        "",
        "| preset | width | points | steps/s | gradient ms | optimizer ms | sampling ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in record["presets"]:
        lines.append(
            f"| {row['quality']} | {row['width']} | {row['points']} | {row['steps_per_second']:.1f} "
            f"| {row['gradient_milliseconds']:.2f} | {row['optimizer_milliseconds']:.2f} "
            f"| {row['sampling_milliseconds']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _or_dash(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.2f}"


if __name__ == "__main__":
    step()
