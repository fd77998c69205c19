"""``measure.image``: how near the fit is to the signal."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class MeasureImage(Stage):
    """Records PSNR and SSIM, and the PSNR of derivatives; of an edit against the classical solution."""

    name: ClassVar[str] = "measure.image"
    needs: ClassVar[tuple[str, ...]] = ("field", "signal")
    uses: ClassVar[tuple[str, ...]] = ("edit",)
    gives: ClassVar[tuple[str, ...]] = ("likeness",)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import signal_error

        signal = artifacts["signal"]
        if "edit" in artifacts:
            signal = signal.with_samples(artifacts["edit"].solution)
            context.note("measured against the classical solution of the edit")
        error, likeness = signal_error(artifacts["field"], signal, context.progress, device=context.device)
        context.record({k: v for k, v in dataclasses.asdict(error).items() if v is not None})
        if error.difference_psnr is None and likeness.thinned:
            context.note("derivatives were not measured: the signal is too large")
        return {"likeness": likeness}
