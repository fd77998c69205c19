"""The inverse Helmholtz experiment: slowness from receivers, with its error and its picture.

    python benchmarks/inverse_helmholtz.py -o sheet.png

Data are simulated by other networks and points than those that invert them, and have noise.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import click


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("inverse_helmholtz.png"))
@click.option(
    "--noise", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Of the data's RMS."
)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
def inverse(output: Path, noise: float, threads: int) -> None:
    """Recover a slow and a fast spot from 8 sources and 48 receivers at k = 12."""
    import matplotlib
    import torch

    from sdf_siren.conditions import AbsorbingLayer, PointSource
    from sdf_siren.domains import Box
    from sdf_siren.fitting.inverse_scattering import Survey, recover_slowness, simulate

    matplotlib.use("Agg")
    from matplotlib import pyplot

    torch.set_num_threads(threads)

    def ring(count: int, radius: float, start: float = 0.0) -> torch.Tensor:
        angle = start + torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
        return radius * torch.stack([angle.cos(), angle.sin()], 1)

    def spot(x: torch.Tensor, height: float, centre: tuple[float, float], width: float) -> torch.Tensor:
        return height * torch.exp(-(x - x.new_tensor(centre)).square().sum(1) / (2 * width**2))

    def truth(x: torch.Tensor) -> torch.Tensor:
        return 1 + spot(x, 0.4, (0.1, -0.08), 0.09) + spot(x, -0.25, (-0.15, 0.1), 0.07)

    survey = Survey(
        wavenumber=12.0,
        sources=tuple(PointSource(tuple(p), 0.02) for p in ring(8, 0.44).tolist()),
        receivers=ring(48, 0.46, 0.03),
        box=Box([-1, -1], [1, 1]),
        layer=AbsorbingLayer((-1, -1), (1, 1), 0.5),
        centre=(0.0, 0.0),
        radius=0.42,
    )
    heard = simulate(survey, truth, seed=7)
    generator = torch.Generator().manual_seed(0)
    size = noise * heard.abs().square().mean().sqrt() / math.sqrt(2)
    parts = [torch.randn(heard.shape, generator=generator, dtype=torch.float64) for _ in range(2)]
    heard = heard + size * torch.complex(*parts)
    start = time.perf_counter()
    found = recover_slowness(survey, heard)
    seconds = time.perf_counter() - start
    side = torch.linspace(-0.45, 0.45, 121, dtype=torch.float64)
    x = torch.cartesian_prod(side, side)
    exact, value = truth(x), found.value(x)
    figures = {
        "noise": noise,
        "seconds": round(seconds, 1),
        "error of the anomaly, relative L2": round(float((value - exact).norm() / (exact - 1).norm()), 4),
        "largest error of the squared slowness": round(float((value - exact).abs().max()), 4),
        "misfit by step": [round(m, 5) for m in found.misfits],
        "misfit of receivers held out": round(found.held_out, 5),
        "regularisation": found.strength,
    }
    click.echo(json.dumps(figures, indent=1))
    drawing, axes = pyplot.subplots(1, 3, figsize=(13, 4.2), constrained_layout=True)
    panels = (("true squared slowness", exact), ("recovered", value), ("difference", value - exact))
    for axis, (title, field) in zip(axes, panels, strict=True):
        limits = (
            {"vmin": 0.7, "vmax": 1.45}
            if title != "difference"
            else {"cmap": "RdBu", "vmin": -0.1, "vmax": 0.1}
        )
        image = axis.imshow(field.reshape(121, 121).T, origin="lower", extent=(-0.45, 0.45) * 2, **limits)
        drawing.colorbar(image, ax=axis, shrink=0.85)
        axis.set_title(title)
        axis.plot(*survey.receivers.T, "k.", ms=2)
        axis.plot(*ring(8, 0.44).T, "r*", ms=5)
    drawing.savefig(output, dpi=90)
    click.echo(str(output))


if __name__ == "__main__":
    inverse()
