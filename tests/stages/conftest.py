"""A context that listens, and stand-ins for the modules that a stage calls."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from sdf_siren.engine.stage import Context


@pytest.fixture
def events():
    return []


@pytest.fixture
def context(tmp_path, events):
    """A context on ``scan.ply`` -> ``mesh.ply`` in a fresh folder; reports end up in ``events``."""
    return Context(
        stage="stage",
        input=tmp_path / "scan.ply",
        output=tmp_path / "mesh.ply",
        folder=tmp_path,
        seed=5,
        device="cpu",
        resume=True,
        observer=events.append,
    )


@pytest.fixture
def said(events):
    """What was reported of one kind, merged."""

    def collect(kind):
        return [dict(event.data) for event in events if event.kind == kind]

    return collect


@pytest.fixture
def stand_in(monkeypatch):
    """Replace a module by recorders: ``stand_in("sdf_siren.io", read_points=result)`` gives the calls."""

    def replace(module, **results):
        calls = []

        def recorder(name, result):
            def call(*args, **kwargs):
                calls.append((name, args, kwargs))
                if isinstance(result, Exception):
                    raise result
                return result

            return call

        names = {name: recorder(name, result) for name, result in results.items()}
        monkeypatch.setitem(sys.modules, module, SimpleNamespace(**names))
        return calls

    return replace
