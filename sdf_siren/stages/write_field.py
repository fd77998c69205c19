"""``write.field``: the fitted field, to be evaluated again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sdf_siren.engine.folder import FIELD
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteField(Stage):
    """Writes the field into the run folder, for ``sdf_siren.load_field`` or ``load_signal_field``."""

    name: ClassVar[str] = "write.field"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_field

        field = artifacts["field"]
        kind = context.options.get("filter.surface", {}).get("kind", "auto")
        if kind != "auto":  # what was asked for once holds for every mesh of the field
            field = replace(field, record={**field.record, "surface": kind})
        write_field(field, context.kept_folder / FIELD)
        return {}
