"""Four activations trained on an equation's residual alone, side by side on one sheet.

    python benchmarks/pde_comparison.py -o sheet.png --problem p1 --seconds 60

SIREN, tanh, ReLU and ReLU behind a positional encoding, with the same number of parameters, the same
optimizer and the same seconds of one processor each; value, gradient and Laplacian of each under the exact
ones. Prints the errors as JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Operator, Problem, helmholtz, poisson
from sdf_siren.domains import Box
from sdf_siren.fitting.comparison import Portrait, compare_activations
from sdf_siren.fitting.residual_training import OPTIMIZERS
from sdf_siren.jets import Jet, JetFunction

PIXELS = 200
"""Points, and pixels, along each side of a picture."""
MARGIN, HEAD, LEFT, LINE = 12, 96, 170, 20
COOL, MIDDLE, WARM = (33, 82, 163), (247, 247, 244), (178, 38, 44)
INK, GREY = (20, 20, 20), (95, 95, 95)
RELU_NOTE = (
    "ReLU without encoding is linear between kinks: its own Laplacian is zero almost everywhere.",
    "What is shown of it, and all it can be trained by, comes from the factor that makes u zero on the rim.",
)


def problem_named(name: str) -> Problem:
    """P1 or H1 (1,4,1) of the benchmark."""

    def waves(a: float, b: float) -> JetFunction:
        def exact(x: Tensor) -> Jet:
            u, v = Jet.coordinates(x)
            return jets.sin(u * (a * math.pi)) * jets.sin(v * (b * math.pi))

        return exact

    def problem(low: float, operator: Operator, exact: JetFunction, title: str) -> Problem:
        box = Box((low, low), (1.0, 1.0))
        zero = BoundaryCondition("dirichlet", box.parts)
        return Problem(box, operator, lambda x: operator.applied(exact(x), x), (zero,), exact, title)

    if name == "p1":
        return problem(0.0, poisson(), waves(1, 1), "-lap u = 2 pi^2 sin(pi x) sin(pi y) on [0, 1]^2")
    unit = helmholtz(lambda x: Jet.constant(1.0, x))
    return problem(-1.0, unit, waves(1, 4), "lap u + u = f with u = sin(pi x) sin(4 pi y) on [-1, 1]^2")


def grid(problem: Problem) -> Tensor:
    """Centres of the pixels, row by row from the top."""
    low, high = problem.domain.bounds
    t = (torch.arange(PIXELS, dtype=torch.float64) + 0.5) / PIXELS
    y, x = torch.meshgrid(high[1] - t * (high[1] - low[1]), low[0] + t * (high[0] - low[0]), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def picture(values: Tensor, limit: float, *, signed: bool) -> Image.Image:
    """Values as colours: blue below zero, red above, or from white to red; beyond the limit they saturate."""
    v: NDArray[np.float64] = (values.reshape(PIXELS, PIXELS) / limit).clamp(-1, 1).numpy()[:, :, None]
    ends = np.where(v < 0, np.array(COOL), np.array(WARM)) if signed else np.array(WARM)
    colours = np.array(MIDDLE) + np.abs(v) * (ends - np.array(MIDDLE))
    return Image.fromarray(np.nan_to_num(colours).round().astype(np.uint8))


def draw(portraits: list[Portrait], title: str, optimizer: str) -> Image.Image:
    """The sheet: a row per network, the exact solution first."""
    exact = portraits[0]
    across, down = PIXELS + MARGIN, PIXELS + LINE + MARGIN
    sheet = Image.new("RGB", (LEFT + 3 * across + MARGIN, HEAD + len(portraits) * down + 2 * LINE), "white")
    pen = ImageDraw.Draw(sheet)
    bold, plain, small = (ImageFont.load_default(size) for size in (17, 14, 12))
    seconds = max(p.seconds for p in portraits)
    pen.text((MARGIN, 10), title, INK, bold)
    subtitle = f"trained on the residual alone, {optimizer.upper()}, {seconds:.0f} s of one processor each"
    pen.text((MARGIN, 36), subtitle, GREY, plain)
    columns = [
        ("value", lambda p: p.value, True),
        ("gradient, length", lambda p: p.gradient.norm(dim=1), False),
        ("Laplacian", lambda p: p.laplacian, True),
    ]
    for k, (name, _, _) in enumerate(columns):
        pen.text((LEFT + k * across, HEAD - 24), name, INK, plain)
    for row, portrait in enumerate(portraits):
        top = HEAD + row * down
        for line, text in enumerate(_caption(portrait)):
            pen.text((MARGIN, top + LINE * line), text, INK if line == 0 else GREY, small if line else plain)
        for k, (_, of, signed) in enumerate(columns):
            limit = float(of(exact).abs().max())
            sheet.paste(picture(of(portrait), limit, signed=signed), (LEFT + k * across, top))
            if portrait is exact:
                note = f"largest {limit:.3g}"
            else:
                note = f"relative error {portrait.errors(exact)[k]:.1e}"
            pen.text((LEFT + k * across, top + PIXELS + 2), note, INK, small)
    for line, note in enumerate(RELU_NOTE):
        pen.text((MARGIN, HEAD + len(portraits) * down + 2 + 16 * line), note, INK, small)
    return sheet


def _caption(portrait: Portrait) -> list[str]:
    if not portrait.parameters:
        return ["exact"]
    name, _, rest = portrait.name.partition(", ")
    return [
        name,
        *([rest] if rest else []),
        f"{portrait.parameters} parameters",
        f"{portrait.steps} steps",
        f"residual {portrait.indicator:.1e}",
    ]


def main() -> None:
    """Train, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--problem", choices=("p1", "h1"), default="p1")
    parser.add_argument("--seconds", type=float, default=60.0, help="of one processor for each network")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="soap")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    problem = problem_named(chosen.problem)
    portraits = compare_activations(
        problem,
        grid(problem),
        chosen.seconds,
        optimizer=chosen.optimizer,
        seed=chosen.seed,
        report=lambda p: sys.stderr.write(f"{p.name}: {p.steps} steps, residual {p.indicator:.2e}\n"),
    )
    draw(portraits, problem.title, chosen.optimizer).save(chosen.output)
    exact = portraits[0]
    errors = {
        p.name: dict(zip(("value", "gradient", "laplacian"), p.errors(exact), strict=True))
        for p in portraits[1:]
    }
    sys.stdout.write(json.dumps(errors, indent=1) + "\n")


if __name__ == "__main__":
    main()
