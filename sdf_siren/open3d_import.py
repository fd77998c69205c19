"""The one module through which open3d is imported, late and quietly.

open3d is heavy and links against system libraries that plain machines and containers lack. The path
from an oriented scan to a mesh does not need it.
"""

from __future__ import annotations

import ctypes
import importlib
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from sdf_siren.errors import MissingLibraryError

_LIBUSB = "libusb-1.0.so.0"

_PLOTTING = "open3d.visualization.draw_plotly"
"""The module of open3d that imports plotly and dash, a web server: half the time of the whole import."""

_PACKAGES = {
    "libGL": "libgl1",
    "libEGL": "libegl1",
    "libX11": "libx11-6",
    "libgomp": "libgomp1",
    "libudev": "libudev1",
    "libidn2": "libidn2-0",
    "libusb-1.0": "libusb-1.0-0",
    "libstdc++": "libstdc++6",
}
"""The Debian and Ubuntu package that holds each library open3d links against."""


def import_open3d() -> ModuleType:
    """The open3d module, with its own messages reduced to errors.

    Raises:
        MissingLibraryError: open3d or a system library it needs is not installed; the message
            names the command that installs it.
    """
    _preload_libusb()
    try:
        # Its dependencies warn about their own deprecations; that is no news to our users.
        with warnings.catch_warnings(), _plotting_left_for_later():
            warnings.simplefilter("ignore")
            import open3d
    except (ImportError, OSError) as error:
        raise MissingLibraryError(_advice(error)) from error
    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    module: ModuleType = open3d
    return module


@contextmanager
def _plotting_left_for_later() -> Iterator[None]:
    """Let open3d find, in place of its plotting, functions that import it when they are called."""
    if "open3d" in sys.modules:
        yield
        return
    found: list[str] = []

    def stand_in(name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        found.append(name)

        def call(*args: Any, **keywords: Any) -> Any:
            plotting = importlib.import_module(_PLOTTING)
            for each in found:
                setattr(sys.modules["open3d.visualization"], each, getattr(plotting, each))
            return getattr(plotting, name)(*args, **keywords)

        return call

    placeholder: Any = ModuleType(_PLOTTING)
    placeholder.__getattr__ = stand_in
    sys.modules[_PLOTTING] = placeholder
    try:
        yield
    finally:
        if sys.modules.get(_PLOTTING) is placeholder:
            del sys.modules[_PLOTTING]


def _preload_libusb() -> None:
    """Load the libusb of the package libusb-package where the system has none.

    open3d links against it for depth cameras. A library that is already loaded under the same
    SONAME satisfies the dynamic linker, so this has to come before the import.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(_LIBUSB, mode=ctypes.RTLD_GLOBAL)
        return
    except OSError:
        pass
    try:
        import libusb_package

        path = libusb_package.get_library_path()
        if path is not None:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError):
        pass  # the import of open3d names the library that is missing


def _advice(error: Exception) -> str:
    """One line that says what to install."""
    if isinstance(error, ModuleNotFoundError):
        return f"the Python package {error.name!r} is not installed: pip install {error.name}"
    text = " ".join(str(error).split())
    found = re.search(r"(lib[\w+.-]+?)\.so[.\d]*: cannot open shared object", text)
    if found is None:
        return f"open3d cannot be imported ({text})"
    library = found.group(1)
    package = _PACKAGES.get(library)
    if package is None:
        return f"open3d needs the system library {library}, which is missing: install the package that has it"
    return f"open3d needs the system library {library}, which is missing: apt-get install {package}"
