"""Solution files: a solved equation as safetensors, the network beside the text of its problem file.

What surrounds the network follows from the problem, so the file needs no more than the text to rebuild it.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import torch

from sdf_siren.conditions import Problem, Solution, ansatz_for
from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import Siren, SirenShape
from sdf_siren.files import atomic_path
from sdf_siren.io.problem_file import parse_problem
from sdf_siren.io.tables import read_table

FORMAT = "sdf-siren solution 1"
_KEY = "sdf-siren"
_LARGEST_PARAMETERS = 100_000_000


def write_solution(solution: Solution, problem: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Write a solution of the problem file ``problem`` to ``path`` (.safetensors), atomically.

    Raises:
        InputError: the problem file cannot be read.
        UsageError: the path cannot be written, or the network is no SIREN.
    """
    from safetensors.torch import save_file

    _, text = read_table(Path(problem))
    network = solution.network
    if not isinstance(network, Siren):
        raise UsageError(f"{path}: expected a SIREN to write, found a {type(network).__name__}")
    shape = network.shape
    architecture = {
        "inputs": shape.inputs,
        "outputs": shape.outputs,
        "width": shape.width,
        "hidden_layers": shape.hidden_layers,
        "omega_0": shape.omega_0,
        "first_width": shape.first_width,
    }
    description = {
        "format": FORMAT,
        "problem": text,
        "name": Path(problem).name,
        "architecture": architecture,
    }
    amplitudes = solution.amplitudes
    parts = torch.view_as_real(amplitudes) if amplitudes.is_complex() else amplitudes[:, None]
    tensors = {"amplitudes": parts.contiguous()}  # the format has no complex numbers
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        tensors[f"weights.{layer}"] = weight.cpu().contiguous()
        tensors[f"biases.{layer}"] = bias.cpu().contiguous()
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: json.dumps(description)})


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
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            description = json.loads((file.metadata() or {}).get(_KEY, "null"))
            if not isinstance(description, dict) or description.get("format") != FORMAT:
                raise InputError(
                    f"{path}: expected a solution file ('{FORMAT}'), found other safetensors data"
                )
            shape = SirenShape(**description["architecture"])
            if shape.parameter_count > _LARGEST_PARAMETERS:
                raise InputError(
                    f"{path}: claims {shape.parameter_count} parameters, more than {_LARGEST_PARAMETERS}"
                )
            layers = range(len(list(pairwise(shape.sizes))))
            weights = [file.get_tensor(f"weights.{i}") for i in layers]
            biases = [file.get_tensor(f"biases.{i}") for i in layers]
            # A copy: the file's bytes lie anywhere, and complex products crash on addresses off 16 bytes.
            parts = file.get_tensor("amplitudes").clone()
        problem = parse_problem(
            str(description["problem"]), Path(folder) / Path(str(description["name"])).name
        )
        ansatz = ansatz_for(problem)
        amplitudes = torch.view_as_complex(parts) if parts.shape[1] == 2 else parts[:, 0]
        if amplitudes.shape != (len(ansatz.columns),) or shape.inputs != problem.domain.dimension:
            raise ValueError("network and problem do not fit")
        if not all(bool(t.isfinite().all()) for t in (*weights, *biases, amplitudes)):
            raise ValueError("NaN or infinity among the parameters")
        return problem, Solution(ansatz, Siren(shape, weights, biases), amplitudes)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise InputError(f"{path}: not a solution file written by this program ({error})") from None
