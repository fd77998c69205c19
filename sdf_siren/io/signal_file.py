"""Signal files: a field of an image, a sound or a video as safetensors, the network and the grid it is on."""

from __future__ import annotations

import math
import os

from sdf_siren.errors import UsageError
from sdf_siren.fields import SignalField
from sdf_siren.frames import GridFrame
from sdf_siren.io.tensor_files import architecture_of, opened, read_network, tensors_of, write_tensors
from sdf_siren.signals import SampleFormat

FORMAT = "sdf-siren signal 1"


def write_signal_field(field: SignalField, path: str | os.PathLike[str]) -> None:
    """Write ``field`` to ``path`` (.safetensors), atomically.

    Raises:
        UsageError: the path cannot be written, or the network is neither a SIREN nor a perceptron.
    """
    try:
        architecture = architecture_of(field.network)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    description = {
        "format": FORMAT,
        "architecture": architecture,
        "shape": list(field.frame.shape),
        "step": list(field.frame.step),
        "low": field.low,
        "high": field.high,
        "axes": list(field.axes),
        "record": dict(field.record),
    }
    write_tensors(path, description, tensors_of(field.network))


def load_signal_field(path: str | os.PathLike[str], device: str = "cpu") -> SignalField:
    """Read a field written by :func:`write_signal_field`.

    Raises:
        InputError: the file is missing, is not a signal file, or contradicts itself.
    """
    with opened(path, "a signal file", FORMAT) as file:
        description = file.description
        network = read_network(file, device)
        shape, step = description["shape"], description["step"]
        if not all(type(n) is int for n in shape):
            raise ValueError(f"expected whole numbers of samples, found {repr(shape)[:80]}")
        frame = GridFrame(tuple(shape), tuple(float(s) for s in step))
        low, high = float(description["low"]), float(description["high"])
        axes, record = tuple(description["axes"]), description["record"]
        if not (math.isfinite(low) and math.isfinite(high) and high > low):
            raise ValueError(f"expected finite ends of the range, found {low} and {high}")
        if len(axes) != len(shape) or not all(isinstance(axis, str) for axis in axes):
            raise ValueError(f"expected a name for each of {len(shape)} axes, found {repr(axes)[:80]}")
        if network.layers[0].weight.shape[1] != len(shape) or not isinstance(record, dict):
            raise ValueError("network and grid do not fit")
        if "format" in record:
            SampleFormat.from_json(record["format"])
        return SignalField(network, frame, low, high, axes, record)
