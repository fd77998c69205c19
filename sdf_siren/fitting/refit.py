"""The second half of a fit: local cubics where the network alone leaves the scan's points too far away.

How local they are, and how much of what is missing is believed, is decided on points that neither the
network nor the cubics have seen: the candidate whose zero level set passes closest to them is then fitted
again to all points. If none is closer than the network alone by more than chance, there is no correction.

Where a scan is much sparser in places than in most, a first level of tiles is chosen for those.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdf_siren.clouds import PointCloud
from sdf_siren.fields import CorrectedField, CubicTiles, SignedDistanceField, Siren
from sdf_siren.fields.threads import single_threaded
from sdf_siren.fitting.local import Trust, fit_tiles
from sdf_siren.fitting.scan import OrientedScan, oriented_scan
from sdf_siren.progress import Progress, ProgressCallback, silent

HELD_OUT_SHARE, MOST_HELD_OUT, FEWEST_HELD_OUT = 0.05, 3000, 50

EXACT = Trust(gradient_weight=0.1, ridge=1e-2, projected=False)
NOISY = Trust(gradient_weight=0.4, ridge=0.5, projected=True)

SMALLEST = {EXACT: 1.2, NOISY: 1.5}
"""The smallest side of a tile, in units of the distance from a scan point to its eighth neighbour."""

GROWTH, PATIENCE = 1.25, 2
"""Candidates are larger by that factor each, until so many in a row are no better than the best."""

LARGEST_SIDE, LEAST_SIDE = 0.5, 0.8
"""In cube lengths; and, when finer detail is asked for, in the units of ``SMALLEST``: smaller tiles have too
few points to say anything."""

COARSE = 2.5
"""On clean scans a level of about twice the size comes first, in the same units: it opens what the network
has closed, crevices narrower than its detail, so far that the fine level's cubics can do the rest."""


def _sides(trust: Trust, unit: float) -> tuple[tuple[float, ...], ...]:
    """The candidates for each level in turn, from coarse to fine, for a scan measured by ``unit``."""
    growing = tuple(side for i in range(12) if (side := SMALLEST[trust] * unit * GROWTH**i) < LARGEST_SIDE)
    return ((min(COARSE * unit, LARGEST_SIDE),), growing) if trust is EXACT else (growing,)


LEAST_SLOPE = 0.3
"""A field that is flatter counts as if it had this slope: a residual says nothing of distance there."""


@dataclass(frozen=True)
class Level:
    """One level of a correction, as chosen: the side of its tiles in cube lengths, and what it trusts."""

    side: float
    trust: Trust


@dataclass(frozen=True)
class Refit:
    """The outcome.

    Attributes:
        field: the network with the levels that were chosen, from coarse to fine; maybe none.
        levels: how each was chosen.
        before: mean distance of the held-out points to the network's level set, cube lengths.
        after: the same with the levels, before they were fitted again to all points.
    """

    field: CorrectedField
    levels: tuple[Level, ...]
    before: float
    after: float

    def description(self) -> dict[str, object]:
        """JSON-ready."""
        levels = [{"side": level.side, **asdict(level.trust)} for level in self.levels]
        tiles = sum(len(tiles) for tiles in self.field.tiles)
        return {"levels": levels, "tiles": tiles, "before": self.before, "after": self.after}


def held_out_rows(count: int, seed: int) -> NDArray[np.int64]:
    """Rows of a scan of ``count`` points to keep from the fit; none of a scan too small to spare any."""
    share = min(MOST_HELD_OUT, int(HELD_OUT_SHARE * count))
    if share < FEWEST_HELD_OUT:
        return np.empty(0, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).permutation(count)[:share])


