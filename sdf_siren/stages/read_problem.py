"""``read.problem``: an equation, its domain and its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadProblem(Stage):
    """Reads a problem file (TOML) and checks its formulas, its domain and what holds on the boundary."""

    name: ClassVar[str] = "read.problem"
    gives: ClassVar[tuple[str, ...]] = ("problem",)
    prepares: ClassVar[bool] = True

    def reads(self, context: Context) -> tuple[Path, ...]:
        from sdf_siren.io import array_files

        return array_files(context.input)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_problem

        problem = read_problem(context.input)
        for note in problem.notes:
            context.note(note)
        return {"problem": problem}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        problem = artifacts["problem"]
        kind = "" if problem.operator.is_linear else "nonlinear "
        known = "known" if problem.exact is not None else "unknown"
        parts = ", ".join(problem.domain.parts)
        return [
            problem.title,
            f"{kind}{problem.operator.name}, {problem.domain.dimension} coordinates, solution {known}",
            f"boundary {parts if len(parts) <= 80 else f'of {len(problem.domain.parts)} parts'}",
        ]
