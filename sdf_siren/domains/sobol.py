"""Scrambled Sobol points: the same seed gives the same sequence, from any place in it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

_LARGEST_SEED = 2**63


def points(dimension: int, count: int, seed: int, start: int = 0) -> Tensor:
    """Points ``start`` to ``start + count`` of the sequence of a seed, (count, dimension) in [0, 1).

    torch's engine is used because SciPy's warns at every count that is no power of two.
    """
    if count == 0:
        return torch.empty(0, dimension, dtype=torch.float64)
    engine = SobolEngine(dimension, scramble=True, seed=seed % _LARGEST_SEED)
    if start:
        engine.fast_forward(start)
    return engine.draw(count, dtype=torch.float64)


def spread(u: Tensor, measure: Tensor) -> tuple[Tensor, Tensor]:
    """Choose by measure: for each of ``u`` (n,) in [0, 1) an index into ``measure``, and what of u is left.

    The rest is again uniform in [0, 1), and along each index as evenly spread as u was.
    """
    ends = measure.cumsum(0)
    along = u * ends[-1]
    index = torch.searchsorted(ends, along, right=True).clamp_max(len(measure) - 1)
    rest = (along - (ends - measure)[index]) / measure[index]
    return index, rest.clamp(0, 1)
