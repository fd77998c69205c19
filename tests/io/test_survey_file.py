"""Problem files of inverse problems: what they pose, and how each fault is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sdf_siren.errors import InputError
from sdf_siren.io.survey_file import poses_inverse, read_inverse_problem

SHIPPED = Path(__file__).parents[2] / "data" / "problems"
SOURCES = np.array([[0.4, 0.0], [-0.4, 0.0]])
RECEIVERS = np.array([[0.0, 0.4], [0.0, -0.4], [0.3, 0.3], [-0.3, 0.3]])
TEXT = """
equation = "inverse_helmholtz"
wavenumber = 5
[domain]
shape = "box"
low = [-1, -1]
high = [1, 1]
[absorbing_layer]
thickness = 0.5
[region]
centre = [0, 0]
radius = 0.3
[measurements]
file = "waves.npz"
field = "scattered"
source_width = 0.05
"""


@pytest.fixture
def folder(tmp_path):
    save(tmp_path)
    return tmp_path


def save(folder, **changed):
    arrays = {"sources": SOURCES, "receivers": RECEIVERS, "heard": np.full((4, 2), 1 + 2j)} | changed
    np.savez(folder / "waves.npz", **arrays)


def parsed(folder, text=TEXT):
    (folder / "file.toml").write_text(text)
    return read_inverse_problem(folder / "file.toml")


def refused(folder, text, *words):
    with pytest.raises(InputError) as caught:
        parsed(folder, text)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_shipped():
    path = SHIPPED / "inverse_helmholtz.toml"
    assert poses_inverse(path)
    problem = read_inverse_problem(path)
    assert problem.heard.shape == (48, 8)
    assert problem.exact is not None
    assert problem.survey.widest_gap < 10


def test_others_pose_none(tmp_path):
    assert not poses_inverse(SHIPPED / "poisson.toml")
    assert not poses_inverse(tmp_path / "missing.toml")


def test_what_is_posed(folder):
    problem = parsed(folder, TEXT.replace("radius = 0.3", "radius = 0.3\nlowest = 0.5\nhighest = 2"))
    survey = problem.survey
    assert (survey.wavenumber, survey.layer.thickness, survey.region.radius) == (5, 0.5, 0.3)
    assert [source.position for source in survey.sources] == [(0.4, 0.0), (-0.4, 0.0)]
    assert torch.equal(survey.receivers, torch.from_numpy(RECEIVERS))
    assert problem.limits == (0.5, 2)
    assert problem.title == "file"
    assert bool((problem.heard == 1 + 2j).all())


def test_the_incident_field_is_taken_from_the_total_one(folder):
    scattered = parsed(folder)
    incident = torch.stack(
        [source.field(scattered.survey.receivers, 5.0, None).value for source in scattered.survey.sources], 1
    )
    save(folder, heard=(scattered.heard + incident).numpy())
    total = parsed(folder, TEXT.replace('"scattered"', '"total"'))
    assert torch.allclose(total.heard, scattered.heard, atol=1e-14)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wavenumber = 5", "wavenumber = 0", ["wavenumber", "above 0"]),
        ("wavenumber = 5", 'wavenumber = 5\nsource = "1"', ["unknown key 'source'"]),
        ("[-1, -1]", "[-1]", ["two corners"]),
        (
            'shape = "box"\nlow = [-1, -1]\nhigh = [1, 1]',
            'shape = "disk"\ncentre = [0, 0]\nradius = 1',
            ["box"],
        ),
        ("[absorbing_layer]\nthickness = 0.5", "", ["absorbing_layer", "must be able to leave"]),
        ("radius = 0.3", "radius = 0.6", ["region", "0.1 too far"]),
        ("radius = 0.3", "radius = -1", ["region", "radius above zero"]),
        ("radius = 0.3", "radius = 0.3\nlowest = 1.5", ["lowest and highest around 1"]),
        ("radius = 0.3", "radius = 0.42", ["sources", "outside the region", "(0.4, 0)"]),
        ('"waves.npz"', '"../waves.npz"', ["in the folder of the problem file"]),
        ('"waves.npz"', '"/etc/passwd"', ["in the folder of the problem file"]),
        ('"waves.npz"', '"waves.npy"', [".npz or .csv"]),
        ('"waves.npz"', '"none.npz"', ["none.npz", "no such file"]),
        ('"scattered"', '"scatered"', ["did you mean", "scattered"]),
        ("source_width = 0.05", "", ["source_width", "add it"]),
        ("wavenumber = 5", 'wavenumber = 5\nexact = "1 + x"', ["exact", "expected 1 at the rim"]),
        ("wavenumber = 5", 'wavenumber = 5\nexact = "1/0*x"', ["exact"]),
    ],
)
def test_faults_of_the_file(folder, old, new, words):
    assert old in TEXT
    refused(folder, TEXT.replace(old, new), *words)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"receivers": RECEIVERS + np.eye(4, 2) * [5, 0]},
            ["receivers", "inside the domain", "(5, 0.4)"],
        ),
        ({"receivers": RECEIVERS * 2}, ["receivers", "outside the absorbing layer"]),
        ({"sources": SOURCES * 2}, ["sources", "outside the absorbing layer"]),
        ({"heard": np.zeros((4, 2), complex)}, ["zeros only"]),
        ({"heard": np.full((4, 3), 1j)}, ["(4, 2)", "(4, 3)"]),
        ({"receivers": RECEIVERS[:3], "heard": np.full((3, 2), 1j)}, ["at least 4 receivers", "found 3"]),
    ],
)
def test_faults_of_the_measurements(folder, changed, words):
    save(folder, **changed)
    refused(folder, TEXT, "waves.npz", *words)
