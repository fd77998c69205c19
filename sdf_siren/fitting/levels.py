"""Levels of local cubics, chosen by points that neither the network nor the cubics have seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from sdf_siren.fields import CorrectedField, CubicTiles
from sdf_siren.fitting.folds import Places
from sdf_siren.fitting.local import Trust, fit_tiles

LEAST_SLOPE = 0.3
"""A field that is flatter counts as if it had this slope: a residual says nothing of distance there."""

PATIENCE = 2
"""The search for the finest level ends when so many candidates in a row are no better than the best."""

LEAST_PART = 0.75
"""A place that the scan says is a step from the surface is so much of it away at least: there may be surface
between the points, and the network knows more about that than the step."""

CLOSED = 0.1
"""In sides: what a value misses where something is closed."""


@dataclass(frozen=True)
class Level:
    """One level of a correction.

    Attributes:
        side: of its tiles, cube lengths.
        trust: what it believes.
        opening: it has tiles only about points whose value misses more than ``CLOSED``.
    """

    side: float
    trust: Trust
    opening: bool = False


@dataclass(frozen=True)
class Missing:
    """What a field lacks of a scan.

    Attributes:
        field: the field.
        scan: (n, 3) points and (n, 3) normals of the scan.
        points: (n, 3) where the rest is meant: the points, or their places on the level set.
        value: (n,) missing there.
        gradient: (n, 3) missing there.
        trust: whether points are taken to the level set.
        places: off the surface.
        beside: (m,) missing in value at these.
    """

    field: CorrectedField
    scan: tuple[Tensor, Tensor]
    points: Tensor
    value: Tensor
    gradient: Tensor
    trust: Trust
    places: Places
    beside: Tensor

    @classmethod
    def of(
        cls, field: CorrectedField, points: Tensor, normals: Tensor, trust: Trust, places: Places
    ) -> Missing:
        """Of ``field``."""
        at = points
        value, gradient = field.value_and_gradient(at)
        if trust.projected:
            squared = gradient.square().sum(dim=1, keepdim=True).clamp_min(LEAST_SLOPE**2)
            at = points - gradient * (value / squared)
            gradient = field.value_and_gradient(at)[1]
        beside = _out_of_bounds(field.value(places.x)[:, 0], places.distance)
        return cls(field, (points, normals), at, -value[:, 0], normals - gradient, trust, places, beside)

    def of_rows(self, chosen: Tensor) -> Missing:
        """Of the points that are ``chosen`` (n,) alone."""
        points, normals = self.scan
        kept = chosen[self.places.rows]
        return replace(
            self,
            scan=(points[chosen], normals[chosen]),
            points=self.points[chosen],
            value=self.value[chosen],
            gradient=self.gradient[chosen],
            places=Places(self.places.x[kept], self.places.distance[kept], self.places.rows[kept]),
            beside=self.beside[kept],
        )

    def after(self, tiles: CubicTiles) -> Missing:
        """What is still missing with one more level."""
        field = self.field.plus(tiles)
        if self.trust.projected:
            return Missing.of(field, *self.scan, self.trust, self.places)
        value, gradient = tiles.value_and_gradient(self.points)
        return replace(
            self,
            field=field,
            value=self.value - value[:, 0],
            gradient=self.gradient - gradient,
            beside=self.beside - tiles.value(self.places.x)[:, 0],
        )

    def corrected(self, levels: Sequence[Level]) -> tuple[CorrectedField, tuple[Level, ...]]:
        """The field with ``levels``, and those of them that have tiles."""
        if not levels:
            return self.field, ()
        first, *others = levels
        tiles = self.fitted(first)
        if not len(tiles):
            return self.corrected(others)
        if not others:
            return self.field.plus(tiles), (first,)
        field, found = self.after(tiles).corrected(others)
        return field, (first, *found)

    def fitted(self, level: Level, seen_from: Tensor | None = None) -> CubicTiles:
        """``level``; or of it what bears on the points ``seen_from`` (m, 3)."""
        if level.opening:
            seen_from = self.points[self.value.abs() > CLOSED * level.side]
        return fit_tiles(
            self.points,
            self.value,
            self.gradient,
            level.side,
            level.trust,
            seen_from=seen_from,
            beside=(self.places.x, self.beside),
        )


@dataclass(frozen=True)
class _Corrected:
    """A field with some levels, in a search.

    Attributes:
        missing: what it lacks at the points that may be fitted to.
        unseen: (n, 3) the points that may not.
        value, gradient: (n, 1) and (n, 3) of the field there.
    """

    missing: Missing
    unseen: Tensor
    value: Tensor
    gradient: Tensor

    @classmethod
    def of(cls, missing: Missing, unseen: Tensor) -> _Corrected:
        return cls(missing, unseen, *missing.field.value_and_gradient(unseen))

    def after(self, levels: Sequence[Level]) -> _Corrected:
        """With more levels."""
        found = self
        for level in levels:
            tiles = found.missing.fitted(level)
            found = replace(found.seen_with(tiles), missing=found.missing.after(tiles))
        return found

    def seen_with(self, tiles: CubicTiles) -> _Corrected:
        """With one more level at the unseen points alone."""
        value, gradient = tiles.value_and_gradient(self.unseen)
        return replace(self, value=self.value + value, gradient=self.gradient + gradient)

    def distance(self, level: Level | None = None) -> Tensor:
        """Distances (n,) of the unseen points to the zero level set, to first order; with ``level``, of which
        only the tiles are fitted that bear on them."""
        if level is not None:
            return self.seen_with(self.missing.fitted(level, self.unseen)).distance()
        return self.value[:, 0].abs() / self.gradient.norm(dim=1).clamp_min(LEAST_SLOPE)


@dataclass(frozen=True)
class _Found:
    """Levels, and how far from the points that they have not seen (n,) they leave the surface."""

    levels: tuple[Level, ...]
    distance: Tensor


class Search:
    """Chooses levels from coarse to fine.

    Attributes:
        chosen: the levels so far.
        least: (n,) distances of the unseen points to the level set with these.

    Args:
        missing: of the network, at the points that may be fitted to.
        unseen: (n, 3) the points that may not.
        tried: called after each candidate with the least mean distance so far.
    """

    def __init__(self, missing: Missing, unseen: Tensor, tried: Callable[[float], None]) -> None:
        self.chosen: tuple[Level, ...] = ()
        self._start, self._tried = _Corrected.of(missing, unseen), tried
        self.least = self._start.distance()
        self._levels: tuple[Level, ...] = ()  # chosen, and not yet in the start

    def go_on(
        self, firsts: Sequence[Level | None], finest: Sequence[Level], wanted: Callable[[Level], Level]
    ) -> None:
        """Add a first level and one of the finest, if that brings the surface closer by more than chance.

        Args:
            firsts: candidates; a later one has to be better than those before by more than chance.
            finest: candidates, growing.
            wanted: the level to take instead of the best of the finest.
        """
        self._start, self._levels = self._start.after(self._levels), ()
        best = self._with(firsts[0], finest)
        for first in firsts[1:]:
            other = self._with(first, finest)
            best = other if _closer(other.distance, best.distance) else best
        if not _closer(best.distance, self.least):
            return
        self.least, last = best.distance, best.levels[-1]
        if last not in firsts:
            last = wanted(last)
        if last != best.levels[-1]:
            self.least = self._start.after(best.levels[:-1]).distance(last)
        self._levels = (*best.levels[:-1], last)
        self.chosen = (*self.chosen, *self._levels)

    def _with(self, first: Level | None, finest: Sequence[Level]) -> _Found:
        levels = () if first is None else (first,)
        corrected = self._start.after(levels)
        start = corrected.distance()
        best, smallest, vain = _Found(levels, start), float("inf"), 0
        for level in finest:
            distance = corrected.distance(level)
            mean = float(distance.mean())
            vain = 0 if mean < smallest else vain + 1  # small tiles may all be worse than none
            smallest = min(mean, smallest)
            if mean < best.distance.mean() and _closer(distance, start):
                best = _Found((*levels, level), distance)
            self._tried(min(float(best.distance.mean()), float(self.least.mean())))
            if vain == PATIENCE:
                break
        return best


def _out_of_bounds(value: Tensor, distance: Tensor) -> Tensor:
    """What takes ``value`` (m,) between ``LEAST_PART`` of ``distance`` (m,) and all of it."""
    side = distance.sign()
    return side * (side * value).clamp(LEAST_PART * distance.abs(), distance.abs()) - value


def _closer(one: Tensor, other: Tensor) -> bool:
    """Whether the first distances are smaller by more than a standard error of the mean."""
    gain = other - one
    return bool(gain.mean() > gain.std() / len(gain) ** 0.5)
