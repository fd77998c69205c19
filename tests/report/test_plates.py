"""What of an image is in a page: all of it, or every k-th pixel and the worst part; at its exact values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown_runs import image, likeness_to

from sdf_siren.report.packing import unpacked
from sdf_siren.report.plate_payload import plate_payload
from sdf_siren.report.plates import plates, worst
from sdf_siren.signals import SampleFormat
from sdf_siren.signals.maps import gradient_size


def decoded(shown, name):
    width = {"given": shown["channels"], "error": shown["channels"]}.get(name, 1)
    block = shown[name] if name == "given" else shown[name]["values"]
    values = unpacked(block).reshape(shown["rows"], shown["columns"], width)
    if name == "given":
        return shown["low"] + values / shown["full"] * (shown["high"] - shown["low"])
    return values * shown[name]["unit"]


class TestPlates:
    def test_a_small_image_is_there_as_a_whole(self):
        likeness = likeness_to(image())
        (whole,) = plates(likeness)
        assert (whole.corner, whole.stride) == ((0, 0), 1)
        np.testing.assert_array_equal(whole.given + whole.error, likeness.true + whole.error)
        np.testing.assert_allclose(whole.error, likeness.found.values - likeness.true)
        np.testing.assert_array_equal(whole.gradient, gradient_size(likeness.found.gradient))

    def test_of_a_larger_one_there_are_pixels_and_the_worst_part(self):
        likeness = likeness_to(image((60, 90)))
        values = likeness.found.values.copy()
        values[41:45, 70:74] += 0.5
        likeness = replace(likeness, found=replace(likeness.found, values=values))
        whole, part = plates(likeness, most_bytes=12_000)
        assert whole.stride == 3
        np.testing.assert_array_equal(whole.given, likeness.true[::3, ::3])
        np.testing.assert_array_equal(whole.laplacian, likeness.found.laplacian.mean(axis=-1)[::3, ::3])
        assert part.stride == 1
        (row, column), (height, width) = part.corner, part.given.shape[:2]
        assert row <= 41 < 45 <= row + height
        assert column <= 70 < 74 <= column + width
        np.testing.assert_array_equal(part.given, likeness.true[row : row + height, column : column + width])

    def test_one_that_is_thinned_before_has_no_part(self):
        likeness = replace(likeness_to(image((60, 90))), stride=4)
        (whole,) = plates(likeness, most_bytes=12_000)
        assert whole.stride == 4 * 3
        np.testing.assert_array_equal(whole.given, likeness.true[::3, ::3])

    @given(
        st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
            lambda shape: st.tuples(
                st.just(shape), st.tuples(st.integers(1, shape[0]), st.integers(1, shape[1]))
            )
        ),
        st.integers(0, 99),
    )
    @settings(deadline=None)
    def test_no_other_rectangle_is_worse(self, shapes, seed):
        (rows, columns), (height, width) = shapes
        error = np.random.default_rng(seed).normal(size=(rows, columns, 2)).astype(np.float32)
        row, column = worst(error, (height, width))
        sums = {
            (r, c): np.square(error[r : r + height, c : c + width], dtype=float).sum()
            for r in range(rows - height + 1)
            for c in range(columns - width + 1)
        }
        assert sums[row, column] >= max(sums.values()) - 1e-9


class TestPayload:
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_samples_are_exact_and_errors_nearly(self, channels):
        signal = image(channels=channels)
        (plate,) = plates(likeness_to(signal))
        shown = plate_payload(plate, signal.format, (1.0, 2.0))
        assert shown["pixel"] == [1.0, 2.0]
        np.testing.assert_array_equal(np.round(decoded(shown, "given") * 255) / 255, decoded(shown, "given"))
        np.testing.assert_allclose(decoded(shown, "given"), signal.samples, atol=1e-7)
        for name, true in (("error", plate.error), ("gradient", plate.gradient[..., None])):
            size = np.sqrt(np.square(true).mean())
            assert np.abs(decoded(shown, name) - true).max() <= size / 32 * 1.001

    def test_16_bits(self):
        levels = np.random.default_rng(0).integers(0, 65536, (9, 7, 1))
        signal = replace(
            image((9, 7), 1), samples=(levels / 65535).astype(np.float32), format=SampleFormat(bits=16)
        )
        (plate,) = plates(likeness_to(signal))
        shown = plate_payload(plate, signal.format, (1.0, 1.0))
        np.testing.assert_array_equal(np.round(decoded(shown, "given") * 65535), levels)

    def test_units_of_their_own(self):
        samples = np.linspace(-3, 5, 60, dtype=np.float32).reshape(6, 10, 1)
        form = SampleFormat(-3.0, 5.0, 32, True)
        (plate,) = plates(likeness_to(replace(image((6, 10), 1), samples=samples, format=form)))
        np.testing.assert_allclose(
            decoded(plate_payload(plate, form, (1.0, 1.0)), "given"), samples, atol=8 / 65535
        )

    def test_a_perfect_fit_and_an_outlier(self):
        signal = image()
        (plate,) = plates(likeness_to(signal))
        perfect = replace(plate, error=np.zeros_like(plate.error))
        shown = plate_payload(perfect, signal.format, (1.0, 1.0))
        assert not decoded(shown, "error").any()
        assert shown["error"]["reach"] == 1.0
        error = np.zeros_like(plate.error)
        error[3, 4] = 1e4
        shown = plate_payload(replace(plate, error=error), signal.format, (1.0, 1.0))
        np.testing.assert_allclose(decoded(shown, "error"), error, atol=np.sqrt(np.square(error).mean()) / 31)
