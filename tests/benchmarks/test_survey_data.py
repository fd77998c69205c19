"""Simulated measurements: readable, and near the shipped ones even from coarse grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner
from survey_data import survey_data

from sdf_siren.io.survey_arrays import read_measurements

SHIPPED = Path(__file__).parents[2] / "data" / "problems" / "inverse_helmholtz.npz"


def test_coarse_grids_come_near_the_shipped_data(tmp_path):
    words = ["-o", str(tmp_path / "a.npz"), "--cells", "60", "--noise", "0"]
    assert CliRunner().invoke(survey_data, words, catch_exceptions=False).exit_code == 0
    found, shipped = read_measurements(tmp_path / "a.npz"), read_measurements(SHIPPED)
    assert np.array_equal(found.sources, shipped.sources)
    assert np.array_equal(found.receivers, shipped.receivers)
    miss = np.linalg.norm(found.heard - shipped.heard) / np.linalg.norm(shipped.heard)
    assert 0.009 < miss < 0.03  # the noise, and what the grids are off
