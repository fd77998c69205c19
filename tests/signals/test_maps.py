from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.signals.maps import gradient_size, mean_laplacian, parse_maps


def test_names():
    assert parse_maps(None) == parse_maps("") == ()
    assert parse_maps(" laplacian,gradient, laplacian") == ("laplacian", "gradient")
    with pytest.raises(UsageError, match="did you mean laplacian"):
        parse_maps("gradient,laplace")
    assert parse_maps("", 1) == ()
    with pytest.raises(UsageError, match="1 axes"):
        parse_maps("gradient", 1)


def test_all_channels_as_one():
    gradient = np.random.default_rng(0).normal(size=(3, 4, 2, 2))
    np.testing.assert_allclose(
        gradient_size(gradient), np.linalg.norm(gradient.reshape(3, 4, 4), axis=-1), rtol=1e-6
    )
    np.testing.assert_allclose(mean_laplacian(gradient[..., 0]), gradient[..., 0].mean(axis=-1), rtol=1e-5)
