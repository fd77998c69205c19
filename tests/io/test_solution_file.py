"""Solution files: what is read solves the same problem in the same way."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sdf_siren.conditions import Solution, ansatz_for
from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import Siren, SirenShape
from sdf_siren.io.problem_file import read_problem
from sdf_siren.io.solution_file import load_solution, write_solution

PROBLEMS = Path(__file__).parents[2] / "data" / "problems"


def solution_of(problem):
    """Any numbers in the problem's own form."""
    generator = torch.Generator().manual_seed(1)

    def draw(*size):
        return torch.randn(*size, generator=generator, dtype=torch.float64)

    ansatz, outputs = ansatz_for(problem), 2 if problem.is_complex else 1
    d, k = problem.domain.dimension, len(ansatz.columns)
    shape = SirenShape(inputs=d, outputs=outputs, width=5, hidden_layers=0)
    network = Siren(shape, [draw(5, d), draw(outputs, 5)], [draw(5), draw(outputs)])
    amplitudes = torch.complex(draw(k), draw(k)) if problem.is_complex else draw(k)
    return Solution(ansatz, network, amplitudes)


@pytest.mark.parametrize("name", ["poisson", "l_shape", "disk", "point_source", "wave_pulse"])
def test_round_trip(tmp_path, name):
    problem = read_problem(PROBLEMS / f"{name}.toml")
    given = solution_of(problem)
    write_solution(given, PROBLEMS / f"{name}.toml", tmp_path / "s.safetensors")
    again, found = load_solution(tmp_path / "s.safetensors")
    assert again.title == problem.title
    x = problem.domain.interior(20, 0)
    assert torch.equal(found.value(x), given.value(x))
    assert torch.equal(found.residual(again.interior_rows(x)), given.residual(problem.interior_rows(x)))


@pytest.fixture
def damaged(tmp_path):
    """A file of which ``change(description, tensors)`` altered the contents."""

    def damage(change):
        path = tmp_path / "s.safetensors"
        write_solution(solution_of(read_problem(PROBLEMS / "l_shape.toml")), PROBLEMS / "l_shape.toml", path)
        with safe_open(path, framework="pt") as file:
            description = json.loads(file.metadata()["sdf-siren"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        change(description, tensors)
        save_file(tensors, path, metadata={"sdf-siren": json.dumps(description)})
        return path

    return damage


@pytest.mark.parametrize(
    "change",
    [
        lambda d, t: d.update(format="other"),
        lambda d, t: d["architecture"].update(width=10**6, hidden_layers=5),
        lambda d, t: d["architecture"].update(width="wide"),
        lambda d, t: d.pop("problem"),
        lambda d, t: d.update(problem='equation = "poisson"'),
        lambda d, t: d.update(problem=3),
        lambda d, t: t.pop("weights.0"),
        lambda d, t: t.update(amplitudes=t["amplitudes"][1:].clone()),
        lambda d, t: t.update(amplitudes=t["amplitudes"][:, 0].clone()),
        lambda d, t: t["biases.0"].fill_(float("nan")),
    ],
)
def test_damage(damaged, change):
    path = damaged(change)
    with pytest.raises(InputError) as caught:
        load_solution(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64])
@pytest.mark.parametrize("names", [["weights.0"], ["biases.1"], ["amplitudes"], None])
def test_numbers_of_another_type_are_refused(damaged, names, dtype):
    path = damaged(lambda d, t: t.update({name: t[name].to(dtype) for name in names or list(t)}))
    with pytest.raises(InputError, match=r"s\.safetensors: expected .* of the type float64, found"):
        load_solution(path)


def test_undamaged(damaged):
    load_solution(damaged(lambda d, t: None))


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_solution(tmp_path / "nothing.safetensors")
    (tmp_path / "text.safetensors").write_text("text")
    with pytest.raises(InputError, match="not a solution file"):
        load_solution(tmp_path / "text.safetensors")


def test_other_networks_are_not_written(tmp_path):
    given = solution_of(read_problem(PROBLEMS / "poisson.toml"))
    other = dataclasses.replace(given, network=object())
    with pytest.raises(UsageError, match="expected a SIREN"):
        write_solution(other, PROBLEMS / "poisson.toml", tmp_path / "s.safetensors")
    assert not list(tmp_path.iterdir())
