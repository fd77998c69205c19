"""Solution files: a solved equation as safetensors, the network beside the text of its problem file.

What surrounds the network follows from the problem, so the file needs no more than the text to rebuild it.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch

from sdf_siren.conditions import Problem, Solution, ansatz_for
from sdf_siren.errors import UsageError
from sdf_siren.fields import Siren
from sdf_siren.io.problem_file import parse_problem
from sdf_siren.io.tables import read_table
from sdf_siren.io.tensor_files import (
    architecture_of,
    opened,
    read_siren,
    tensors_of,
    write_tensors,
)

FORMAT = "sdf-siren solution 1"


def write_solution(solution: Solution, problem: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Write a solution of the problem file ``problem`` to ``path`` (.safetensors), atomically.

    Raises:
        InputError: the problem file cannot be read.
        UsageError: the path cannot be written, or the network is no SIREN.
    """
    _, text = read_table(Path(problem))
    network = solution.network
    if not isinstance(network, Siren):
        raise UsageError(f"{path}: expected a SIREN to write, found a {type(network).__name__}")
    description = {
        "format": FORMAT,
        "problem": text,
        "name": Path(problem).name,
        "architecture": architecture_of(network),
    }
    amplitudes = solution.amplitudes
    # The format has no complex numbers.
    parts = torch.view_as_real(amplitudes) if amplitudes.is_complex() else amplitudes[:, None]
    write_tensors(path, description, {"amplitudes": parts, **tensors_of(network)})


def load_solution(
    path: str | os.PathLike[str], folder: str | os.PathLike[str] = "."
) -> tuple[Problem, Solution]:
    """Read a problem and its solution as :func:`write_solution` wrote them.

    Args:
        path: the file.
        folder: where the problem file was, for its arrays.

    Raises:
        InputError: the file is missing, is not a solution file, or contradicts itself.
    """
    with opened(path, "a solution file", FORMAT) as file:
        network = read_siren(file, types=[torch.float64])
        # A copy: the file's bytes lie anywhere, and complex products crash on addresses off 16 bytes.
        parts = file.tensor("amplitudes", torch.float64).clone()
        text, name = str(file.description["problem"]), Path(str(file.description["name"])).name
        problem = parse_problem(text, Path(folder) / name)
        ansatz = ansatz_for(problem)
        amplitudes = torch.view_as_complex(parts) if parts.shape[1] == 2 else parts[:, 0]
        if amplitudes.shape != (len(ansatz.columns),) or network.shape.inputs != problem.domain.dimension:
            raise ValueError("network and problem do not fit")
        return problem, Solution(ansatz, network, amplitudes)
