"""Losses of a signal's fit: by values, by gradients, by Laplacians, unreduced, with their adjoints.

Sitzmann et al. 2020 (arXiv 2006.09661), sec. 3.1 and 4.1: a signal is given by its samples, or by the
gradient or the Laplacian of what is to be found (Poisson reconstruction). All terms are mean squares. A
derivative of a sampled signal has no meaning without a stencil or an interpolant, and the network must be
differentiated in the same sense as the target was, or the loss draws a perfect fit away: so
:class:`Differences` and :class:`SecondDifferences` apply the stencil to the network's own samples, and
:class:`Gradient` and :class:`Laplacian` take its derivatives, for targets that are derivatives of a smooth
interpolant.

Targets are in the network's units of value, and per sample along every axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sdf_siren.losses.objective import Schedule, interpolate
from sdf_siren.signals.blocks import Blocks


class SampleTerm(Protocol):
    """One loss.

    Attributes:
        name: the word used in settings, logs and documentation.
        order: the highest derivative of the network that it reads: 0, 1, or 2 for the Laplacian.
        neighbours: whether it needs blocks of more than one sample.
        gain: the mean square that it makes of an error of mean square one that differs from sample to sample
            without any pattern; by it the weights of different terms are comparable.
    """

    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def neighbours(self) -> bool: ...
    @property
    def gain(self) -> float: ...

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        """How many squares ``blocks`` blocks give; the mean is taken over so many."""
        ...

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        """Add ``scale`` times the sum of squares, differentiated by the columns, to ``into``.

        Args:
            columns: (1 | 1 + d | 2 + d, n, c): value, derivatives in the cube, Laplacian in the cube.
            blocks: where these n points are samples.
            scale: of this term.
            into: like columns.

        Returns:
            The sum of squares, 0-dimensional.
        """
        ...


def _missed(found: Tensor, wanted: Tensor, holds: Tensor | None, samples: Tensor) -> Tensor:
    residual = found - wanted[samples]
    return residual if holds is None else residual.mul_(holds[samples][..., None])


@dataclass(frozen=True)
class Values:
    """``f - v`` at the samples.

    Attributes:
        target: (N, c), v.
        holds: (N,) weights of the residuals; None is one everywhere.
        name: which values these are, where a fit is told several.
    """

    target: Tensor
    holds: Tensor | None = None
    name: str = "values"
    order = 0
    neighbours = False
    gain = 1.0

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        return blocks * _volume(side) * self.target.shape[1]

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        missed = _missed(columns[0], self.target, self.holds, blocks.samples.flatten())
        into[0].add_(_again(missed, self.holds, blocks.samples.flatten()), alpha=2 * scale)
        return missed.square().sum()


@dataclass(frozen=True)
class Differences:
    """``f(next sample) - f(sample) - g`` along every axis: exactly the mean of the derivative between them.

    Attributes:
        target: one (N, c) for every axis, the difference from each sample to the next; whatever at the last
            ones.
        holds: one (N,) of weights for every axis; None is one everywhere.
    """

    target: tuple[Tensor, ...]
    holds: tuple[Tensor, ...] | None = None
    name = "gradient"
    order = 0
    neighbours = True
    gain = 2.0

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        pairs = sum(_volume(side) // s * (s - 1) for s in side)
        return blocks * pairs * self.target[0].shape[1]

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        shape = (len(blocks), *blocks.side)
        f, bar = columns[0].view(*shape, -1), into[0].view(*shape, -1)
        samples = blocks.samples.view(shape)
        square = f.new_zeros(())
        for axis, target in enumerate(self.target, start=1):
            s = shape[axis]
            first = samples.narrow(axis, 0, s - 1)
            holds = None if self.holds is None else self.holds[axis - 1]
            missed = _missed(f.narrow(axis, 1, s - 1) - f.narrow(axis, 0, s - 1), target, holds, first)
            square += missed.square().sum()
            again = _again(missed, holds, first)
            bar.narrow(axis, 1, s - 1).add_(again, alpha=2 * scale)
            bar.narrow(axis, 0, s - 1).sub_(again, alpha=2 * scale)
        return square


@dataclass(frozen=True)
class SecondDifferences:
    """The sum over the axes of ``f(next) - 2 f + f(previous)``, minus a target, at samples inside the blocks.

    Attributes:
        target: (N, c).
        dimension: number of axes.
        holds: (N,) weights; None is one everywhere.
    """

    target: Tensor
    dimension: int
    holds: Tensor | None = None
    name = "laplacian"
    order = 0
    neighbours = True

    @property
    def gain(self) -> float:
        d = self.dimension
        return 2 * d + (2 * d) ** 2

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        return blocks * _volume(tuple(s - 2 for s in side)) * self.target.shape[1]

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        shape = (len(blocks), *blocks.side)
        f, bar = columns[0].view(*shape, -1), into[0].view(*shape, -1)
        inner = [slice(None), *[slice(1, -1)] * len(blocks.side)]
        parts = []
        for axis in range(1, len(shape)):
            for middle, factor in ((slice(2, None), 1.0), (slice(None, -2), 1.0), (slice(1, -1), -2.0)):
                parts.append(((*inner[:axis], middle, *inner[axis + 1 :]), factor))
        found = torch.stack([f[place] * factor for place, factor in parts]).sum(dim=0)
        samples = blocks.samples.view(shape)[tuple(inner)]
        missed = _missed(found, self.target, self.holds, samples)
        again = _again(missed, self.holds, samples)
        for place, factor in parts:
            bar[place].add_(again, alpha=2 * scale * factor)
        return missed.square().sum()


@dataclass(frozen=True)
class Gradient:
    """``grad f - g`` at the samples, with the network's own derivatives.

    Attributes:
        target: one (N, c) for every axis, per sample.
        step: cube lengths per sample along every axis.
        holds: (N,) weights; None is one everywhere.
    """

    target: tuple[Tensor, ...]
    step: tuple[float, ...]
    holds: Tensor | None = None
    name = "gradient"
    order = 1
    neighbours = False
    gain = math.pi**2 / 3
    """Of frequencies up to half a period per sample."""

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        return blocks * _volume(side) * sum(target.shape[1] for target in self.target)

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        samples = blocks.samples.flatten()
        square = columns.new_zeros(())
        for axis, (target, step) in enumerate(zip(self.target, self.step, strict=True)):
            missed = _missed(columns[1 + axis] * step, target, self.holds, samples)
            into[1 + axis].add_(_again(missed, self.holds, samples), alpha=2 * scale * step)
            square += missed.square().sum()
        return square


@dataclass(frozen=True)
class Laplacian:
    """``laplacian f - l`` at the samples, with the network's own derivatives; the steps must be equal.

    Attributes:
        target: (N, c), per sample squared.
        step: cube lengths per sample, along all axes alike.
        dimension: number of axes.
        holds: (N,) weights; None is one everywhere.
    """

    target: Tensor
    step: float
    dimension: int
    holds: Tensor | None = None
    name = "laplacian"
    order = 2
    neighbours = False

    @property
    def gain(self) -> float:
        d = self.dimension
        return math.pi**4 * (d / 5 + d * (d - 1) / 9)

    def count(self, blocks: int, side: tuple[int, ...]) -> int:
        return blocks * _volume(side) * self.target.shape[1]

    def add_adjoints(self, columns: Tensor, blocks: Blocks, scale: float, into: Tensor) -> Tensor:
        samples, factor = blocks.samples.flatten(), self.step**2
        missed = _missed(columns[-1] * factor, self.target, self.holds, samples)
        into[-1].add_(_again(missed, self.holds, samples), alpha=2 * scale * factor)
        return missed.square().sum()


@dataclass(frozen=True)
class WeightedSampleTerm:
    """A term, its weight relative to its gain, and how the weight changes during the fit."""

    term: SampleTerm
    weight: float = 1.0
    schedule: Schedule = ()

    def weight_at(self, fraction: float) -> float:
        """The weight when ``fraction`` in [0, 1] of the fit is done."""
        return self.weight / self.term.gain * interpolate(self.schedule, fraction)


@dataclass(frozen=True)
class SampleObjective:
    """The weighted sum of mean squares that a fit minimises; terms of weight zero are not computed."""

    terms: Sequence[WeightedSampleTerm]

    @property
    def neighbours(self) -> bool:
        """Whether blocks must have more than one sample."""
        return any(t.term.neighbours for t in self.terms)

    def at(self, fraction: float) -> list[tuple[SampleTerm, float]]:
        """The terms that count when ``fraction`` of the fit is done, with their weights."""
        weights = [(t.term, t.weight_at(fraction)) for t in self.terms]
        return [(term, weight) for term, weight in weights if weight > 0]


def _again(missed: Tensor, holds: Tensor | None, samples: Tensor) -> Tensor:
    """The weights count twice in the derivative of a weighted square."""
    return missed if holds is None else missed * holds[samples][..., None]


def _volume(side: tuple[int, ...]) -> int:
    return math.prod(max(0, s) for s in side)
