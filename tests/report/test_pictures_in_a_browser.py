"""The page of an image as a browser has it: every pixel is seen as it is, and all panels move in step."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from shown_runs import image, likeness_to, make_image_run

from sdf_siren.report import FittedImage, Shown, read_record, write_comparison, write_report
from sdf_siren.report import fitted_image as module
from sdf_siren.report.plates import plates

FRAMES = """
[...document.querySelectorAll("canvas")].map(canvas => canvas.getBoundingClientRect())
  .map(r => [r.x, r.y, r.width, r.height])
"""
SIGNAL = image((20, 30))
LIKENESS = likeness_to(SIGNAL, 0.1)


def write(folder, signal=SIGNAL, likeness=LIKENESS):
    write_report(folder / "report.html", read_record(folder), FittedImage(signal, likeness))
    return folder / "report.html"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write(make_image_run(tmp_path_factory.mktemp("report") / "a.png"))


@pytest.fixture
def page(browser, report):
    """The report, open, in a window of 1100 x 1000."""
    browser.forget()
    browser.size(1100, 1000)
    assert browser.open(report) == "pictures"
    return browser


def frames(page):
    return [[float(v) for v in frame] for frame in page.value(FRAMES)]


def canvases(page, path):
    """What is seen of every panel, (h, w, 3)."""
    page.drawn()
    page.picture(path)
    seen = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB")).astype(int)
    corners = [(round(x), round(y), round(x + w), round(y + h)) for x, y, w, h in frames(page)]
    return [seen[top:bottom, left:right] for left, top, right, bottom in corners]


def pixels(seen, shape):
    """The colour in the middle of every pixel of an image that fills a panel."""
    rows, columns = (
        ((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(shape, seen.shape[:2], strict=True)
    )
    return seen[np.ix_(rows, columns)]


def alike(one, other):
    """The share of the screen's pixels that have the same colour; two panels may differ by one in size."""
    rows, columns = (min(pair) - 8 for pair in zip(one.shape[:2], other.shape[:2], strict=True))
    return (np.abs(one[8:rows, 8:columns] - other[8:rows, 8:columns]).max(axis=2) <= 1).mean()


def control(page, name, value, event="input"):
    page.value(
        f"(e => {{ e.value = {value!r}; e.dispatchEvent(new Event({event!r})); }})"
        f"(document.getElementById({name!r}))"
    )


def readout(page):
    return page.value("document.getElementById('readout').textContent")


def test_no_error_and_no_request(page, report):
    assert page.errors == []
    assert [a for a in page.requests if not a.startswith("data:")] == [report.as_uri()]
    asked = "fetch('https://example.org/x').then(() => 'answered', () => 'refused')"
    assert page.value(asked) == "refused"


def test_every_pixel_is_seen_in_its_colour(page, tmp_path):
    given, fitted, error = canvases(page, tmp_path / "a.png")
    true = np.round(SIGNAL.samples * 255)
    assert np.abs(pixels(given, (20, 30)) - true).max() <= 1
    found = np.clip(LIKENESS.found.values, 0, 1) * 255
    assert np.abs(pixels(fitted, (20, 30)) - found).max() <= 255 * 0.1 / 32 + 2
    # The larger an error, the brighter it is.
    size = np.abs(LIKENESS.found.values - LIKENESS.true).mean(axis=-1).ravel()
    bright = pixels(error, (20, 30)).sum(axis=-1).ravel()
    inside = size < np.quantile(size, 0.99)
    ranks = [np.argsort(np.argsort(values[inside])) for values in (size, bright)]
    assert np.corrcoef(ranks)[0, 1] > 0.99


def test_the_pixel_under_the_pointer_is_told(page):
    for x, y, width, height in frames(page):
        page.move(x + 12.5 / 30 * width, y + 7.5 / 20 * height)
        text = page.wait("document.getElementById('readout').textContent")
        place, values = text.split("; ")
        assert place == "column 12, row 7"
        told = [part.split(" ", 1) for part in values.split(", ")]
        numbers = {name: [float(v) for v in rest.split()] for name, rest in told}
        np.testing.assert_allclose(numbers["given"], SIGNAL.samples[7, 12], atol=1e-4)
        np.testing.assert_allclose(numbers["fitted"], LIKENESS.found.values[7, 12], atol=0.1 / 30)
        error = LIKENESS.found.values[7, 12] - SIGNAL.samples[7, 12]
        np.testing.assert_allclose(numbers["error"], error, atol=0.1 / 30)


