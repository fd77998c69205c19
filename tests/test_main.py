"""The command as it is installed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from sdf_siren.__main__ import main


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """The command is about to leave; these tests are not."""
    yield
    gc.unfreeze()


class _Interrupted:
    """Ctrl-C while a module is searched for."""

    def find_spec(self, name: str, *_: object) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_while_the_command_is_loaded_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "sdf_siren.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Interrupted()])
    assert main() == 130
    assert capsys.readouterr() == ("", "reconstruct: interrupted; nothing was written\n")


def test_nothing_is_looked_through_on_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = gc.get_freeze_count()
    monkeypatch.setattr(sys, "argv", ["reconstruct", "--version"])
    assert main() == 0
    assert capsys.readouterr().out
    assert gc.get_freeze_count() > before + 1000
