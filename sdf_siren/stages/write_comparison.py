"""``write.comparison``: what other networks make of the image in the same time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteComparison(Stage):
    """Fits a SIREN, ReLU, tanh and positional encoding alike, and draws them all as OUT_comparison.png."""

    name: ClassVar[str] = "write.comparison"
    needs: ClassVar[tuple[str, ...]] = ("signal",)

    seconds: float = option(15.0, "How long each of the four fits takes.", minimum=0)
    quality: str = option(
        "standard", "Of all four, as in fit.image.", choices=("draft", "standard", "high", "paper")
    )
    parameters: int | None = option(None, "Of each network, about.", minimum=1)

    def writes(self, context: Context) -> tuple[Path, ...]:
        return (context.output.with_name(f"{context.output.stem}_comparison.png"),)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import compare_networks
        from sdf_siren.render import write_signal_comparison

        signal, (path,) = artifacts["signal"], self.writes(context)
        portraits, curves = compare_networks(
            signal,
            self.seconds,
            seed=context.seed,
            device=context.device,
            report=lambda portrait: context.note(f"{portrait.name}: {portrait.psnr[0]:.1f} dB"),
            quality=self.quality,
            parameters=self.parameters,
        )
        write_signal_comparison(path, portraits, curves, low=signal.format.low, high=signal.format.high)
        rows = {p.name: [p.parameters, p.steps, p.seconds, p.scores] for p in portraits[1:]}
        context.record({"comparison": rows, "comparison_sheet": str(path)})
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"four fits of {self.seconds:g} s each", str(self.writes(context)[0])]
