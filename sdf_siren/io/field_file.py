"""Field files: a fitted field as safetensors, so that it can be meshed again.

One file holds everything: the parameters, the local corrections and the support points as tensors, and the
architecture, the frame and the record of the fit as JSON in the header's metadata. safetensors checks
its header against the file's size and executes nothing.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

from sdf_siren.errors import InputError
from sdf_siren.fields import CubicTiles, SignedDistanceField, Siren, SirenShape
from sdf_siren.files import atomic_path
from sdf_siren.frames import Similarity

FORMAT = "sdf-siren field 1"
_KEY = "sdf-siren"
_LARGEST_PARAMETERS = 100_000_000


def write_field(field: SignedDistanceField, path: str | os.PathLike[str]) -> None:
    """Write ``field`` to ``path`` (.safetensors), atomically.

    Raises:
        UsageError: the path cannot be written.
    """
    import torch
    from safetensors.torch import save_file

    shape, frame = field.network.shape, field.frame
    architecture = {
        "inputs": shape.inputs,
        "outputs": shape.outputs,
        "width": shape.width,
        "hidden_layers": shape.hidden_layers,
        "omega_0": shape.omega_0,
    }
    if shape.first_width is not None:  # versions that do not know it can read all other files
        architecture["first_width"] = shape.first_width
    description = {
        "format": FORMAT,
        "architecture": architecture,
        "frame": {"centre": list(frame.centre), "scale": frame.scale},
        "record": dict(field.record),
        "tile_sides": [tiles.side for tiles in field.tiles],
    }
    tensors = {}
    for layer, (weight, bias) in enumerate(zip(field.network.weights, field.network.biases, strict=True)):
        tensors[f"weights.{layer}"] = weight.cpu().contiguous()
        tensors[f"biases.{layer}"] = bias.cpu().contiguous()
    for level, tiles in enumerate(field.tiles):
        tensors[f"tiles.{level}.places"] = tiles.places.to("cpu", torch.int32).contiguous()
        tensors[f"tiles.{level}.coefficients"] = tiles.coefficients.cpu().contiguous()
    if field.support is not None:
        tensors["support"] = torch.from_numpy(field.support)
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: json.dumps(description)})


def load_field(path: str | os.PathLike[str], device: str = "cpu") -> SignedDistanceField:
    """Read a field written by :func:`write_field`.

    Raises:
        InputError: the file is missing, is not a field file, or contradicts itself.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            description = _description(path, file.metadata())
            shape = SirenShape(**description["architecture"])
            if shape.parameter_count > _LARGEST_PARAMETERS:
                raise InputError(
                    f"{path}: claims {shape.parameter_count} parameters, more than {_LARGEST_PARAMETERS}"
                )
            names = set(file.keys())
            layers = range(len(list(pairwise(shape.sizes))))
            sides = [float(side) for side in description.get("tile_sides", [])]
            missing = [n for i in layers for n in (f"weights.{i}", f"biases.{i}") if n not in names]
            missing += [
                n
                for i in range(len(sides))
                for n in (f"tiles.{i}.places", f"tiles.{i}.coefficients")
                if n not in names
            ]
            if missing:
                raise InputError(f"{path}: a field file needs the tensor {missing[0]}, found {sorted(names)}")
            weights = [file.get_tensor(f"weights.{i}").to(device) for i in layers]
            biases = [file.get_tensor(f"biases.{i}").to(device) for i in layers]
            tiles = tuple(
                CubicTiles(
                    side,
                    file.get_tensor(f"tiles.{i}.places").to(device, torch.int64),
                    file.get_tensor(f"tiles.{i}.coefficients").to(device),
                )
                for i, side in enumerate(sides)
            )
            support = file.get_tensor("support").numpy() if "support" in names else None
        parameters = [*weights, *biases, *(level.coefficients for level in tiles)]
        if not all(bool(t.isfinite().all()) for t in parameters):
            raise InputError(f"{path}: a field file needs finite parameters, found NaN or infinity")
        network = Siren(shape, weights, biases)
        x, y, z = description["frame"]["centre"]
        frame = Similarity((float(x), float(y), float(z)), float(description["frame"]["scale"]))
        found = SignedDistanceField(network, frame, dict(description.get("record", {})), support, tiles)
        float(found.error or 0)  # read from the record, which may say anything
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a field file written by this program ({error})") from None
    return found


def _description(path: Path, metadata: dict[str, str] | None) -> dict[str, Any]:
    text = (metadata or {}).get(_KEY)
    description = json.loads(text) if text else None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise InputError(f"{path}: expected a field file ('{FORMAT}'), found other safetensors data")
    return description