@single_threaded()
def refit(
    network: Siren,
    scan: OrientedScan,
    held_out: NDArray[np.int64],
    *,
    detail: float = 1.0,
    progress: ProgressCallback = silent,
) -> Refit:
    """Correct ``network`` where unseen points say that it helps.

    Args:
        network: on the CPU, fitted without the points ``held_out``.
        scan: all points.
        held_out: rows of the scan, from :func:`held_out_rows`; not empty.
        detail: divides the side of the finest tiles that the unseen points chose.
        progress: called once per candidate.
    """
    points, normals = torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
    seen = torch.ones(len(points), dtype=torch.bool)
    seen[held_out] = False
    unseen = points[~seen]
    field = CorrectedField(network)
    least = _distances(field, unseen)
    before = float(least.mean())
    chosen: list[Level] = []
    trust = _trust(scan)
    units = _units(scan)
    searches = [search for unit in units for search in _sides(trust, unit)]
    for sides in searches:
        missing = _Missing.of(field, points[seen], normals[seen], trust)
        best, start, vain, smallest = None, least, 0, float("inf")
        for done, side in enumerate(sides, 1):
            level = Level(side, trust)
            distance = _distances(field.plus(missing.fitted(level, unseen)), unseen)
            mean = float(distance.mean())
            vain = 0 if mean < smallest else vain + 1
            smallest = min(mean, smallest)
            if mean < least.mean() and _closer(distance, start):
                best, least = level, distance
            progress(Progress("refit", done, len(sides), {"distance": float(least.mean())}))
            if vain == PATIENCE:
                break
        if best is not None:
            if detail != 1:
                # A level that others follow only opens what is closed: it gets no finer.
                wanted = detail if sides is searches[-1] else min(detail, 1.0)
                best = Level(_scaled(best.side, wanted, units[-1]), trust)
                least = _distances(field.plus(missing.fitted(best, unseen)), unseen)
            chosen.append(best)
            if sides is not searches[-1]:
                field = field.plus(missing.fitted(best))
    final = CorrectedField(network)
    for level in chosen:
        final = final.plus(_Missing.of(final, points, normals, level.trust).fitted(level))
    return Refit(final, tuple(chosen), before, float(least.mean()))


def _scaled(side: float, detail: float, unit: float) -> float:
    """``side`` for another detail; no smaller than the points can fill, nor larger than is local."""
    return min(max(side / detail, min(LEAST_SIDE * unit, side)), LARGEST_SIDE)


def refit_sentence(field: SignedDistanceField) -> str:
    """What the refit of a fitted field came to, in the scan's units, for people."""
    found: Any = field.record["refit"]
    before, after, *sides = field.frame.length_to_world(
        [found["before"], found["after"], *(level["side"] for level in found["levels"])]
    )
    if not sides:
        return f"points kept back lie {before:.3g} from the surface on average; local cubics would not help"
    return (
        f"{found['tiles']:,} local cubics of side {' and '.join(f'{side:.3g}' for side in sides)}: "
        f"points kept back lie {after:.3g} from the surface on average, {before:.3g} without"
    )


def detail_sentence(cloud: PointCloud, detail: float = 1.0) -> str:
    """What a scan can tell, in its own units, for people: spacing, noise, and the size of the smallest tiles,
    below which nothing is resolved.

    Raises:
        InputError: the cloud cannot be fitted.
    """
    scan = oriented_scan(cloud)
    unit = _units(scan)[-1]
    smallest = _scaled(SMALLEST[_trust(scan)] * unit, detail, unit)
    spacing, noise, detail = cloud.frame.length_to_world([scan.gauge.spacing, scan.gauge.noise, smallest])
    roughness = f"with noise of {noise:.2g}" if scan.gauge.noisy else "clean"
    return f"points {spacing:.2g} apart, {roughness}: detail from about {detail:.2g} on"


def _trust(scan: OrientedScan) -> Trust:
    return NOISY if scan.gauge.noisy else EXACT


@dataclass(frozen=True)
class _Missing:
    """What a field lacks at points: (n, 3) where, (n,) in value, (n, 3) in gradient."""

    points: Tensor
    value: Tensor
    gradient: Tensor

    @classmethod
    def of(cls, field: CorrectedField, points: Tensor, normals: Tensor, trust: Trust) -> _Missing:
        value, gradient = field.value_and_gradient(points)
        if trust.projected:
            squared = gradient.square().sum(dim=1, keepdim=True).clamp_min(LEAST_SLOPE**2)
            points = points - gradient * (value / squared)
            gradient = field.value_and_gradient(points)[1]
        return cls(points, -value[:, 0], normals - gradient)

    def fitted(self, level: Level, seen_from: Tensor | None = None) -> CubicTiles:
        return fit_tiles(self.points, self.value, self.gradient, level.side, level.trust, seen_from=seen_from)


def _distances(field: CorrectedField, points: Tensor) -> Tensor:
    """Distances (n,) of points to the zero level set, to first order."""
    value, gradient = field.value_and_gradient(points)
    return value[:, 0].abs() / gradient.norm(dim=1).clamp_min(LEAST_SLOPE)


def _closer(one: Tensor, other: Tensor) -> bool:
    """Whether the first distances are smaller by more than a standard error of the mean."""
    gain = other - one
    return bool(gain.mean() > gain.std() / len(gain) ** 0.5)


def _units(scan: OrientedScan) -> tuple[float, ...]:
    """The length that tiles are measured in, from coarse to fine: for the sparse parts, and for most."""
    return scan.reaches if scan.uneven else scan.reaches[1:]
