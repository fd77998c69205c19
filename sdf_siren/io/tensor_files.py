"""What every file of a fitted network shares: safetensors with a description, and the network in it.

The description is JSON in the header's metadata; it names its format first. safetensors checks its header
against the file's size and executes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sdf_siren.errors import InputError
from sdf_siren.fields import LayeredField, Perceptron, PositionalEncoding, Relu, Siren, SirenShape, Tanh
from sdf_siren.files import atomic_path

_KEY = "sdf-siren"
_LARGEST_PARAMETERS = 100_000_000
_REAL = (torch.float32, torch.float64)
_ACTIVATIONS = {kind.name: kind for kind in (Relu(), Tanh())}


def write_tensors(
    path: str | os.PathLike[str], description: Mapping[str, object], tensors: Mapping[str, Tensor]
) -> None:
    """Write tensors with their description to ``path``, atomically.

    Raises:
        UsageError: the path cannot be written.
    """
    from safetensors.torch import save

    stored = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        # Not save_file, whose errors do not say that a disk is full.
        temporary.write_bytes(save(stored, metadata={_KEY: json.dumps(description)}))


class TensorFile:
    """An open file.

    Attributes:
        path: for messages.
        description: as it was written; it may say anything.
        names: of the tensors.
    """

    def __init__(self, path: Path, handle: Any, description: dict[str, Any]) -> None:
        self.path, self.description = path, description
        self.names = set(handle.keys())
        self._handle = handle

    def tensor(self, name: str, *types: torch.dtype) -> Tensor:
        """A tensor of one of ``types``, finite, on the CPU.

        Raises:
            InputError: there is none of that name, it is of another type, or holds NaN or infinity.
        """
        if name not in self.names:
            raise InputError(f"{self.path}: expected the tensor {name}, found {sorted(self.names)}")
        found: Tensor = self._handle.get_tensor(name)
        if found.dtype not in types:
            expected, other = (" or ".join(map(str, t)).replace("torch.", "") for t in (types, [found.dtype]))
            raise InputError(
                f"{self.path}: expected {name} of the type {expected}, found {other}; the file is damaged"
            )
        if not bool(torch.isfinite(found).all()):
            raise InputError(f"{self.path}: expected finite {name}, found NaN or infinity")
        return found


@contextmanager
def opened(path: str | os.PathLike[str], kind: str, expected: str) -> Iterator[TensorFile]:
    """A file for reading; whatever goes wrong inside, because the file contradicts itself, is one line.

    Args:
        path: the file.
        kind: what it should be, with its article, for messages.
        expected: the format that its description should name.

    Raises:
        InputError: the file is missing, is of another kind, or contradicts itself.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as handle:
            description = json.loads((handle.metadata() or {}).get(_KEY, "null"))
            found = description.get("format") if isinstance(description, dict) else None
            if found != expected:
                raise InputError(
                    f"{path}: expected {kind} ('{expected}'), found "
                    f"{repr(found)[:80] if found else 'other safetensors data'}"
                )
            yield TensorFile(path, handle, description)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except InputError as error:  # of a frame, say, which knows no file
        raise error if str(path) in str(error) else InputError(f"{path}: {error}") from None
    except (
        SafetensorError,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        RuntimeError,
        AttributeError,
    ) as error:
        text = " ".join(str(error).split())
        raise InputError(f"{path}: not {kind} written by this program ({text})") from None


def architecture_of(network: LayeredField) -> dict[str, object]:
    """What is needed, besides its tensors, to build a network again; JSON values only.

    Raises:
        ValueError: a network of another kind than a SIREN or a perceptron.
    """
    if isinstance(network, Siren):
        shape = network.shape
        found: dict[str, object] = {
            "inputs": shape.inputs,
            "outputs": shape.outputs,
            "width": shape.width,
            "hidden_layers": shape.hidden_layers,
            "omega_0": shape.omega_0,
        }
        if shape.first_width is not None:  # versions that do not know it can read all other files
            found["first_width"] = shape.first_width
        return found
    if isinstance(network, Perceptron):
        return {
            "activation": network.activation.name,
            "octaves": network.encoding.octaves if network.encoding else None,
            "sizes": [network.weights[0].shape[1], *(len(bias) for bias in network.biases)],
        }
    raise ValueError(f"expected a SIREN or a perceptron to write, found {type(network).__name__}")


def tensors_of(network: LayeredField) -> dict[str, Tensor]:
    """Weights and biases under the names that :func:`read_network` looks for."""
    found = {}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        found[f"weights.{layer}"], found[f"biases.{layer}"] = weight, bias
    return found


def read_siren(file: TensorFile, device: str = "cpu", types: Sequence[torch.dtype] = _REAL) -> Siren:
    """The network whose architecture the description gives, on ``device``.

    Raises:
        InputError: too many parameters, missing or infinite ones, or of another type than one of ``types``.
        TypeError, ValueError: an architecture that is none, or other tensors than it needs.
    """
    shape = SirenShape(**file.description["architecture"])
    return Siren(shape, *_parameters(file, shape.sizes, device, types))


def read_network(file: TensorFile, device: str = "cpu") -> LayeredField:
    """As :func:`read_siren`, and perceptrons too."""
    architecture = file.description["architecture"]
    if "activation" not in architecture:
        return read_siren(file, device)
    sizes, octaves = architecture["sizes"], architecture["octaves"]
    if not isinstance(sizes, list) or len(sizes) < 3 or not all(type(n) is int and n > 0 for n in sizes):
        raise ValueError(f"expected sizes of at least two layers, found {repr(sizes)[:80]}")
    activation = _ACTIVATIONS[architecture["activation"]]
    encoding = None if octaves is None else PositionalEncoding(octaves)
    network = Perceptron(*_parameters(file, sizes, device, _REAL), activation, encoding)
    if [tuple(w.shape) for w in network.weights] != [(n, m) for m, n in pairwise(sizes)]:
        raise ValueError("the tensors are of other sizes than the architecture says")
    return network


def _parameters(
    file: TensorFile, sizes: tuple[int, ...] | list[int], device: str, types: Sequence[torch.dtype]
) -> tuple[list[Tensor], list[Tensor]]:
    count = sum((below + 1) * above for below, above in pairwise(sizes))
    if count > _LARGEST_PARAMETERS:
        raise InputError(f"{file.path}: claims {count} parameters, more than {_LARGEST_PARAMETERS}")
    layers = range(len(sizes) - 1)
    dtype = file.tensor("weights.0", *types).dtype  # of all the others too
    weights = [file.tensor(f"weights.{i}", dtype) for i in layers]
    biases = [file.tensor(f"biases.{i}", dtype) for i in layers]
    return [w.to(device) for w in weights], [b.to(device) for b in biases]
