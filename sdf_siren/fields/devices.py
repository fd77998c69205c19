"""Where fields are evaluated."""

from __future__ import annotations

import torch

from sdf_siren.errors import UsageError


def choose_device(device: str) -> torch.device:
    """``auto`` is the first GPU if there is one.

    Raises:
        UsageError: not a device, or one that this machine lacks.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError:
        place = None
    if place is None or place.type not in ("cpu", "cuda"):
        raise UsageError(f"--device must be auto, cpu or cuda[:i], found {device!r}")
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"--device {device}: found {torch.cuda.device_count()} CUDA devices; use --device cpu"
        )
    return place
