"""Checkpoints: the state of a trainer as safetensors, tied to the fit it belongs to.

safetensors rather than pickle: a checkpoint comes from a folder anyone may have written to.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sdf_siren.errors import UsageError
from sdf_siren.files import atomic_path
from sdf_siren.fitting.trainer import Look, Trainer
from sdf_siren.progress import Progress, ProgressCallback

_KEY = "sdf-siren checkpoint 2"


def fingerprint(description: dict[str, object], *arrays: Tensor) -> str:
    """A hash of what a fit is made of: its settings (JSON values) and its data."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for array in arrays:
        digest.update(array.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def save(path: Path, state: dict[str, Tensor], fit: str) -> None:
    """Write ``state`` of the fit with fingerprint ``fit``, atomically.

    Raises:
        UsageError: it cannot be written.
    """
    from safetensors.torch import save as serialized

    tensors = {name: t.detach().cpu().contiguous() for name, t in state.items()}
    with atomic_path(path) as temporary:
        # Not save_file, whose errors do not say that a disk is full.
        temporary.write_bytes(serialized(tensors, metadata={_KEY: fit}))


def identity_of(path: Path) -> str:
    """The fingerprint of the fit that ``path`` is a checkpoint of.

    Raises:
        UsageError: the file is no checkpoint.
    """
    with _opened(path) as file:
        found = (file.metadata() or {}).get(_KEY)
        if found is None:
            raise UsageError(f"{path}: expected a checkpoint of this program; use --force to start anew")
        return str(found)


def load(path: Path, fit: str, device: torch.device) -> dict[str, Tensor]:
    """The state in ``path``.

    Raises:
        UsageError: the file is no checkpoint, or belongs to another scan or other settings.
    """
    if identity_of(path) != fit:
        raise UsageError(
            f"{path}: the checkpoint belongs to another input, seed or settings; "
            "repeat the original command, or use --force to start anew"
        )
    with _opened(path) as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    # A generator's state stays in main memory whatever its device.
    return {name: t if name == "generator" else t.to(device) for name, t in state.items()}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            yield file
    except SafetensorError as error:
        raise UsageError(f"{path}: damaged checkpoint ({error}); use --force to start anew") from None


def again(path: Path) -> Path:
    """Where a second fit, which goes on from the first one's end, keeps its state."""
    return path.with_name(path.name + ".again")


CHECKPOINT_SECONDS = 10.0
"""Between writes."""


class Keeper:
    """An observer that keeps a checkpoint file up to date.

    Ctrl-C may come in the middle of a step, when the trainer's state is half of one step and half of
    the next; so what is saved is always a copy made at a look. ``more`` is saved beside it, as it is then.
    """

    def __init__(self, path: Path, fit: str, more: Mapping[str, Tensor] | None = None) -> None:
        self.path, self.fit, self._more = path, fit, more or {}
        self._saved = time.monotonic()
        self._last: dict[str, Tensor] | None = None

    def __call__(self, trainer: Trainer[Any], look: Look) -> None:
        self._last = {name: tensor.clone() for name, tensor in trainer.state().items()}
        if time.monotonic() - self._saved > CHECKPOINT_SECONDS or look.step == look.steps:
            self.save()

    def save(self) -> None:
        """Write the state of the last look; before the first one there is nothing to keep."""
        if self._last is not None:
            save(self.path, {**self._more, **self._last}, self.fit)
            self._saved = time.monotonic()


def train(trainer: Trainer[Any], keeper: Keeper | None, progress: ProgressCallback) -> None:
    """Run a trainer to its end, reporting losses and rate at every look.

    Ctrl-C leaves a checkpoint, where one is kept, and goes on to the caller.
    """

    def report(_: Trainer[Any], look: Look) -> None:
        progress(Progress("fit", look.step, look.steps, {**look.losses, "rate": look.rate}))

    try:
        trainer.run((*([keeper] if keeper else []), report))
    except KeyboardInterrupt:
        if keeper is not None:
            keeper.save()
        raise
