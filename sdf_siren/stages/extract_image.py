"""``extract.image``: the fit at the places that are asked for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage

if TYPE_CHECKING:
    from sdf_siren.signals.view import View


@dataclass(frozen=True)
class ExtractImage(Stage):
    """Evaluates the field at the samples, at another size or in a region; with derivatives if asked for."""

    name: ClassVar[str] = "extract.image"
    needs: ClassVar[tuple[str, ...]] = ("field", "signal")
    gives: ClassVar[tuple[str, ...]] = ("image", "maps")

    size: str | None = option(None, "WIDTHxHEIGHT; another than the image's own makes the fit smooth.")
    region: tuple[float, float, float, float] | None = option(
        None, "x0, y0, x1, y1 in pixels of the image: show only these."
    )
    export: str | None = option(
        None, "Derivatives to write beside the output: gradient, laplacian or both with a comma between."
    )

    def settled(self, artifacts: Artifacts, context: Context) -> ExtractImage:
        self._view(artifacts)  # what is too large is refused before the work
        return self

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import check_smooth, render_view
        from sdf_siren.signals.maps import parse_maps

        view, _ = self._view(artifacts)
        field, wanted = artifacts["field"], parse_maps(self.export)
        check_smooth(field, view)
        found = render_view(
            field, view, derivatives=bool(wanted), device=context.device, progress=context.progress
        )
        image = artifacts["signal"].with_samples(found.values)
        return {"image": image, "maps": {name: getattr(found, name) for name in wanted}}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        view, size = self._view(artifacts)
        return [f"{' x '.join(map(str, view.shape[::-1]))}, {size / 1e6:.0f} MB"]

    def _view(self, artifacts: Artifacts) -> tuple[View, int]:
        from sdf_siren.metrics import rendition_bytes
        from sdf_siren.signals.maps import parse_maps
        from sdf_siren.signals.view import asked_view

        signal = artifacts["signal"]
        derivatives = bool(parse_maps(self.export, len(signal.shape)))
        view = asked_view(signal.shape, dataclasses.asdict(self))
        return view, rendition_bytes(view, signal.channels, derivatives)