def test_the_wheel_enlarges_what_is_under_it_in_all_panels(page, tmp_path):
    (x, y, width, height), *_ = frames(page)
    place = (x + 4.5 / 30 * width, y + 3.5 / 20 * height)
    page.wheel(*place, -600)
    given, fitted, _ = canvases(page, tmp_path / "a.png")
    assert readout(page).startswith("column 4, row 3;")
    # Beside the mark, most of the way to the next pixel, everything has that pixel's colour.
    row, column = round(place[1] - y), round(place[0] - x)
    near = given[row - 8 : row + 9, column - 8 : column + 9].reshape(-1, 3)
    assert np.abs(near - np.round(SIGNAL.samples[3, 4] * 255)).max() <= 1
    far = fitted[row - 8 : row + 9, column - 8 : column + 9].reshape(-1, 3)
    found = np.clip(LIKENESS.found.values[3, 4], 0, 1) * 255
    assert np.abs(far - found).max() <= 255 * 0.1 / 32 + 2
    page.move(*place)
    before = page.value("[...document.querySelectorAll('canvas')].map(c => c.style.touchAction)")
    assert before == ["none"] * 3  # what is enlarged is moved by a finger; else that scrolls the page
    page.double_click(*place)
    page.drawn()
    after = page.value("[...document.querySelectorAll('canvas')].map(c => c.style.touchAction)")
    assert after == ["pan-y"] * 3


def test_dragging_moves_by_as_much(page):
    (x, y, width, height), *_ = frames(page)
    middle = (x + width / 2, y + height / 2)
    page.wheel(*middle, -480)  # four times
    page.move(*middle)
    before = readout(page)
    page.drag(*middle, middle[0] + 3 * 4 * width / 30, middle[1] - 2 * 4 * height / 20)
    page.drawn()
    assert readout(page) == before  # the same pixel is under the pointer
    page.move(*middle)
    place = before.split(";")[0].replace(",", "").split()
    assert readout(page).startswith(f"column {int(place[1]) - 3}, row {int(place[3]) + 2};")


def test_two_fingers_enlarge(page):
    (x, y, width, height), *_ = frames(page)
    left, right, middle = x + 0.4 * width, x + 0.6 * width, y + height / 2
    page.fingers(
        [(left, middle), (right, middle)],
        [(left - 0.05 * width, middle), (right + 0.05 * width, middle)],
        [(left - 0.1 * width, middle), (right + 0.1 * width, middle)],
    )
    page.move(x + 1, y + 1)
    place = readout(page).split(";")[0].replace(",", "").split()
    assert int(place[1]) >= 6
    assert int(place[3]) >= 4


def test_keys(page, tmp_path):
    (x, y, width, height), *_ = frames(page)
    page.click(x + width / 2, y + height / 2)
    page.press("Escape")
    whole = canvases(page, tmp_path / "a.png")
    for _ in range(8):
        page.press("+")
    page.press("ArrowLeft")
    assert alike(canvases(page, tmp_path / "b.png")[1], whole[1]) < 0.3
    page.press("f")
    assert page.value("document.querySelectorAll('.what')[1].textContent") == "Given"
    given, swapped, _ = canvases(page, tmp_path / "c.png")
    assert alike(given, swapped) > 0.9
    page.press("f")
    page.press("0")
    assert alike(canvases(page, tmp_path / "d.png")[1], whole[1]) > 0.9
    page.press("c")
    assert page.value("location.hash") == "#map=signed"


def test_a_border_between_given_and_fitted(page, tmp_path):
    given, fitted, _ = (pixels(seen, (20, 30)) for seen in canvases(page, tmp_path / "a.png"))
    control(page, "wipe", "0.5")
    half = pixels(canvases(page, tmp_path / "b.png")[1], (20, 30))
    assert np.abs(half[:, :15] - given[:, :15]).max() <= 1
    assert np.abs(half[:, 15:] - fitted[:, 15:]).max() <= 1


def test_blinking(page):
    words = "document.querySelectorAll('.what')[1].textContent"
    page.value("document.getElementById('blink').click()")
    page.wait(f"{words} === 'Given'")
    page.wait(f"{words} === 'Fitted'")
    page.wait(f"{words} === 'Given'")
    page.value("document.getElementById('blink').click()")
    assert page.value(words) == "Fitted"


def test_maps_have_scales_with_numbers(page):
    for name, unit in (("laplacian", " per pixel squared"), ("error", "")):
        control(page, "colour-by", name, "change")
        assert page.value("document.getElementById('unit').textContent") == f"units of the image{unit}"
    size = np.abs(LIKENESS.found.values - LIKENESS.true).mean(axis=-1)
    text = "document.getElementById('high').textContent"
    high = float(page.value(text))
    assert high == pytest.approx(np.quantile(size, 0.995), rel=0.01)
    control(page, "scale", "-1")
    assert float(page.value(text)) == pytest.approx(high / 2, rel=0.01)


