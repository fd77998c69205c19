"""Arrays as they are, for other programs."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from sdf_siren.files import atomic_path


def write_array(array: NDArray[np.generic], path: str | os.PathLike[str]) -> None:
    """Write an array as .npy, atomically.

    Raises:
        UsageError: the path cannot be written.
    """
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array, allow_pickle=False)
