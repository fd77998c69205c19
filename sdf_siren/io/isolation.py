"""Reading in a process of its own, for formats whose libraries can crash or grow without bound on a bad file.

A segmentation fault, an abort or a failed allocation in native code ends that process; here it is one line.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError, MissingLibraryError
from sdf_siren.io.opening import one_line
from sdf_siren.io.raw_points import COLUMNS, RawPoints

MEMORY = 4 << 30
"""Bytes that the process may take, where the system can bound them; a piece of a file takes some 50 MB."""

PATIENCE = 600.0
"""Seconds to wait for one piece of a file, which takes less than one."""

_ROOT = Path(__file__).parents[2]


def isolated(module: str, path: Path) -> Iterator[RawPoints]:
    """What ``decode(path)`` of ``module`` yields, computed in another process.

    Raises:
        InputError: ``decode`` raised one, or its process ended otherwise than by finishing.
    """
    search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        # -P: no module beside the scan can be taken for one of ours.
        [sys.executable, "-P", "-m", __name__, module, os.path.abspath(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": search, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    try:
        while (piece := _received(process, path)) is not None:
            yield piece
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def require(library: str, extra: str) -> None:
    """Check that the optional ``library`` is installed.

    Raises:
        MissingLibraryError: it is not; the message is the command that installs it.
    """
    if importlib.util.find_spec(library) is None:
        raise MissingLibraryError(
            f"this format needs the Python package {library!r}, which is not installed:"
            f' pip install "sdf-siren[{extra}]"'
        )


def _received(process: subprocess.Popen[bytes], path: Path) -> RawPoints | None:
    """The next piece, or None at the end."""
    assert process.stdout is not None
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    try:
        (length,) = struct.unpack("<I", process.stdout.read(4))
        head: dict[str, Any] = json.loads(process.stdout.read(length))
        arrays = {
            name: np.frombuffer(
                process.stdout.read(np.dtype(kind).itemsize * math.prod(shape)), kind
            ).reshape(shape)
            for name, kind, shape in head.get("columns", ())
        }
    except (struct.error, ValueError, EOFError):
        code = process.wait()
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise InputError(
            f"{path}: the library that reads this format broke down on it ({cause}); the file is damaged"
        ) from None
    finally:
        watch.cancel()
    if "error" in head:
        raise InputError(head["error"])
    return None if "end" in head else RawPoints(notes=tuple(head["notes"]), **arrays)


def _send(out: IO[bytes], head: dict[str, Any], arrays: Sequence[NDArray[np.generic]] = ()) -> None:
    text = json.dumps(head).encode()
    out.write(struct.pack("<I", len(text)) + text)
    for array in arrays:
        out.write(array.tobytes())
    out.flush()


def _serve(module: str, path: Path) -> None:
    """The other process: pieces, errors and the end, to what was its standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no limits, other systems may have lower ones
    try:
        for piece in importlib.import_module(module).decode(path):
            arrays = {name: value for name in COLUMNS if (value := getattr(piece, name)) is not None}
            columns = [(name, value.dtype.str, value.shape) for name, value in arrays.items()]
            _send(out, {"notes": piece.notes, "columns": columns}, list(arrays.values()))
    except InputError as error:
        _send(out, {"error": str(error)})
    except BaseException as error:  # a panic in Rust is not an Exception
        _send(out, {"error": f"{path}: cannot be read ({type(error).__name__}: {one_line(error)})"})
    else:
        _send(out, {"end": True})


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
