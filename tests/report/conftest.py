"""A run folder, and a browser where there is one; the tests share shown_runs.py and browser.py."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of one run."""
    from shown_runs import make_run

    return make_run(tmp_path / "mesh.ply", notes=("dropped 2 rows",))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One headless Chromium for all tests that look."""
    from browser import PROGRAM, Browser

    if PROGRAM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    folder = tmp_path_factory.mktemp("browser")
    with Browser(folder) as found:
        yield found
    shutil.rmtree(folder, ignore_errors=True)
