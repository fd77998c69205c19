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
    gives: ClassVar[tuple[str, ...]] = ("field", "points")

    quality: str = option(
        "standard", "Preset for all others.", choices=("draft", "standard", "high", "paper")
    )
    detail: float | None = option(None, "2: finer, with noise; 0.5: smoother.", minimum=0.1, maximum=10)
    steps: int | None = option(None, "Optimizer steps.", minimum=1)
    seconds: float | None = option(
        None, "Instead of steps: about how long the fit may take, measured before it starts.", above=0
    )
    run_seconds: float | None = option(None, "Instead of steps: about how long the run may take.", above=0)
    width: int | None = option(None, "Units per sine layer.", minimum=1, maximum=4096)
    depth: int | None = option(None, "Sine layers after the first.", minimum=1, maximum=64)
    omega_0: float | None = option(None, "The factor inside the sines.", above=0)
    first_omega: float | None = option(None, "Spread of the first layer's frequencies.", minimum=0)
    learning_rate: float | None = option(None, "The peak of the learning rate.", above=0)
    surface_weight: float | None = option(None, "Weight of f = 0 at the points.", minimum=0)
    normal_weight: float | None = option(None, "Weight of grad f = n at the points.", minimum=0)
    eikonal_weight: float | None = option(None, "Weight of |grad f| = 1.", minimum=0)
    direction_weight: float | None = option(None, "Weight of grad f's direction outside.", minimum=0)
    off_surface_weight: float | None = option(None, "Weight of the sign off the surface.", minimum=0)
    surface_schedule: str | None = option(None, "Factors of surface_weight: '0:1, 0.5:1, 1:0.1'.")
    normal_schedule: str | None = option(None, "The same for normal_weight.")
    eikonal_schedule: str | None = option(None, "The same for eikonal_weight.")
    direction_schedule: str | None = option(None, "The same for direction_weight.")
    off_surface_schedule: str | None = option(None, "The same for off_surface_weight.")
    surface_smoothing: float | None = option(None, "Length under which f = 0 is quadratic.", minimum=0)
    normal_smoothing: float | None = option(None, "The same for grad f = n.", minimum=0)
    surface_points: int | None = option(None, "Scan points per step.", minimum=1)
    near_points: int | None = option(None, "Points near the scan per step.", minimum=0)
    far_points: int | None = option(None, "Points far from the scan per step.", minimum=1)
    refit: bool | None = option(None, "Let local cubics correct the network where unseen points say so.")
    mend: bool = option(
        True, "Turn patches of normals that point inside, unless `filter.normals` was told sides."
    )

    def settled(self, artifacts: Artifacts, context: Context) -> FitSdf:
        if self.seconds is None and self.run_seconds is None:
            return self
        from sdf_siren.fitting import settings_within

        found = settings_within(artifacts["points"], device=context.device, **dataclasses.asdict(self))
        return dataclasses.replace(self, seconds=None, run_seconds=None, **found)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import findings, fit_surface, turned_along

        points, normals = artifacts["points"], context.options.get("filter.normals", {})
        told = normals.get("mode") == "keep" or "viewpoint" in normals
        given: dict[str, Any] = dataclasses.asdict(self) | {"mend": self.mend and not told}
        given |= {"seed": context.seed, "device": context.device, "resume": context.resume}
        checkpoint = context.folder / CHECKPOINT if context.folder else None
        field = fit_surface(points, checkpoint=checkpoint, progress=context.progress, **given)
        figures, sentences = findings(field)
        context.record(figures)
        for sentence in sentences:
            context.note(sentence)
        return {"field": field, "points": turned_along(points, field)}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        from sdf_siren.fitting import choose_settings, detail_sentence, estimate_cost

        points = artifacts["points"]
        settings = choose_settings(points, **dataclasses.asdict(self))
        cost = estimate_cost(settings, len(points), context.device)
        network = f"network of {settings.depth + 1} sine layers of {settings.width}, {settings.steps:,} steps"
        price = f"about {cost.seconds:.0f} s and {cost.bytes / 1e6:.0f} MB on {cost.device}"
        return [detail_sentence(points, settings.detail), network, price]
