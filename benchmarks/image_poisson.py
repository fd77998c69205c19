"""An image from its derivatives alone, by four networks: the image as the solution of Poisson's equation.

    python benchmarks/image_poisson.py -o sheet.png --told laplacian --seconds 60

SIREN, tanh, ReLU and ReLU behind a positional encoding, with as many parameters and seconds each, are told
the gradients or the Laplacian of the image's cosine interpolant at the pixels, and nothing of its values
(Sitzmann et al. 2020, sec. 4.1); the constant that these leave open is the image's. Prints decibels as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

CAMERA = Path(__file__).parents[1] / "data" / "images" / "camera.png"
TOLD = {
    "gradient": {"gradient_weight": 1.0},
    "laplacian": {"laplacian_weight": 0.1},
}
"""Weights; those of values are zero."""


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--image", type=click.Path(path_type=Path), default=CAMERA)
@click.option("--pixels", type=click.IntRange(16), default=256, show_default=True, help="Of the longer side.")
@click.option("--told", type=click.Choice(list(TOLD)), default="gradient", show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Of each fit.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--parameters", type=click.IntRange(100), default=None, help="Of each network, about.")
def image_poisson(
    output: Path, image: Path, pixels: int, told: str, seconds: float, threads: int, parameters: int | None
) -> None:
    """Fit all four and draw them on one sheet."""
    import torch
    from PIL import Image

    from sdf_siren.fitting import compare_networks
    from sdf_siren.io import read_image
    from sdf_siren.render import write_signal_comparison

    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder, Image.open(image) as picture:
        picture.thumbnail((pixels, pixels))
        picture.save(Path(folder) / "image.png")
        signal = read_image(Path(folder) / "image.png")
    portraits, curves = compare_networks(
        signal,
        seconds,
        value_weight=0.0,
        derivative="spectral",
        warm_start=False,
        smooth=True,  # else a SIREN has the right slopes at the pixels and waves of its own between them
        parameters=parameters,
        report=lambda p: sys.stderr.write(f"{p.name}: {p.steps} steps, {p.psnr[0]:.1f} dB\n"),
        **TOLD[told],
    )
    write_signal_comparison(output, portraits, curves, low=signal.format.low, high=signal.format.high)
    figures = {
        p.name: {
            "parameters": p.parameters,
            "steps": p.steps,
            "seconds": round(p.seconds, 1),
            **dict(zip(("value", "gradient", "laplacian"), (round(x, 2) for x in p.psnr), strict=True)),
        }
        for p in portraits[1:]
    }
    click.echo(json.dumps({"told": told, "pixels": signal.shape, **figures}, indent=1))


if __name__ == "__main__":
    image_poisson()
