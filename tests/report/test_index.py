"""The index: failed first, links that lead somewhere, names that stay names, a table without scripts."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from shown_runs import MEASURES, make_run
from test_markup import HOSTILE, read

from sdf_siren.report import write_index


@dataclass(frozen=True)
class Result:
    name: str
    output: str
    status: str = "done"
    reason: str = ""
    seconds: float = 1.0
    measures: dict = field(default_factory=dict)


def index(folder, *results):
    return write_index(folder, results).read_text("utf-8")


def rows(text):
    """The cells of every row of the body, as texts."""
    body = text.split("<tbody>")[1]
    found = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in body.split("<tr")[1:]]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in found]


def links(text):
    return [attributes["href"] for tag, attributes in read(text).tags if tag == "a"]


def test_failed_ones_first_with_their_reasons_then_by_name(tmp_path):
    text = index(
        tmp_path,
        Result("b.ply", str(tmp_path / "b.ply"), measures=MEASURES, seconds=61.04),
        Result("a.ply", str(tmp_path / "a.ply"), "skipped"),
        Result("z.ply", str(tmp_path / "z.ply"), "failed", "z.ply: expected points, found none"),
        Result("y.ply", str(tmp_path / "y.ply"), "interrupted"),
        Result("x.ply", str(tmp_path / "x.ply"), "exploded"),
        Result("a0.ply", str(tmp_path / "a0.ply")),
    )
    found = rows(text)
    assert [row[2] for row in found] == ["exploded", "failed", "interrupted", "done", "done", "done before"]
    assert found[1][1] == "z.plyz.ply: expected points, found none"
    assert [row[1] for row in found[3:5]] == ["a0.ply", "b.ply"]
    assert found[4][3:] == ["1,280", "no", "2", "0.00123", "0.0456", "1.2%", "61.0"]
    heads = re.findall(r"<th[^>]*>(.*?)</th>", text)
    fit = ["Fit, median", "Fit, 95 %", "Points without mesh"]
    assert heads[3:] == ["Triangles", "Watertight", "Pieces", *fit, "Seconds"]
    assert "6 files: 1 exploded, 1 failed, 1 interrupted, 2 done, 1 done before." in text


def test_links_lead_to_the_report_and_the_file(tmp_path):
    name = "sub/a b#?%&'\"é\u202e.ply"
    (tmp_path / "sub").mkdir()
    output = tmp_path / name
    output.touch()
    (make_run(output) / "report.html").touch()
    found = links(index(tmp_path, Result(name, str(output))))
    assert [tmp_path / unquote(link) for link in found] == [Path(f"{output}.run/report.html"), output]
    for link in found:
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", link)


def test_without_a_report_the_name_leads_to_the_file_and_without_a_file_nowhere(tmp_path):
    (tmp_path / "a.ply").touch()
    results = [Result("a", str(tmp_path / "a.ply")), Result("b", str(tmp_path / "b.ply"))]
    assert links(index(tmp_path, *results)) == ["a.ply"]


def test_what_an_earlier_run_left_is_not_shown_as_that_of_a_failed_one(tmp_path):
    (tmp_path / "a.ply").touch()
    (make_run(tmp_path / "a.ply") / "report.html").touch()
    text = index(tmp_path, Result("a", str(tmp_path / "a.ply"), "failed", measures=MEASURES))
    assert links(text) == []
    assert "<img" not in text


@pytest.mark.parametrize(("measures", "shape"), [(MEASURES, (32, 32)), ({"psnr": 40.0}, (64, 64))])
def test_thumbnails_are_of_the_mesh_or_of_the_whole_sheet(tmp_path, measures, shape):
    make_run(tmp_path / "a.ply")
    text = index(tmp_path, Result("a", str(tmp_path / "a.ply"), measures=measures))
    (source,) = [attributes["src"] for tag, attributes in read(text).tags if tag == "img"]
    data = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert pixels.shape == (*shape, 3)
    # The second quarter of the sheet is red, the rest black.
    red = (pixels[..., 0] > 150).mean()
    assert red == pytest.approx(1 if measures is MEASURES else 0.25, abs=0.03)


def test_figures_of_images(tmp_path):
    measures = {"psnr": 41.234, "ssim": 0.98765, "parameters": 198000}
    found = rows(index(tmp_path, Result("a", str(tmp_path / "a.png"), measures=measures)))
    assert found[0][3:6] == ["41.23", "0.9877", "198,000"]


def test_figures_that_are_not_known_stay_empty(tmp_path):
    measures = {**MEASURES, "residual_median": None}
    assert rows(index(tmp_path, Result("a", str(tmp_path / "a"), measures=measures)))[0][6] == ""


def test_an_empty_batch(tmp_path):
    assert "0 files: nothing to do." in index(tmp_path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.sampled_from(HOSTILE))
def test_names_stay_names(tmp_path, text):
    page = index(tmp_path, Result(text, str(tmp_path / "a"), text, text, measures={"faces": text}))
    plain = index(
        tmp_path, Result("x", str(tmp_path / "a"), "x", "x" if text else "", measures={"faces": "x"})
    )
    assert [tag for tag, _ in read(page).tags] == [tag for tag, _ in read(plain).tags]


class TestInABrowser:
    @pytest.fixture
    def page(self, browser, tmp_path):
        sizes = {"c.ply": 5, "a.ply": 1000, "B.ply": 20}
        results = [
            Result(name, str(tmp_path / name), seconds=float(size), measures={"faces": size})
            for name, size in sizes.items()
        ]
        results.append(Result("bad.ply", str(tmp_path / "bad"), "failed", "too hot", 0.0))
        browser.forget()
        browser.size(900, 700)
        assert browser.open(write_index(tmp_path, results)) == "table"
        return browser

    @staticmethod
    def names(page):
        return page.value(
            "[...document.querySelectorAll('tbody tr')].filter(r => !r.hidden)"
            ".map(r => r.querySelector('.name').textContent)"
        )

    @staticmethod
    def press(page, title):
        page.value(
            f"[...document.querySelectorAll('th button')].find(b => b.textContent === '{title}').click()"
        )
        return page.value(f"document.querySelector('th[data-sort=\"{title}\"]').getAttribute('aria-sort')")

    def test_sorting(self, page):
        assert self.names(page) == ["bad.ply", "B.ply", "a.ply", "c.ply"]
        assert self.press(page, "Triangles") == "ascending"
        assert self.names(page) == ["c.ply", "B.ply", "a.ply", "bad.ply"]
        assert self.press(page, "Triangles") == "descending"
        assert self.names(page) == ["a.ply", "B.ply", "c.ply", "bad.ply"]
        assert self.press(page, "Name") == "ascending"
        assert self.names(page) == ["a.ply", "B.ply", "bad.ply", "c.ply"]
        sorts = page.value("[...document.querySelectorAll('[aria-sort]')].map(h => h.ariaSort)")
        assert sorts.count("none") == len(sorts) - 1
        assert self.press(page, "Status") == "ascending"
        assert self.names(page)[0] == "bad.ply"
        assert page.errors == []

    def test_filtering(self, page):
        for text, left in (("HOT", ["bad.ply"]), ("done .ply", ["B.ply", "a.ply", "c.ply"]), ("x", [])):
            page.value(
                "(box => { box.value = '" + text + "'; box.dispatchEvent(new Event('input')); })"
                "(document.getElementById('filter'))"
            )
            assert self.names(page) == left
            assert page.value("document.getElementById('shown').textContent") == f"{len(left)} of 4"

    def test_a_link_shows_the_same(self, page, tmp_path):
        assert page.open(tmp_path / "index.html", "#sort=Seconds&order=down&filter=done") == "table"
        assert self.names(page) == ["a.ply", "B.ply", "c.ply"]

    @pytest.mark.parametrize("width", [360, 1200])
    def test_nothing_sticks_out(self, page, width):
        page.size(width, 700)
        page.wait(f"innerWidth === {width}")
        assert page.value("document.documentElement.scrollWidth") <= width
