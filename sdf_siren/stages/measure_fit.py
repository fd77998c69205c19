"""``measure.fit``: how good the result is, as far as the scan itself can tell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage

NOTEWORTHY = 0.01
"""Share of normals against the surface from which on it is told; on good scans it is at most 0.002."""


@dataclass(frozen=True)
class MeasureFit(Stage):
    """Records faces, components and watertightness of the mesh, and at the scan the field's residual and the
    share of normals that it overrules.
    """

    name: ClassVar[str] = "measure.fit"
    needs: ClassVar[tuple[str, ...]] = ("field", "mesh")
    uses: ClassVar[tuple[str, ...]] = ("points",)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import fit_residual, topology

        context.record(dataclasses.asdict(topology(artifacts["mesh"])))
        if "points" in artifacts:
            residual = fit_residual(artifacts["field"], artifacts["points"])
            context.record({"residual_median": residual.median, "residual_p95": residual.p95})
            if residual.against is not None:
                context.record({"normals_against": residual.against})
                if residual.against > NOTEWORTHY:
                    context.note(
                        f"{residual.against:.1%} of the scan's normals point against the fitted surface, "
                        "which has overruled them"
                    )
        return {}
