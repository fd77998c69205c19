"""``fit.sdf``: the network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from sdf_siren.engine.folder import CHECKPOINT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FitSdf(Stage):
    """Fits a SIREN as the signed distance function of the scan; chooses what is not given from the scan."""

    name: ClassVar[str] = "fit.sdf"
    needs: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("field",)

    quality: str = option(
        "standard", "Preset for all others.", choices=("draft", "standard", "high", "paper")
    )
    steps: int | None = option(None, "Optimizer steps.", minimum=1)
    width: int | None = option(None, "Units per sine layer.", minimum=1, maximum=4096)
    depth: int | None = option(None, "Sine layers after the first.", minimum=1, maximum=64)
    omega_0: float | None = option(None, "The factor inside the sines.", minimum=0)
    first_omega: float | None = option(None, "Spread of the first layer's frequencies.", minimum=0)
    learning_rate: float | None = option(None, "The peak of the learning rate.", minimum=0)
    surface_weight: float | None = option(None, "Weight of f = 0 at the points.", minimum=0)
    normal_weight: float | None = option(None, "Weight of grad f = n at the points.", minimum=0)
    eikonal_weight: float | None = option(None, "Weight of |grad f| = 1.", minimum=0)
    off_surface_weight: float | None = option(None, "Weight of the sign off the surface.", minimum=0)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import fit_surface

        field = fit_surface(
            artifacts["points"],
            seed=context.seed,
            device=context.device,
            progress=context.progress,
            checkpoint=context.folder / CHECKPOINT if context.folder else None,
            resume=context.resume,
            **self._settings(),
        )
        return {"field": field}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        from sdf_siren.fitting import choose_settings, estimate_cost

        settings = choose_settings(artifacts["points"], **self._settings())
        cost = estimate_cost(settings, len(artifacts["points"]), context.device)
        network = f"network of {settings.depth + 1} sine layers of {settings.width}, {settings.steps:,} steps"
        return [network, f"about {cost.seconds:.0f} s and {cost.bytes / 1e6:.0f} MB on {context.device}"]

    def _settings(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
