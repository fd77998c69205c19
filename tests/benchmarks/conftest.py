"""The benchmarks are scripts, not a package: their folder is where their imports are found."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
