"""``read.survey``: waves that were measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadSurvey(Stage):
    """Reads a problem file (TOML) of an inverse problem and the measurements beside it, and checks both."""

    name: ClassVar[str] = "read.survey"
    gives: ClassVar[tuple[str, ...]] = ("problem",)
    prepares: ClassVar[bool] = True

    def reads(self, context: Context) -> tuple[Path, ...]:
        from sdf_siren.io import array_files

        return array_files(context.input)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_inverse_problem

        return {"problem": read_inverse_problem(context.input)}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        problem = artifacts["problem"]
        survey = problem.survey
        known = "known" if problem.exact is not None else "unknown"
        return [
            problem.title,
            f"{len(survey.sources)} sources, {len(survey.receivers)} receivers, wavelength "
            f"{survey.wavelength:.3g}; squared slowness {known}",
        ]
