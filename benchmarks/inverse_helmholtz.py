"""The inverse Helmholtz experiment at other levels of noise: its error and its picture.

    python benchmarks/inverse_helmholtz.py -o sheet.png --noise 0.05

The measurements are those of data/problems/inverse_helmholtz.npz (finite differences, 1 % of noise); more
is added.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from pathlib import Path

import click

PROBLEM = Path(__file__).parents[1] / "data" / "problems" / "inverse_helmholtz.toml"


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("inverse_helmholtz.png"))
@click.option(
    "--noise", type=click.FloatRange(0.01, 1), default=0.01, show_default=True, help="Of the data's RMS."
)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
def inverse(output: Path, noise: float, threads: int) -> None:
    """Recover a slow and a fast spot from 8 sources and 48 receivers at k = 12."""
    import torch

    from sdf_siren.fitting import recover_slowness
    from sdf_siren.io import read_inverse_problem
    from sdf_siren.metrics import slowness_error, slowness_grid
    from sdf_siren.render import Hearing, write_slowness_sheet

    torch.set_num_threads(threads)
    problem = read_inverse_problem(PROBLEM)
    generator = torch.Generator().manual_seed(0)
    size = math.sqrt(noise**2 - 0.01**2) * problem.heard.abs().square().mean().sqrt() / math.sqrt(2)
    parts = [torch.randn(problem.heard.shape, generator=generator, dtype=torch.float64) for _ in range(2)]
    problem = dataclasses.replace(problem, heard=problem.heard + size * torch.complex(*parts))
    start, cpu = time.perf_counter(), time.process_time()
    found = recover_slowness(problem)
    figures = {
        "noise": noise,
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        **dataclasses.asdict(slowness_error(problem, found.slowness)),
        "misfit": found.misfit,
        "misfit of receivers held out": found.held_out,
        "regularisation": found.strength,
    }
    click.echo(json.dumps(figures, indent=1))
    survey = problem.survey
    tensors = (survey.source_positions, survey.receivers, problem.heard, found.predicted)
    hearing = Hearing(*(tensor.numpy() for tensor in tensors))
    write_slowness_sheet(slowness_grid(problem, found.slowness), output, hearing)
    click.echo(str(output))


if __name__ == "__main__":
    inverse()
