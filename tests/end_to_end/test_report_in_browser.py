"""The report as a reader meets it, in a real browser: Debian's chromium, driven by Playwright."""

import pytest

from tests.browser import chromium

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def page(demo_slice):
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.asked, page.faults = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto((demo_slice.out / "report.html").as_uri())
        yield page


def test_it_asks_for_nothing_else_and_has_no_fault(page):
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert len(page.asked) == 1
    assert page.faults == []


def test_it_says_first_what_was_found(page, demo_slice):
    graph = demo_slice.results()["tasks"]["graph-questions"]["conditions"]["graph"]["accuracy"]
    assert f"{graph:.0%}".rstrip("%") in page.locator("body").inner_text()
    assert "not for clinical decisions" in page.locator("body").inner_text()
    assert page.locator("svg").count() >= 1


def test_items_can_be_found_and_filtered(page):
    shown = page.locator("details[data-missed]:visible")
    assert shown.count() == 8
    page.fill("#find", "no question holds this")
    assert shown.count() == 0
    page.fill("#find", "")
    page.select_option("#pick", "helped")
    helped = page.locator("details[data-helped='1']").count()
    assert shown.count() == helped > 0
    page.select_option("#pick", "")


def test_an_item_opens_to_what_the_model_was_shown(page):
    first = page.locator("details[data-missed]").first
    first.locator("summary").click()
    assert first.get_attribute("open") is not None
    assert "has the features" in first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(page, scheme):
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor]"
    )
    assert ink != paper
    page.set_viewport_size({"width": 1200, "height": 900})
