"""``write.preview``: a picture of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import MissingLibraryError


@dataclass(frozen=True)
class WritePreview(Stage):
    """Renders scan and mesh into the run folder; without a renderer it says so and goes on."""

    name: ClassVar[str] = "write.preview"
    needs: ClassVar[tuple[str, ...]] = ("mesh",)
    uses: ClassVar[tuple[str, ...]] = ("points",)
    fills_folder: ClassVar[bool] = True

    up: str = option("y", "The axis that points up in the picture.", choices=("x", "y", "z"))

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.render import write_preview

        scan = artifacts.get("points")
        views = 4 if scan is None else 3  # with the scan, four pictures
        try:
            write_preview(artifacts["mesh"], context.kept_folder / PREVIEW, scan, views=views, up=self.up)
        except MissingLibraryError as error:
            # The mesh is written by now; a missing picture is no reason to call the job failed.
            context.note(f"no preview: {error}")
        return {}
