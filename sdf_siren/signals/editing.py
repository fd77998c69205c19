"""Editing pictures by their differences (Perez, Gangnet, Blake, Poisson image editing, SIGGRAPH 2003).

An edit says what the differences between neighbouring samples shall be, and which samples stay. The classical
answer is the minimum of ``sum |D u - v|^2`` over the differences asked for, with u fixed where samples stay:
their equation 7. Fields can be fitted to the same conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import InputError, UsageError, nearest
from sdf_siren.signals.arrays import Array, as_samples
from sdf_siren.signals.differences import differences, transposed_differences
from sdf_siren.signals.integration import from_differences
from sdf_siren.signals.masked import Mask, solved_on_mask

GUIDANCES = ("source", "mixed")


@dataclass(frozen=True)
class Edit:
    """What is asked of a picture, and the classical answer.

    Attributes:
        known: (n_1, .., n_d, c) float64, the picture before the edit.
        stays: (n_1, .., n_d) bool, the samples that keep their known value. Where there is none, the mean of
            every channel is kept.
        differences: what they shall be, one array per axis, shaped as
            :func:`sdf_siren.signals.differences.differences` gives them; zero where none is asked for.
        holds: for each axis which differences are asked for, without the axis of channels: those with at
            least one end that does not stay.
        solution: (n_1, .., n_d, c) float64, by least squares. It may leave the range of the pictures.
        cut: samples of the mask that stay all the same, because they or a neighbour have no counterpart.
    """

    known: Array
    stays: Mask
    differences: tuple[Array, ...]
    holds: tuple[Mask, ...]
    solution: Array
    cut: int = 0


def clone(
    target: ArrayLike, source: ArrayLike, mask: ArrayLike, offset: Sequence[int], guidance: str = "source"
) -> Edit:
    """Seamless cloning: under the mask the differences of the source, around it the values of the target.

    At the border of the target nothing is asked for beyond it: the condition of no flux. A sample of the mask
    beside which the target goes on but the source ends is left out, since the step between them is not known.

    Args:
        target: (n_1, .., n_d, c).
        source: (m_1, .., m_d, c), of any size.
        mask: (m_1, .., m_d) bool, the part of the source to clone, of any shape and number of components.
        offset: d whole numbers, the place in the target of the source's first sample. They may be negative,
            and the source may stick out.
        guidance: ``source`` (their equation 11), or ``mixed``: of each difference the larger of the source's
            and the target's (equation 13), measured over all channels together, so that a step has the
            colours of one of the pictures.

    Raises:
        UsageError: shapes, mask, offset or guidance do not fit, or nothing is left to clone.
        InputError: NaN or infinity among the samples.
    """
    u, other = as_samples(target, "target"), as_samples(source, "source")
    chosen = _checked(u, other, np.asarray(mask), offset, guidance)
    there, here, inner = _overlap(u.shape[:-1], other.shape[:-1], offset)
    pasted = u.copy()
    pasted[there] = other[here]
    _check_finite(u, pasted)
    placed, edited = np.zeros((2, *u.shape[:-1]), bool)
    placed[there] = chosen[here]
    edited[inner] = placed[inner]
    cut = int(chosen.sum() - edited.sum())
    if not edited.any():
        raise UsageError(
            f"mask: at the offset {tuple(offset)} none of its {cut} samples lies, with its neighbours, in "
            "both pictures; choose another offset"
        )
    holds = tuple(_ends(edited, axis) for axis in range(edited.ndim))
    wanted, own = differences(pasted), differences(u)
    if guidance == "mixed":
        wanted = _larger(wanted, own)
    asked = tuple(np.where(hold[..., None], step, 0.0) for hold, step in zip(holds, wanted, strict=True))
    return Edit(u, ~edited, asked, holds, _solution(u, edited, asked, holds), cut)


def mix(first: ArrayLike, second: ArrayLike) -> Edit:
    """One picture from the larger of two pictures' differences, everywhere, with the mean of the first.

    Args:
        first, second: (n_1, .., n_d, c).

    Raises:
        UsageError: they have different shapes.
        InputError: NaN or infinity among the samples.
    """
    u, other = as_samples(first, "first"), as_samples(second, "second")
    if u.shape != other.shape:
        raise UsageError(f"second: expected the shape {u.shape} of the first picture, found {other.shape}")
    _check_finite(u, other)
    edited = np.ones(u.shape[:-1], bool)
    asked = _larger(differences(u), differences(other))
    holds = tuple(np.ones(step.shape[:-1], bool) for step in asked)
    return Edit(u, ~edited, asked, holds, _solution(u, edited, asked, holds))


def _checked(target: Array, source: Array, mask: NDArray[Any], offset: Sequence[int], guidance: str) -> Mask:
    d = target.ndim - 1
    if guidance not in GUIDANCES:
        raise UsageError(f"unknown guidance {guidance!r}; {nearest(guidance, GUIDANCES)}")
    if source.ndim != target.ndim or source.shape[-1] != target.shape[-1]:
        raise UsageError(
            f"source: expected {d} axes and {target.shape[-1]} channels as the target has, "
            f"found shape {source.shape}; convert one of them"
        )
    if mask.dtype != np.bool_ or mask.shape != source.shape[:-1]:
        raise UsageError(
            f"mask: expected booleans of the source's shape {source.shape[:-1]}, "
            f"found {mask.dtype} of shape {mask.shape}"
        )
    if len(offset) != d or not all(isinstance(o, int | np.integer) for o in offset):
        raise UsageError(f"offset: expected {d} whole numbers of samples, found {tuple(offset)}")
    if not mask.any():
        raise UsageError("mask: expected at least one sample to clone, found none")
    return mask


def _check_finite(*pictures: Array) -> None:
    if not all(np.isfinite(picture).all() for picture in pictures):
        raise InputError("pictures to edit: expected finite samples, found NaN or infinity")


def _overlap(
    target: tuple[int, ...], source: tuple[int, ...], offset: Sequence[int]
) -> tuple[tuple[slice, ...], tuple[slice, ...], tuple[slice, ...]]:
    """Where the two lie over each other, in the target and in the source; and in the target those of these
    samples that have all their neighbours in both."""
    there, here, inner = [], [], []
    for n, m, o in zip(target, source, map(int, offset), strict=True):
        low, high = max(o, 0), min(o + m, n)
        if high <= low:
            raise UsageError(
                f"offset: at {tuple(offset)} the source {source} lies outside the target {target}; "
                "choose another"
            )
        there.append(slice(low, high))
        here.append(slice(low - o, high - o))
        inner.append(slice(low + (low > 0), high - (high < n)))
    return tuple(there), tuple(here), tuple(inner)


def _ends(edited: Mask, axis: int) -> Mask:
    """The differences along an axis that have an end among these samples."""
    moved = np.moveaxis(edited, axis, 0)
    return np.moveaxis(moved[:-1] | moved[1:], 0, axis)


def _larger(first: tuple[Array, ...], second: tuple[Array, ...]) -> tuple[Array, ...]:
    """Of each difference the one that is larger over all channels, the first if they are alike."""
    sizes = [[(step**2).sum(axis=-1, keepdims=True) for step in steps] for steps in (first, second)]
    pairs = zip(first, second, *sizes, strict=True)
    return tuple(np.where(a >= b, one, other) for one, other, a, b in pairs)


def _solution(u: Array, edited: Mask, asked: tuple[Array, ...], holds: tuple[Mask, ...]) -> Array:
    """u and the change of it that leaves least over of what is asked: so a picture that is right already does
    not change by a bit."""
    steps = zip(asked, differences(u), holds, strict=True)
    left = tuple(np.where(hold[..., None], a - own, 0.0) for a, own, hold in steps)
    if edited.all():
        return u + from_differences(left)
    found = u.copy()
    found[edited] += solved_on_mask(edited, transposed_differences(left)[edited])
    return found
