"""``write.slowness``: the squared slowness, to be evaluated again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import FIELD
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteSlowness(Stage):
    """Writes network and region into the run folder, for ``sdf_siren.load_slowness``."""

    name: ClassVar[str] = "write.slowness"
    needs: ClassVar[tuple[str, ...]] = ("recovered",)
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_slowness

        write_slowness(artifacts["recovered"].slowness, context.kept_folder / FIELD)
        return {}
