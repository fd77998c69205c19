"""Sines and cosines of tensors, by the faster of torch and NumPy.

For float32 on the processor that is NumPy: its vectorised loops take less than half of torch's time (342 x 96
numbers with AVX-512: 18 us instead of 42), with errors of at most 1.5 units in the last place instead of 0.6;
an argument, the sum of many rounded products, is less certain than that. Other processors may only differ in
speed. In float64 NumPy is the slower one, so that stays with torch, and so do other devices and whatever is
recorded or transformed (autograd, ``torch.func``, fake and meta tensors).

The result at a place depends on the number there and on nothing beside it, so that chunks may begin and end
anywhere. Arguments above 1e5 are slow: up to 1.4 times as slow as torch's, whose own slow way begins at 3e4.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual


def sin(z: Tensor) -> Tensor:
    """The sine of every number of ``z``, of any shape; nan where it is not finite."""
    found = _by_numpy(np.sin, z, None)
    return torch.sin(z) if found is None else found


def sin_(z: Tensor) -> Tensor:
    """``z``, overwritten with its sines."""
    found = _by_numpy(np.sin, z, z)
    return z.sin_() if found is None else found


def cos(z: Tensor, out: Tensor | None = None) -> Tensor:
    """The cosine of every number of ``z``, of any shape; nan where it is not finite.

    Args:
        z: the arguments.
        out: what to overwrite, of the shape and dtype of ``z``; None is a new tensor.
    """
    found = _by_numpy(np.cos, z, out)
    return torch.cos(z, out=out) if found is None else found


def _by_numpy(function: np.ufunc, z: Tensor, out: Tensor | None) -> Tensor | None:
    """``function`` of ``z``, written to ``out`` if given; None where it is torch's to do."""
    if not z.is_cpu or z.dtype is not torch.float32 or unpack_dual(z).tangent is not None:
        return None
    found = torch.empty_like(z) if out is None else out
    try:
        source, target = z.numpy(), found.numpy()
    except (RuntimeError, TypeError):  # torch shows no numbers that are recorded, transformed or not there
        return None
    with np.errstate(invalid="ignore"):  # as with torch, infinity is no reason to warn
        function(source, out=target)
    return found
