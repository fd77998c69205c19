"""``write.survey``: the picture of an inverse problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteSurvey(Stage):
    """Draws found and true squared slowness, and what receivers heard and would hear, into the run folder."""

    name: ClassVar[str] = "write.survey"
    needs: ClassVar[tuple[str, ...]] = ("problem", "recovered", "grid")
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.render import Hearing, write_slowness_sheet

        problem, recovered = artifacts["problem"], artifacts["recovered"]
        survey = problem.survey
        tensors = (survey.source_positions, survey.receivers, problem.heard, recovered.predicted)
        hearing = Hearing(*(tensor.numpy() for tensor in tensors))
        write_slowness_sheet(artifacts["grid"], context.kept_folder / PREVIEW, hearing)
        return {}
