"""Levels of local cubics, chosen by points that neither the network nor the cubics have seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from sdf_siren.fields import CorrectedField, CubicTiles
from sdf_siren.fitting.folds import Places, closed_off
from sdf_siren.fitting.local import Scatter, Trust, fit_tiles

LEAST_SLOPE = 0.3
"""A field that is flatter counts as if it had this slope: a residual says nothing of distance there."""

PATIENCE = 2
"""The search for the finest level ends when so many candidates in a row are no better than the best."""

LEAST_PART = 0.75
"""A place that the scan says is a step from the surface is so much of it away at least: there may be surface
between the points, and the network knows more about that than the step."""

CLOSED = 0.1
"""In sides: what a value misses where something is closed."""

MOST_CLOSED = 0.02
"""Of a noisy scan's points may be where something is closed: folds are rare. Where more are, it is scans laid
over each other that do not agree, or the network lacks much more, and opening that would copy the noise."""

FAR_OFF, TURNED_AWAY = 2.0, 3.0
"""In standard deviations: from where on a noisy point's distance counts linearly, and its normal no more."""

LEAST_TURN = 0.2
"""Radians about each axis: normals are not believed to be better than that. Those that were estimated from
the noisy points agree with each other because they are wrong together."""


@dataclass(frozen=True)
class Level:
    """One level of a correction.

    Attributes:
        side: of its tiles, cube lengths.
        trust: what it believes.
        opening: it has tiles only about points whose value misses more than ``CLOSED``, of a noisy scan about
            points that are :func:`~sdf_siren.fitting.folds.closed_off`.
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
        there: (n, 1) values and (n, 3) gradients of the field at these points.
        points: (n, 3) where the rest is meant: the points, or their places on the level set.
        value: (n,) missing there.
        gradient: (n, 3) missing there.
        scatter: of the scan about the network; None if it is clean. Points of a noisy scan are placed where
            the field's normals through them meet the zero level set: the correction must be a function of
            the place on the surface; as one of the noisy position it would learn the noise, by flattening
            the field.
        places: off the surface.
        beside: (m,) missing in value at these.
    """

    field: CorrectedField
    scan: tuple[Tensor, Tensor]
    there: tuple[Tensor, Tensor]
    points: Tensor
    value: Tensor
    gradient: Tensor
    scatter: Scatter | None
    places: Places
    beside: Tensor

    @classmethod
    def of(cls, field: CorrectedField, points: Tensor, normals: Tensor, places: Places) -> Missing:
        """Of ``field``, the scan taken as clean."""
        there = field.value_and_gradient(points)
        beside = _out_of_bounds(field.value(places.x)[:, 0], places.distance)
        return cls._placed(field, (points, normals), there, None, places, beside)

    @classmethod
    def _placed(
        cls,
        field: CorrectedField,
        scan: tuple[Tensor, Tensor],
        there: tuple[Tensor, Tensor],
        scatter: Scatter | None,
        places: Places,
        beside: Tensor,
    ) -> Missing:
        points, normals = scan
        value, gradient = there
        if scatter is not None:
            squared = gradient.square().sum(dim=1, keepdim=True).clamp_min(LEAST_SLOPE**2)
            points = points - gradient * (value / squared)
            gradient = field.value_and_gradient(points)[1]
        return cls(field, scan, there, points, -value[:, 0], normals - gradient, scatter, places, beside)

    def scattered(self, scatter: Scatter) -> Missing:
        """Of the same field, the scan taken as noisy."""
        return self._placed(self.field, self.scan, self.there, scatter, self.places, self.beside)

    def of_rows(self, chosen: Tensor) -> Missing:
        """Of the points that are ``chosen`` (n,) alone."""
        points, normals = self.scan
        value, gradient = self.there
        kept = chosen[self.places.rows]
        return replace(
            self,
            scan=(points[chosen], normals[chosen]),
            there=(value[chosen], gradient[chosen]),
            points=self.points[chosen],
            value=self.value[chosen],
            gradient=self.gradient[chosen],
            places=Places(self.places.x[kept], self.places.distance[kept], self.places.rows[kept]),
            beside=self.beside[kept],
        )

    def after(self, tiles: CubicTiles) -> Missing:
        """What is still missing with one more level."""
        value, gradient = tiles.value_and_gradient(self.scan[0])
        there = self.there[0] + value, self.there[1] + gradient
        beside = self.beside - tiles.value(self.places.x)[:, 0]
        return self._placed(self.field.plus(tiles), self.scan, there, self.scatter, self.places, beside)

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
        points, value, gradient = self.points, self.value, self.gradient
        if level.opening and self.scatter is not None:
            # On the level set there is no telling from which sheet a point comes.
            points, normals = self.scan
            value, gradient = -self.there[0][:, 0], normals - self.there[1]
            closed = closed_off(points, normals, value)
            seen_from = points[closed & (closed.float().mean() <= MOST_CLOSED)]
        elif level.opening:
            seen_from = points[value.abs() > CLOSED * level.side]
        return fit_tiles(
            points,
            value,
            gradient,
            level.side,
            level.trust,
            scatter=self.scatter,
            seen_from=seen_from,
            beside=(self.places.x, self.beside),
        )