def test_a_link_shows_the_same(browser, report):
    assert browser.open(report, "#map=gradient") == "pictures"
    assert browser.value("document.getElementById('colour-by').value") == "gradient"


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_transparent(browser, tmp_path, channels):
    signal = image((20, 30), channels)
    samples = signal.samples.copy()
    if channels > 1:
        samples[..., -1] = 1.0
        samples[:, 15:, -1] = 0.0
    signal = signal.with_samples(samples)
    path = write(make_image_run(tmp_path / "a.png"), signal, likeness_to(signal))
    browser.size(1100, 1000)
    assert browser.open(path) == "pictures"
    given = pixels(canvases(browser, tmp_path / "a.png")[0], (20, 30))
    true = np.broadcast_to(np.round(samples[..., : max(1, channels - 1)] * 255), (20, 30, 3))
    assert np.abs(given[:, :15] - true[:, :15]).max() <= 1
    if channels > 1:
        assert set(np.unique(given[:, 15:])) <= {203, 204, 205, 236, 237, 238}


def test_a_reduced_image_and_its_worst_part(browser, tmp_path, monkeypatch):
    signal = image((60, 90))
    likeness = likeness_to(signal)
    values = likeness.found.values.copy()
    values[41:45, 70:74] += 0.5
    likeness = replace(likeness, found=replace(likeness.found, values=values))
    monkeypatch.setattr(module, "plates", lambda shown, bits: plates(shown, bits, 12_000))
    path = write(make_image_run(tmp_path / "a.png"), signal, likeness)
    browser.size(1100, 1000)
    assert browser.open(path) == "pictures"
    x, y, width, height = frames(browser)[0]
    browser.move(x + width - 2, y + height - 2)
    assert readout(browser).startswith("column 87, row 57;")
    given = pixels(canvases(browser, tmp_path / "a.png")[0], (20, 30))
    missed = np.abs(given - np.round(signal.samples[::3, ::3] * 255))
    assert missed[:19, :29].max() <= 1  # but for the mark
    control(browser, "place", "1", "change")
    browser.drawn()
    x, y, width, height = frames(browser)[0]
    corner = plates(likeness, most_bytes=12_000)[1].corner
    browser.move(x + 2, y + 2)
    assert readout(browser).startswith(f"column {corner[1]}, row {corner[0]};")
    assert browser.value("location.hash") == "#map=error&place=1"


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_nothing_sticks_out(page, width):
    page.size(width, 800)
    page.wait(f"innerWidth === {width}")
    assert page.value("document.documentElement.scrollWidth") <= width
    page.wait("document.querySelector('canvas').clientWidth > 100")
    _, _, wide, high = frames(page)[0]
    assert wide / high == pytest.approx(1.5, rel=0.02)


def test_two_runs_move_in_step(browser, tmp_path):
    runs = []
    for name, size in (("a.png", 0.1), ("b.png", 0.02)):
        record = read_record(make_image_run(tmp_path / name))
        runs.append(Shown(record, FittedImage(SIGNAL, likeness_to(SIGNAL, size))))
    write_comparison(tmp_path / "compare.html", *runs)
    browser.forget()
    for width in (360, 1100):
        browser.size(width, 1000)
        assert browser.open(tmp_path / "compare.html") == "pictures"
        assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.errors == []
    (x, y, width, height), *_ = frames(browser)
    browser.wheel(x + 4.5 / 30 * width, y + 3.5 / 20 * height, -600)
    _, _, first, second = canvases(browser, tmp_path / "a.png")
    # One scale of colours for both: the better fit's errors are darker.
    assert second[8:-8, 8:-8].mean() < 0.7 * first[8:-8, 8:-8].mean()
    assert readout(browser).count("given") == 2


def test_without_means_to_unpack_the_preview_is_shown_and_why(browser, report):
    browser.forget()
    browser.before("delete window.DecompressionStream")
    assert browser.open(report) == "still"
    browser.before(None)
    assert browser.errors == []
    assert browser.value("document.querySelector('.still img').getBoundingClientRect().height") > 20
    words = browser.value("document.querySelector('.why').innerText")
    assert words.startswith("This browser does not unpack")
    assert browser.value("document.querySelector('canvas').getBoundingClientRect().height") == 0
    assert browser.value("document.getElementById('toolbar').hidden") is True
