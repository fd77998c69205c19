"""On what a result was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sdf_siren

LIBRARIES = ("torch", "open3d", "numpy", "scipy", "scikit-image")


def describe_machine(now: datetime) -> dict[str, Any]:
    """Date, machine and versions; imports none of the libraries."""
    return {
        "date": f"{now:%Y-%m-%d %H:%M} UTC",
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {"sdf-siren": sdf_siren.__version__, **{name: _version(name) for name in LIBRARIES}},
    }


def _version(library: str) -> str | None:
    """None where it is not installed, or not as a package."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def source_commit() -> str | None:
    """The commit of this checkout, with ``-dirty`` where files differ; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _cpu() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
