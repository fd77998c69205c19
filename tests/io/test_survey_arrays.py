"""Measured waves in archives and tables, and how each fault is told."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import InputError
from sdf_siren.io.survey_arrays import COLUMNS, read_measurements

RNG = np.random.default_rng(0)
SOURCES, RECEIVERS = RNG.normal(size=(2, 2)), RNG.normal(size=(5, 2))
HEARD = RNG.normal(size=(5, 2)) + 1j * RNG.normal(size=(5, 2))


def archive(path, **changed):
    arrays = {"sources": SOURCES, "receivers": RECEIVERS, "heard": HEARD} | changed
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


HEAD = ",".join(COLUMNS)


def table(path, lines=None, head=HEAD):
    if lines is None:
        lines = [
            ",".join(map(repr, [*s.tolist(), *r.tolist(), HEARD[j, k].real.item(), HEARD[j, k].imag.item()]))
            for k, s in enumerate(SOURCES)
            for j, r in enumerate(RECEIVERS)
        ]
    path.write_text("\n".join([head, *lines, ""]))
    return path


def refused(path, *words):
    with pytest.raises(InputError) as caught:
        read_measurements(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in (path.name, *words):
        assert word in message, message


def same(found):
    assert np.array_equal(found.sources, SOURCES)
    assert np.array_equal(found.receivers, RECEIVERS)
    assert np.array_equal(found.heard, HEARD)
    assert found.heard.dtype == np.complex128


def test_complex_archive(tmp_path):
    same(read_measurements(archive(tmp_path / "a.npz")))


def test_parts_along_a_third_axis(tmp_path):
    parts = np.stack([HEARD.real, HEARD.imag], -1)
    same(read_measurements(archive(tmp_path / "a.npz", heard=parts)))


def test_table(tmp_path):
    same(read_measurements(table(tmp_path / "a.csv")))


def test_table_in_any_order(tmp_path):
    path = table(tmp_path / "a.csv")
    head, *lines = path.read_text().splitlines()
    turned = [",".join(reversed(line.split(","))) for line in [head.upper(), *lines]]
    path.write_text("\n".join([turned[0], "", *turned[1:]]))
    same(read_measurements(path))


def test_single_precision_is_taken(tmp_path):
    found = read_measurements(archive(tmp_path / "a.npz", heard=HEARD.astype(np.complex64)))
    assert np.allclose(found.heard, HEARD, rtol=1e-6)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"heard": None}, ["expected an array 'heard'"]),
        ({"heard": HEARD.T}, ["heard of shape (5, 2)", "(2, 5)"]),
        ({"heard": HEARD.real}, ["complex", "float64"]),
        ({"heard": np.where(np.arange(2) == 1, np.nan, HEARD)}, ["finite heard", "row 1"]),
        ({"sources": SOURCES[:, :1]}, ["sources of shape (n, 2)"]),
        ({"sources": SOURCES + 1j}, ["sources of shape (n, 2)"]),
        ({"receivers": np.zeros((0, 2))}, ["empty"]),
        (
            {"receivers": np.where(np.arange(5)[:, None] == 3, np.inf, RECEIVERS)},
            ["finite receivers", "row 4"],
        ),
        ({"heard": np.array([["a", "b"]] * 5)}, ["array of numbers"]),
        ({"heard": np.array([[None, None]] * 5)}, ["array of numbers"]),  # a pickle, never opened
    ],
)
def test_faults_of_archives(tmp_path, changed, words):
    refused(archive(tmp_path / "a.npz", **changed), *words)


@pytest.mark.parametrize(
    ("head", "lines", "words"),
    [
        ("source_x,source_y", ["1,2"], ["found no receiver_x"]),
        (",".join(COLUMNS), [], ["found none"]),
        (",".join(COLUMNS), ["1,2,3,4,5"], ["line 2", "6 numbers"]),
        (",".join(COLUMNS), ["1,2,3,4,5,x"], ["line 2", "6 numbers"]),
        (",".join(COLUMNS), ["1,2,3,4,5,nan"], ["finite heard"]),
        (",".join(COLUMNS), ["1,2,3,4,5,6"] * 2, ["one line for every source", "found 2"]),
        (",".join(COLUMNS), ["1,2,3,4,5,6", "0,2,9,4,5,6"], ["one line for every source", "found 0"]),
    ],
)
def test_faults_of_tables(tmp_path, head, lines, words):
    refused(table(tmp_path / "a.csv", lines, head), *words)


def test_other_files(tmp_path):
    refused(tmp_path / "missing.npz", "no such file")
    (tmp_path / "a.txt").write_text("1 2")
    refused(tmp_path / "a.txt", ".npz or .csv")
    (tmp_path / "b.npz").write_text("no archive")
    refused(tmp_path / "b.npz", "not a readable .npz archive")
