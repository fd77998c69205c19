"""Field files: a fitted field as safetensors, so that it can be meshed again.

One file holds everything: the parameters, the local corrections and the support points as tensors, and the
architecture, the frame and the record of the fit as JSON. Fields of signals have files of their own
(:mod:`sdf_siren.io.signal_file`).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.fields import CubicTiles, SignalField, SignedDistanceField, Siren
from sdf_siren.frames import Similarity
from sdf_siren.io.signal_file import write_signal_field
from sdf_siren.io.tensor_files import (
    TensorFile,
    architecture_of,
    opened,
    read_siren,
    tensors_of,
    write_tensors,
)

FORMAT = "sdf-siren field 1"


def write_field(field: SignedDistanceField | SignalField, path: str | os.PathLike[str]) -> None:
    """Write ``field`` to ``path`` (.safetensors), atomically; one of a signal as ``write_signal_field`` does.

    Raises:
        UsageError: the path cannot be written.
    """
    if isinstance(field, SignalField):
        write_signal_field(field, path)
        return
    frame = field.frame
    description = {
        "format": FORMAT,
        "architecture": architecture_of(field.network),
        "frame": {"centre": list(frame.centre), "scale": frame.scale},
        "record": dict(field.record),
        "tile_sides": [tiles.side for tiles in field.tiles],
    }
    tensors = tensors_of(field.network)
    for level, tiles in enumerate(field.tiles):
        tensors[f"tiles.{level}.places"] = tiles.places.to(torch.int32)
        tensors[f"tiles.{level}.coefficients"] = tiles.coefficients
    if field.support is not None:
        tensors["support"] = torch.from_numpy(field.support)
    if field.support_normals is not None:
        tensors["support_normals"] = torch.from_numpy(field.support_normals)
    write_tensors(path, description, tensors)


def load_field(path: str | os.PathLike[str], device: str = "cpu") -> SignedDistanceField:
    """Read a field of signed distances written by :func:`write_field`.

    Raises:
        InputError: the file is missing, is not a field file, or contradicts itself.
    """
    with opened(path, "a field file", FORMAT) as file:
        description: dict[str, Any] = file.description
        network = read_siren(file, device)
        tiles = tuple(
            _tiles(file, level, float(side), network)
            for level, side in enumerate(description.get("tile_sides", []))
        )
        support, normals = _support(file)
        x, y, z = description["frame"]["centre"]
        frame = Similarity((float(x), float(y), float(z)), float(description["frame"]["scale"]))
        record = dict(description.get("record", {}))
        found = SignedDistanceField(network, frame, record, support, tiles, normals)
        float(found.error or 0), found.noisy  # read from the record, which may say anything
    return found


def _support(file: TensorFile) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Points of the scan and their normals, as far as the file has them."""
    if "support" not in file.names:
        return None, None
    points = file.tensor("support", torch.float32)
    normals = file.tensor("support_normals", torch.float32) if "support_normals" in file.names else None
    for name, tensor in (("support", points), ("support_normals", normals)):
        if tensor is None:
            continue
        if tensor.shape != (len(points), 3):
            raise InputError(
                f"{file.path}: expected {name} of shape ({len(points)}, 3), found {tuple(tensor.shape)}; "
                "the file is damaged"
            )
    return points.numpy(), None if normals is None else normals.numpy()


def _tiles(file: TensorFile, level: int, side: float, network: Siren) -> CubicTiles:
    places = file.tensor(f"tiles.{level}.places", torch.int32)
    coefficients = file.tensor(f"tiles.{level}.coefficients", network.dtype)
    return CubicTiles(side, places.to(network.device, torch.int64), coefficients.to(network.device))
