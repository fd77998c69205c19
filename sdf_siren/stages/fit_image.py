"""``fit.image``: the network of an image, a sound or a video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from sdf_siren.engine.folder import CHECKPOINT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FitImage(Stage):
    """Fits a network to samples or to their derivatives; chooses what is not given from the signal."""

    name: ClassVar[str] = "fit.image"
    needs: ClassVar[tuple[str, ...]] = ("signal",)
    uses: ClassVar[tuple[str, ...]] = ("edit",)
    gives: ClassVar[tuple[str, ...]] = ("field",)

    quality: str = option("standard", "Preset.", choices=("draft", "standard", "high", "paper"))
    steps: int | None = option(None, "Optimizer steps.", minimum=1)
    seconds: float | None = option(None, "Instead of steps: how long the fit may take, about.", above=0)
    psnr: float | None = option(None, "Decibels to reach; decides the size.", above=0)
    parameters: int | None = option(None, "Of the network, about; decides the width.", minimum=1)
    network: str | None = option(None, "Or a baseline.", choices=("siren", "relu", "tanh", "encoding"))
    smooth: bool | None = option(None, "Invent nothing between the samples. Left open: if these are shown.")
    width: int | None = option(None, "Units per hidden layer.", minimum=1, maximum=4096)
    depth: int | None = option(None, "Hidden layers after the first.", minimum=1, maximum=64)
    omega_0: float | None = option(None, "The factor inside the sines.", above=0)
    spectrum: float | None = option(None, "How far the first layer follows the signal's.", minimum=0)
    batch: int | None = option(None, "Samples per step, at most all; 0 for all.", minimum=0)
    learning_rate: float | None = option(None, "The peak of the learning rate.", above=0)
    value_weight: float | None = option(None, "Weight of f = samples.", minimum=0)
    gradient_weight: float | None = option(None, "Weight of grad f = that of the samples.", minimum=0)
    laplacian_weight: float | None = option(None, "Weight of the same for the Laplacian.", minimum=0)
    derivative: str | None = option(None, "What these are.", choices=("stencil", "spectral"))
    warm_start: bool | None = option(None, "Start a fit without values from the classical integral.")

    def settled(self, artifacts: Artifacts, context: Context) -> FitImage:
        given = self._given(artifacts, context)
        if self.seconds is None:
            return self
        from sdf_siren.fitting import signal_settings_within

        found = signal_settings_within(artifacts["signal"], self.seconds, device=context.device, **given)
        return replace(self, seconds=None, **found)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import fit_figures, fit_signal

        given = self._given(artifacts, context)
        if given["smooth"] and not self.smooth:
            context.note("smooth, because the output shows places between the samples")
        field = fit_signal(
            artifacts["signal"],
            edit=artifacts.get("edit"),
            seed=context.seed,
            device=context.device,
            progress=context.progress,
            checkpoint=context.folder / CHECKPOINT if context.folder else None,
            resume=context.resume,
            **given,
        )
        context.record(fit_figures(artifacts["signal"], field))
        return {"field": field}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        from sdf_siren.fitting import signal_plan

        return signal_plan(artifacts["signal"], context.device, **self._given(artifacts, context))

    def _given(self, artifacts: Artifacts, context: Context) -> dict[str, Any]:
        from sdf_siren.signals.view import smooth_for

        smooth = smooth_for(self.smooth, artifacts["signal"].shape, context.options.get("extract.image", {}))
        return {k: v for k, v in asdict(self).items() if k != "seconds"} | {"smooth": smooth}
