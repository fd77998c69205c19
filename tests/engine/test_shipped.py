"""Shipped pipelines are found in a wheel and in a checkout."""

from __future__ import annotations

import pytest

from sdf_siren.engine.shipped import shipped_pipeline
from sdf_siren.errors import UsageError


def test_here():
    assert shipped_pipeline("surface").is_file()


def test_installed_wheel(tmp_path):
    inside = tmp_path / "site-packages" / "sdf_siren" / "pipelines"
    inside.mkdir(parents=True)
    (inside / "surface.toml").touch()
    assert shipped_pipeline("surface", inside.parent) == inside / "surface.toml"


def test_checkout(tmp_path):
    (tmp_path / "sdf_siren").mkdir()
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "surface.toml").touch()
    assert shipped_pipeline("surface", tmp_path / "sdf_siren") == tmp_path / "pipelines" / "surface.toml"


def test_missing(tmp_path):
    with pytest.raises(UsageError, match=r"surface.toml is missing"):
        shipped_pipeline("surface", tmp_path / "sdf_siren")
