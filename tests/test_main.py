"""The command as it is installed."""

from __future__ import annotations

import sys

import pytest

from sdf_siren.__main__ import main


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
