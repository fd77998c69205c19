"""Pages as a browser has them: no error, no request, something to see, controls that work."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from shown_runs import ball, shell

from sdf_siren.artifacts import Mesh
from sdf_siren.report import Surface, read_record, write_report

FRAME = "(r => [r.x, r.y, r.width, r.height])(document.querySelector('canvas').getBoundingClientRect())"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    from shown_runs import make_run

    folder = make_run(tmp_path_factory.mktemp("report") / "mesh.ply")
    mesh = ball(4, radius=2.0, offset=1000.0)
    scalars = {"support": np.linspace(0, 3, len(mesh.vertices)), "</script><b>": np.zeros(len(mesh.vertices))}
    shown = Mesh(mesh.vertices, mesh.faces, mesh.normals, None, scalars)
    write_report(folder / "report.html", read_record(folder), Surface(shown, shell(3000, 2.1, 1000.0)))
    return folder / "report.html"


@pytest.fixture
def page(browser, report):
    """The report, open, in a window of 900 x 1000."""
    browser.forget()
    browser.size(900, 1000)
    assert browser.open(report) == "3d"
    return browser


def canvas(page, path):
    """What is seen where the view is, (h, w, 3), without the mark of the focus around it."""
    page.drawn()
    x, y, width, height = (round(v) for v in page.value(FRAME))
    page.picture(path)
    seen = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
    return seen[y + 4 : y + height - 4, x + 4 : x + width - 4]


def middle(page):
    x, y, width, height = page.value(FRAME)
    return x + width / 2, y + height / 2


def test_no_error_and_no_request(page, report):
    assert page.errors == []
    assert {address.split(":")[0] for address in page.requests} <= {"file", "data"}
    assert [a for a in page.requests if a.startswith("file")] == [report.as_uri()]


def test_a_ball_is_seen(page, tmp_path):
    seen = canvas(page, tmp_path / "a.png")
    background = seen[2, 2]
    covered = (np.abs(seen.astype(int) - background).max(axis=2) > 8).mean()
    radius = 0.5 * min(seen.shape[:2])
    disc = np.pi * radius**2 / (seen.shape[0] * seen.shape[1])
    assert 0.85 * disc < covered < 1.01 * disc
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 50  # it is shaded


def test_nothing_can_be_asked_for_from_within(page):
    asked = "fetch('https://example.org/x').then(() => 'answered', () => 'refused')"
    assert page.value(asked) == "refused"
    assert page.value("document.images.length") == 1


def test_colours_have_a_scale_with_numbers(page, tmp_path):
    assert page.value("document.getElementById('legend').hidden") is True
    options = page.value("[...document.getElementById('colour-by').options].map(o => o.value)")
    error = "distance of the scan"
    assert options == ["plain", error, "distance", "support", "</script><b>"]
    plain = canvas(page, tmp_path / "plain.png")
    choose(page, error)
    assert "inside" in page.value("document.getElementById('low').textContent")
    high = page.value("document.getElementById('high').textContent")
    assert float(high.removeprefix("outside ")) == pytest.approx(0.1, abs=0.01)
    assert page.value("document.getElementById('unit').textContent") == "scan's units"
    coloured = canvas(page, tmp_path / "coloured.png")
    # All points lie outside: red.
    assert coloured[coloured.shape[0] // 2, coloured.shape[1] // 2].argmax() == 0
    assert np.abs(coloured.astype(int) - plain).max() > 60
    choose(page, "support")
    assert page.value("document.getElementById('unit').textContent") == ""


def choose(page, key):
    page.value(
        "(s => { s.value = " + json.dumps(key) + "; s.dispatchEvent(new Event('change')); })"
        "(document.getElementById('colour-by'))"
    )


def test_a_click_reads_a_place_and_a_second_one_measures(page):
    x, y = middle(page)
    page.click(x, y)
    text = page.wait("document.getElementById('readout').textContent")
    assert text.startswith("mesh ")
    place = np.array([float(v) for v in text.removeprefix("mesh ").split(", ")[:3]])
    assert np.linalg.norm(place - 1000) == pytest.approx(2.0, abs=0.01)
    page.click(x + 60, y)
    text = page.wait("(t => t.includes('apart') && t)(document.getElementById('readout').textContent)")
    places = [part.split(" ", 1)[1].split(", ")[:3] for part in text.split("; ")[:2]]
    one, other = (np.array([float(v) for v in place]) for place in places)
    assert float(text.split("; ")[2].split()[0]) == pytest.approx(np.linalg.norm(one - other), rel=1e-3)
    page.press("Escape")
    assert page.value("document.getElementById('readout').textContent") == ""


def test_keys_and_toggles(page, tmp_path):
    before = canvas(page, tmp_path / "a.png")
    page.click(*middle(page))
    page.press("Escape")
    page.press("m")
    gone = canvas(page, tmp_path / "b.png")
    assert np.abs(gone.astype(int) - gone[0, 0]).max() < 8
    page.press("p")
    assert page.value("location.hash") == "#colour=plain&points=1"
    dots = canvas(page, tmp_path / "c.png")
    assert 0.001 < (np.abs(dots.astype(int) - gone).max(axis=2) > 30).mean() < 0.5
    page.press("m")
    page.press("p")
    np.testing.assert_allclose(canvas(page, tmp_path / "d.png"), before, atol=3)


def test_a_link_shows_the_same(browser, report):
    assert browser.open(report, "#colour=distance&points=1") == "3d"
    assert browser.value("document.getElementById('colour-by').value") == "distance"
    assert browser.value("document.getElementById('show-points').checked") is True
    assert float(browser.value("document.getElementById('low').textContent")) == 0


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_nothing_sticks_out(page, width):
    page.size(width, 800)
    page.wait(f"innerWidth === {width}")
    assert page.value("document.documentElement.scrollWidth") <= width
    page.wait("document.querySelector('canvas').width > 100")


def test_without_webgl_the_preview_is_shown_and_why(browser, report):
    browser.forget()
    browser.before("HTMLCanvasElement.prototype.getContext = () => null")
    assert browser.open(report) == "still"
    browser.before(None)
    assert browser.errors == []
    assert browser.value("document.querySelector('.still img').getBoundingClientRect().height") > 20
    assert browser.value("document.querySelector('.why').innerText").startswith(
        "This browser does not show 3-D"
    )
    assert browser.value("document.querySelector('canvas').getBoundingClientRect().height") == 0
    assert browser.value("document.getElementById('toolbar').hidden") is True
