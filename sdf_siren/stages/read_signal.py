"""``read.signal``: a field of an image that was fitted before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadSignal(Stage):
    """Reads the field file that a run of an image left in its folder; the signal is the fit's own samples."""

    name: ClassVar[str] = "read.signal"
    gives: ClassVar[tuple[str, ...]] = ("field", "signal")
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.errors import InputError
        from sdf_siren.io import load_signal_field
        from sdf_siren.metrics import extract_image
        from sdf_siren.signals import IMAGE

        field = load_signal_field(context.input)
        if field.axes != IMAGE:
            axes = ", ".join(field.axes)
            raise InputError(
                f"{context.input}: expected the field of an image, found one along {axes}; "
                "sdf_siren.load_signal_field reads it"
            )
        return {"field": field, "signal": extract_image(field)}
