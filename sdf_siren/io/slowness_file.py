"""Files of a squared slowness: safetensors, the network and the disk outside of which it is one."""

from __future__ import annotations

import os

from sdf_siren.conditions import Slowness
from sdf_siren.domains import Ball
from sdf_siren.errors import UsageError
from sdf_siren.io.tensor_files import architecture_of, opened, read_siren, tensors_of, write_tensors

FORMAT = "sdf-siren slowness 1"


def write_slowness(slowness: Slowness, path: str | os.PathLike[str]) -> None:
    """Write a squared slowness to ``path`` (.safetensors), atomically.

    Raises:
        UsageError: the path cannot be written.
    """
    description = {
        "format": FORMAT,
        "centre": list(slowness.region.centre),
        "radius": slowness.region.radius,
        "architecture": architecture_of(slowness.network),
    }
    write_tensors(path, description, tensors_of(slowness.network))


def load_slowness(path: str | os.PathLike[str]) -> Slowness:
    """Read a squared slowness as :func:`write_slowness` wrote it.

    Raises:
        InputError: the file is missing, is not such a file, or contradicts itself.
    """
    with opened(path, "a squared slowness", FORMAT) as file:
        network = read_siren(file)
        try:
            region = Ball(file.description["centre"], file.description["radius"])
        except UsageError as error:
            raise ValueError(str(error)) from None
        shape = network.shape
        if region.dimension != 2 or (shape.inputs, shape.outputs) != (2, 1):
            raise ValueError("network and disk do not fit")
        return Slowness(region, network)