class Judged(NamedTuple):
    """What points that a field has not seen say of it."""

    distance: Tensor
    """(n,) from them to its zero level set."""
    misfit: Tensor
    """(n,) what decides: of two fields, the mean of the better one is smaller."""


@dataclass(frozen=True)
class Unseen:
    """Points of a scan that were kept from a fit to judge it by.

    On a clean scan their distance is what decides. On a noisy one it is the negative logarithm of how
    probable they and their normals are, up to a constant: tiles that are too small for the noise make
    ripples, which it hides from the distances, but not from the normals. Outliers of both are held down:
    Huber's loss (1964, doi 10.1214/aoms/1177703732) of distances, a bound on angles.

    Attributes:
        points: (n, 3).
        normals: (n, 3).
        scatter: of a noisy scan; None if it is clean.
    """

    points: Tensor
    normals: Tensor
    scatter: Scatter | None = None

    def scattered_about(self, field: CorrectedField) -> Unseen:
        """The same points as those of a noisy scan, whose scatter is that about ``field``."""
        distance, turned = self._residuals(*field.value_and_gradient(self.points))
        # Medians of |a|, and of a^2 + b^2, for standard normal numbers a and b.
        turn = math.sqrt(float(turned.median()) / (2 * math.log(2)))
        return replace(self, scatter=Scatter(float(distance.median()) / 0.6745, max(turn, LEAST_TURN)))

    def judge(self, value: Tensor, gradient: Tensor) -> Judged:
        """What the points say of a field with values (n, 1) and gradients (n, 3) there."""
        distance, turned = self._residuals(value, gradient)
        if self.scatter is None:
            return Judged(distance, distance)
        far, angle = distance / self.scatter.distance, turned / self.scatter.turn**2
        huber = torch.where(far < FAR_OFF, far.square() / 2, FAR_OFF * (far - FAR_OFF / 2))
        return Judged(distance, huber + angle.clamp_max(TURNED_AWAY**2) / 2)

    def _residuals(self, value: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Distances (n,) to the zero level set, to first order, and squared chords (n,) between normals."""
        slope = gradient.norm(dim=1).clamp_min(LEAST_SLOPE)
        return value[:, 0].abs() / slope, (gradient / slope[:, None] - self.normals).square().sum(dim=1)


@dataclass(frozen=True)
class _Corrected:
    """A field with some levels, in a search.

    Attributes:
        missing: what it lacks at the points that may be fitted to.
        unseen: the n points that may not.
        value, gradient: (n, 1) and (n, 3) of the field there.
    """

    missing: Missing
    unseen: Unseen
    value: Tensor
    gradient: Tensor

    @classmethod
    def of(cls, missing: Missing, unseen: Unseen) -> _Corrected:
        return cls(missing, unseen, *missing.field.value_and_gradient(unseen.points))

    def after(self, levels: Sequence[Level]) -> _Corrected:
        """With more levels."""
        found = self
        for level in levels:
            tiles = found.missing.fitted(level)
            found = replace(found.seen_with(tiles), missing=found.missing.after(tiles))
        return found

    def seen_with(self, tiles: CubicTiles) -> _Corrected:
        """With one more level at the unseen points alone."""
        value, gradient = tiles.value_and_gradient(self.unseen.points)
        return replace(self, value=self.value + value, gradient=self.gradient + gradient)

    def judged(self, level: Level | None = None) -> Judged:
        """What the unseen points say of it; with ``level``, of which only the tiles are fitted that bear on
        them."""
        if level is not None:
            return self.seen_with(self.missing.fitted(level, self.unseen.points)).judged()
        return self.unseen.judge(self.value, self.gradient)


@dataclass(frozen=True)
class _Found:
    """Levels, and what the points that they have not seen say of them.

    Attributes:
        start: with the first levels.
        last: of the finest; none if what is there is better without.
        judged: of all these.
    """

    start: _Corrected
    last: tuple[Level, ...]
    judged: Judged


class Search:
    """Chooses levels from coarse to fine.

    Attributes:
        chosen: the levels so far.
        judged: what the unseen points say of these.
        without: what they say of none.

    Args:
        missing: of the network, at the points that may be fitted to.
        unseen: the points that may not.
        tried: called after each candidate with the least mean distance so far.
    """

    def __init__(self, missing: Missing, unseen: Unseen, tried: Callable[[float], None]) -> None:
        self.chosen: tuple[Level, ...] = ()
        self._start, self._tried = _Corrected.of(missing, unseen), tried
        self.judged = self.without = self._start.judged()
        self._last: tuple[Level, ...] = ()  # chosen, and not yet in the start

    def better_than(self, other: Search) -> bool:
        """Whether its levels fit the unseen points better than another's, by more than chance."""
        return _better(self.judged, other.judged)

    def go_on(
        self, firsts: Sequence[Level | None], finest: Sequence[Level], wanted: Callable[[Level], Level]
    ) -> None:
        """Add a first level and one of the finest, if that brings the surface closer by more than chance.

        Args:
            firsts: candidates; a later one has to be better than those before by more than chance.
            finest: candidates, growing.
            wanted: the level to take instead of the best of the finest.
        """
        self._start, self._last = self._start.after(self._last), ()
        before, best = firsts[0], self._with(firsts[0], finest)
        for first in firsts[1:]:
            other = self._with(first, finest)
            before, best = (first, other) if _better(other.judged, best.judged) else (before, best)
        # Normals beside what was opened are too rough to say whether it was worth it; distances do.
        opened = before is not None and before.opening and not best.last
        if not _better(best.judged, self.judged, "distance" if opened else "misfit"):
            return
        self._start, self._last, self.judged = best.start, best.last, best.judged
        if best.last and wanted(best.last[0]) != best.last[0]:
            self._last = (wanted(best.last[0]),)
            self.judged = self._start.judged(*self._last)
        self.chosen = (*self.chosen, *([] if before is None else [before]), *self._last)

    def _with(self, first: Level | None, finest: Sequence[Level]) -> _Found:
        start = self._start.after(() if first is None else (first,))
        alone = start.judged()
        best, smallest, vain = _Found(start, (), alone), float("inf"), 0
        for level in finest:
            judged = start.judged(level)
            mean = float(judged.misfit.mean())
            vain = 0 if mean < smallest else vain + 1  # small tiles may all be worse than none
            smallest = min(mean, smallest)
            if mean < best.judged.misfit.mean() and _better(judged, alone):
                best = _Found(start, (level,), judged)
            self._tried(min(float(found.distance.mean()) for found in (best.judged, self.judged)))
            if vain == PATIENCE:
                break
        return best


def _out_of_bounds(value: Tensor, distance: Tensor) -> Tensor:
    """What takes ``value`` (m,) between ``LEAST_PART`` of ``distance`` (m,) and all of it."""
    side = distance.sign()
    return side * (side * value).clamp(LEAST_PART * distance.abs(), distance.abs()) - value


def _better(one: Judged, other: Judged, by: str = "misfit") -> bool:
    """Whether the first are smaller by more than a standard error of the mean."""
    gain: Tensor = getattr(other, by) - getattr(one, by)
    return bool(gain.mean() > gain.std() / len(gain) ** 0.5)
