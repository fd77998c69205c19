"""``measure.slowness``: how near a squared slowness is to the known one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class MeasureSlowness(Stage):
    """Records the error in the region where the squared slowness is known."""

    name: ClassVar[str] = "measure.slowness"
    needs: ClassVar[tuple[str, ...]] = ("problem", "recovered")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import slowness_error

        error = slowness_error(artifacts["problem"], artifacts["recovered"].slowness)
        if error is not None:
            context.record({"slowness": dataclasses.asdict(error)})
        return {}
