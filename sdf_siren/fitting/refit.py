"""The second half of a fit: local cubics where the network alone leaves the scan's points too far away.

How local they are, and how much of what is missing is believed, is decided on points that neither the
network nor the cubics have seen: the candidate whose zero level set passes closest to them is then fitted
again to all points. If none is closer than the network alone by more than chance, there is no correction.

Where a scan is much sparser in places than in most, a first level of tiles is chosen for those.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud
from sdf_siren.fields import CorrectedField, SignedDistanceField, Siren
from sdf_siren.fields.threads import single_threaded
from sdf_siren.fitting.folds import NOWHERE, beside_folds
from sdf_siren.fitting.levels import Level, Missing, Search, Unseen
from sdf_siren.fitting.local import Scatter, Trust
from sdf_siren.fitting.scan import OrientedScan, oriented_scan
from sdf_siren.progress import Progress, ProgressCallback, silent

HELD_OUT_SHARE, MOST_HELD_OUT, FEWEST_HELD_OUT = 0.05, 3000, 50

EXACT = Trust(gradient_weight=0.1, ridge=1e-2)
QUIET = Trust(gradient_weight=1.0, ridge=0.3)
NOISY = Trust(gradient_weight=1.0, ridge=1.5)
OPENING = Trust(gradient_weight=1.0, ridge=0.2)
"""Of what a noisy scan says where the network has closed it. What is missing there is more than the noise."""

SLIGHT = 0.3
"""In spacings, noise below which a scan is corrected in all of these ways, and the unseen points choose: the
trust in a noisy one holds back what is larger than so little noise, and cubics through many points average
too."""

SMALLEST = {EXACT: 1.2, QUIET: 1.2, NOISY: 1.5}
"""The smallest side of a tile, in units of the distance from a scan point to its eighth neighbour."""

GROWTH = 1.25
"""Candidates are larger by that factor each."""

LARGEST_SIDE, LEAST_SIDE = 0.5, 0.8
"""In cube lengths; and, when finer detail is asked for, in the units of ``SMALLEST``: smaller tiles have too
few points to say anything."""

COARSE = {EXACT: 2.5, QUIET: 2.5, NOISY: 4.5}
"""In the same units, a level of two or three times the size comes first. On clean scans it opens what the
network has closed, crevices narrower than its detail, so far that the fine level's cubics can do the rest; it
has tiles everywhere only if the unseen points say so: on sparse scans it would bend the field away from the
scan for nothing. On noisy scans it takes up what can be told from more points, and is searched for like the
finest; finer tiles follow only where the unseen points tell them from it by more than chance."""

Candidates = tuple[list[Level | None], list[Level]]
"""What may come before a finest level, and that level growing."""

_NONE: list[Level | None] = [None]


def _candidates(trust: Trust, units: tuple[float, ...], detail: float) -> list[Candidates]:
    """What is searched, one after another, on a scan measured by ``units`` from coarse to fine."""
    if trust is not EXACT:
        opening = Level(min(SMALLEST[trust] * units[-1], LARGEST_SIDE), OPENING, opening=True)
        smallest = [COARSE[trust] * units[0], *(SMALLEST[trust] * unit for unit in units)]
        return [([opening], []), *((_NONE, _growing(side, trust)) for side in smallest)]
    return [
        (_firsts(trust, unit, detail, units[-1]), _growing(SMALLEST[trust] * unit, trust)) for unit in units
    ]


def _firsts(trust: Trust, unit: float, detail: float, finest_unit: float) -> list[Level | None]:
    """The candidates for what comes before the finest level of a clean scan measured by ``unit``."""
    coarse = _scaled(Level(min(COARSE[trust] * unit, LARGEST_SIDE), trust), min(detail, 1.0), finest_unit)
    return [replace(coarse, opening=True), coarse]


def _growing(side: float, trust: Trust) -> list[Level]:
    """The candidates for a level, from ``side`` on."""
    sides = [side * GROWTH**i for i in range(12)]
    return [Level(side, trust) for side in sides if side < LARGEST_SIDE]


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
        levels = [
            {"side": level.side, "opening": level.opening, **asdict(level.trust)} for level in self.levels
        ]
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
    device: torch.device | str = "cpu",
    progress: ProgressCallback = silent,
) -> Refit:
    """Correct ``network`` where unseen points say that it helps.

    Args:
        network: fitted without the points ``held_out``.
        scan: all points.
        held_out: rows of the scan, from :func:`held_out_rows`; not empty.
        detail: divides the side of the finest tiles that the unseen points chose.
        device: where to compute. The same comes out on every one, up to rounding, and on the CPU.
        progress: called once per candidate.
    """
    units = _units(scan)
    points, normals = (torch.from_numpy(part).to(device) for part in (scan.points, scan.normals))
    seen = torch.ones(len(points), dtype=torch.bool)
    seen[torch.from_numpy(held_out)] = False
    seen = seen.to(device)
    unseen = Unseen(points[~seen], normals[~seen])
    field, places = CorrectedField(network.to(device=device)), NOWHERE.to(device)
    if scan.gauge.noisy:
        unseen = unseen.scattered_about(field)
    else:
        places = beside_folds(scan, units[-1], device)
    plans = {trust: _candidates(trust, units, detail) for trust in _trusts(scan)}
    most = sum(len(firsts) * len(finest) for plan in plans.values() for firsts, finest in plan)
    count = itertools.count(1)

    def tried(distance: float) -> None:
        progress(Progress("refit", next(count), most, {"distance": distance}))

    network_lacks = Missing.of(field, points, normals, places)

    @cache
    def lacking(scatter: Scatter | None) -> tuple[Missing, Missing]:
        """At all points, and at those that are seen."""
        missing = network_lacks if scatter is None else network_lacks.scattered(scatter)
        return missing, missing.of_rows(seen)

    def searched(trust: Trust) -> tuple[Missing, Search]:
        missing, missing_seen = lacking(None if trust is EXACT else unseen.scatter)
        search = Search(missing_seen, unseen, tried)
        for number, (firsts, finest) in enumerate(plans[trust], 1):
            # A level that others follow only opens what is closed: it gets no finer.
            finer = detail if number == len(plans[trust]) else min(detail, 1.0)
            search.go_on(firsts, finest, partial(_scaled, detail=finer, unit=units[-1]))
        return missing, search

    first, *others = plans
    missing, best = searched(first)
    for trust in others:
        other, search = searched(trust)
        if search.better_than(best):
            missing, best = other, search
    before, after = (float(judged.distance.mean()) for judged in (best.without, best.judged))
    corrected, levels = missing.corrected(best.chosen)
    return Refit(corrected.to(device="cpu"), levels, before, after)


def _scaled(level: Level, detail: float, unit: float) -> Level:
    """``level`` for another detail; no smaller than the points can fill, nor larger than is local."""
    side = min(max(level.side / detail, min(LEAST_SIDE * unit, level.side)), LARGEST_SIDE)
    return replace(level, side=side)


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
    smallest = min(
        _scaled(Level(SMALLEST[trust] * unit, trust), detail, unit).side for trust in _trusts(scan)
    )
    spacing, noise, detail = cloud.frame.length_to_world([scan.gauge.spacing, scan.gauge.noise, smallest])
    roughness = f"with noise of {noise:.2g}" if scan.gauge.noisy else "clean"
    return f"points {spacing:.2g} apart, {roughness}: detail from about {detail:.2g} on"


def _trusts(scan: OrientedScan) -> tuple[Trust, ...]:
    """What is believed of a scan; more than one where unseen points have to say."""
    if not scan.gauge.noisy:
        return (EXACT,)
    return (NOISY, QUIET, EXACT) if scan.gauge.noise < SLIGHT * scan.gauge.spacing else (NOISY,)


def _units(scan: OrientedScan) -> tuple[float, ...]:
    """The length that tiles are measured in, from coarse to fine: for the sparse parts, and for most."""
    return scan.reaches if scan.uneven else scan.reaches[1:]
