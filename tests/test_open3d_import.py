"""open3d is imported quietly, and what is missing is named with the command that installs it."""

from __future__ import annotations

import builtins
import ctypes
import subprocess
import sys
from typing import Any

import pytest

from sdf_siren import open3d_import
from sdf_siren.errors import MissingLibraryError
from sdf_siren.open3d_import import import_open3d


def test_open3d_is_imported_without_warnings_or_output(capfd: pytest.CaptureFixture[str]) -> None:
    open3d = import_open3d()
    assert open3d.utility.get_verbosity_level() == open3d.utility.VerbosityLevel.Error
    assert capfd.readouterr() == ("", "")


def test_plotting_is_imported_when_it_is_called_and_not_before() -> None:
    script = """if True:
        import sys
        from sdf_siren.open3d_import import import_open3d
        open3d = import_open3d()
        assert "dash" not in sys.modules and "plotly" not in sys.modules
        assert "open3d.visualization.draw_plotly" not in sys.modules
        box = open3d.geometry.TriangleMesh.create_box()
        for _ in range(2):
            print(type(open3d.visualization.get_plotly_fig([box])).__name__)
        assert callable(open3d.visualization.draw_plotly)
        assert open3d.visualization.draw_plotly.__module__ == "open3d.visualization.draw_plotly"
        import_open3d()
    """
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["Figure", "Figure"]


def _failing_import(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = builtins.__import__

    def fake(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "open3d":
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fake)


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libEGL.so.1", "libegl1"),
        ("libX11.so.6", "libx11-6"),
        ("libgomp.so.1", "libgomp1"),
        ("libudev.so.1", "libudev1"),
        ("libidn2.so.0", "libidn2-0"),
        ("libusb-1.0.so.0", "libusb-1.0-0"),
    ],
)
@pytest.mark.parametrize("kind", [ImportError, OSError])
def test_a_missing_system_library_names_its_package(
    monkeypatch: pytest.MonkeyPatch, library: str, package: str, kind: type[Exception]
) -> None:
    message = f"{library}: cannot open shared object file: No such file or directory"
    _failing_import(monkeypatch, kind(message))
    with pytest.raises(MissingLibraryError, match=f"apt-get install {package}$") as caught:
        import_open3d()
    assert "\n" not in str(caught.value)


def test_an_unknown_library_and_another_failure_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _failing_import(monkeypatch, ImportError("libfoo.so.3: cannot open shared object file: No such\nfile"))
    with pytest.raises(MissingLibraryError, match="libfoo, which is missing"):
        import_open3d()
    _failing_import(monkeypatch, ImportError("something\nelse"))
    with pytest.raises(MissingLibraryError, match="cannot be imported \\(something else\\)"):
        import_open3d()


def test_a_missing_python_package_names_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    _failing_import(monkeypatch, ModuleNotFoundError("No module named 'open3d'", name="open3d"))
    with pytest.raises(MissingLibraryError, match="pip install open3d"):
        import_open3d()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux wheels link against libusb")
def test_libusb_comes_from_its_package_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    real = ctypes.CDLL

    def fake(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "libusb-1.0.so.0":
            raise OSError("cannot open shared object file")
        loaded.append(name)
        assert kwargs["mode"] == ctypes.RTLD_GLOBAL
        return real(name, *args, **kwargs)

    monkeypatch.setattr(open3d_import.ctypes, "CDLL", fake)
    open3d_import._preload_libusb()
    assert len(loaded) == 1
    assert "libusb" in loaded[0]
