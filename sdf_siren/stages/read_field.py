"""``read.field``: a field that was fitted before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadField(Stage):
    """Reads the field file that a run left in its folder."""

    name: ClassVar[str] = "read.field"
    gives: ClassVar[tuple[str, ...]] = ("field",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fields import choose_device
        from sdf_siren.io import load_field

        return {"field": load_field(context.input, device=str(choose_device(context.device)))}
