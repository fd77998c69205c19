"""Arrays come back from their blocks, as exactly as promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdf_siren.report.packing import (
    FLOAT_ERROR,
    along_a_curve,
    ordered,
    packed_bytes,
    packed_faces,
    packed_floats,
    packed_offsets,
    packed_steps,
    unpacked,
)

WIDE = st.tuples(st.integers(0, 20), st.integers(1, 4))
ROWS = st.integers(0, 40).flatmap(lambda n: arrays(np.uint16, (n, 3)))


@given(ROWS)
def test_steps_come_back_exactly(rows):
    np.testing.assert_array_equal(unpacked(packed_steps(rows)), rows)


@given(st.sampled_from([np.uint8, np.uint16]).flatmap(lambda kind: arrays(kind, WIDE)))
def test_steps_of_any_width_and_size_come_back_exactly(rows):
    found = unpacked(packed_steps(rows))
    assert found.dtype == rows.dtype
    np.testing.assert_array_equal(found, rows)


@given(arrays(np.int16, WIDE))
def test_offsets_come_back_exactly(rows):
    found = unpacked(packed_offsets(rows))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, rows)


def test_small_offsets_take_little_room():
    noise = np.round(np.random.default_rng(0).normal(scale=16, size=(40_000, 1))).astype(np.int16)
    # The entropy of rounded noise is log2(16) + 2.05 bits; base64 takes a third more.
    assert len(packed_offsets(noise)["data"]) < 1.1 * 40_000 * (4 + 2.05) / 8 * 4 / 3


@given(arrays(np.uint32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(0, 2**31 - 1)))
def test_faces_come_back_exactly_once_in_order(faces):
    found = ordered(faces)
    np.testing.assert_array_equal(unpacked(packed_faces(found)), found)


@given(arrays(np.uint32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(0, 9)))
def test_ordering_keeps_triangles_and_the_way_they_turn(faces):
    def turned(rows):
        return sorted(min((a, b, c), (b, c, a), (c, a, b)) for a, b, c in rows.tolist())

    found = ordered(faces)
    assert (found[:, 0] <= found.min(axis=1)).all()
    assert (np.diff(found[:, 0]) >= 0).all()
    assert turned(found) == turned(faces)


@given(arrays(np.float32, st.integers(0, 40), elements=st.floats(width=32, allow_subnormal=False)))
def test_floats_come_back_to_their_error(values):
    found = unpacked(packed_floats(values))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    np.testing.assert_array_equal(found[np.isinf(values)], values[np.isinf(values)])
    finite = np.isfinite(values)
    assert np.isfinite(found[finite]).all()
    wide = values[finite].astype(np.float64)
    assert (np.abs(found[finite] - wide) <= FLOAT_ERROR * np.abs(wide)).all()


@given(arrays(np.uint8, WIDE))
def test_bytes_come_back_exactly(rows):
    np.testing.assert_array_equal(unpacked(packed_bytes(rows)), rows)


@given(ROWS)
def test_the_curve_visits_every_row_once(rows):
    assert sorted(along_a_curve(rows)) == list(range(len(rows)))


def test_the_curve_goes_octant_by_octant():
    grid = (
        np.stack(np.meshgrid(*[np.arange(8)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.uint16) * 8192
    )
    walked = grid[along_a_curve(grid)]
    for size in (8, 64):
        for block in walked.reshape(-1, size, 3):
            assert (np.ptp(block, axis=0) == 8192 * (round(size ** (1 / 3)) - 1)).all()


def test_neighbours_on_the_curve_are_told_in_few_bytes():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 65536, (20000, 3)).astype(np.uint16)
    there = len(packed_steps(rows[along_a_curve(rows)])["data"])
    assert there < 0.95 * len(packed_steps(rows)["data"])


def test_faces_out_of_order_are_a_mistake():
    with pytest.raises(AssertionError, match="order"):
        packed_faces(np.array([[3, 4, 5], [0, 1, 2]]))
