"""Edits of pictures, from the files that they take besides the picture itself."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import UsageError
from sdf_siren.io.images import read_image
from sdf_siren.signals import Signal, editing

PathLike = str | os.PathLike[str]


def read_edit(
    target: Signal,
    *,
    source: PathLike | None = None,
    mask: PathLike | None = None,
    mix: PathLike | None = None,
    offset: tuple[int, int] = (0, 0),
    guidance: str = "source",
) -> editing.Edit:
    """What :func:`~sdf_siren.signals.editing.clone` or :func:`~sdf_siren.signals.editing.mix` make of files.

    Args:
        target: the picture to edit.
        source: to clone from.
        mask: of the source.
        mix: the other picture; source and mask are not read then.
        offset: (row, column) of the target where the source begins.
        guidance: ``source`` or ``mixed``.

    Raises:
        InputError: a file cannot be read.
        UsageError: the pictures do not fit together.
    """
    if mix is not None:
        return editing.mix(target.samples, _companion(mix, target).samples)
    if source is None or mask is None:
        raise UsageError("expected a source and its mask, or a picture to mix with, found neither")
    pasted, chosen = _companion(source, target).samples, read_mask(mask)
    if chosen.shape != pasted.shape[:2]:
        (rows, columns), (height, width) = pasted.shape[:2], chosen.shape
        raise UsageError(
            f"{mask}: expected {columns} x {rows} pixels as in {source}, found {width} x {height}"
        )
    return editing.clone(target.samples, pasted, chosen, offset, guidance)


def _companion(path: PathLike, target: Signal) -> Signal:
    """A picture in the units of the target: a grey one as colours where the target has these."""
    found = read_image(path)
    if found.format.floating != target.format.floating:
        kinds = ["floating-point numbers" if s.format.floating else "whole numbers" for s in (target, found)]
        raise UsageError(f"{path}: expected {kinds[0]} as in {target.source}, found {kinds[1]}; convert it")
    if found.channels == target.channels:
        return found
    if found.channels == 1 and target.channels == 3:
        return found.with_samples(np.broadcast_to(found.samples, (*found.shape, 3)))
    raise UsageError(
        f"{path}: expected {target.channels} channels as in {target.source}, found {found.channels}; "
        "convert one of them"
    )


def read_mask(path: PathLike) -> NDArray[np.bool_]:
    """A picture (h, w) as booleans: true where it is brighter than the middle of its range.

    Colours count by their mean. Of a picture with alpha, transparent pixels are not in the mask.

    Raises:
        InputError: the picture cannot be read.
    """
    picture = read_image(path)
    samples, middle = picture.samples, picture.format.low + picture.format.peak / 2
    alpha = picture.channels in (2, 4)
    bright = samples[..., : picture.channels - alpha].mean(axis=-1) > middle
    return np.asarray(bright & (samples[..., -1] > middle) if alpha else bright)
