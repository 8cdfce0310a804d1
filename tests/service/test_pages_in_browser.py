"""The pages as a reader meets them, in a real browser: Debian's chromium, driven by Playwright.

Each page's main path, keyboard use, hostile names, narrow screens, accessibility (axe-core), and that nothing is asked
of another machine.
"""

from urllib.parse import urlsplit

import pytest

from clinweave.core.lazy import OpenedOnce
from clinweave.evaluation.comparison.results import summarise
from clinweave.service import AccessRules, ChatHandler, Role, ServiceSettings, ServiceState, TokenStore
from tests.browser import chromium
from tests.evaluation.comparison.test_results import full, made
from tests.service.conftest import running
from tests.service.pages import ASPIRIN, LETTER, known_drugs, small_base

GENE_QUESTION = "Which gene is associated with Marfan syndrome?"
PAGES = {
    "ask": "/",
    "note": "/note",
    "graph": "/graph",
    "concept": "/graph?id=MONDO:0007947",
    "hostile": "/graph?id=MONDO:0000666",
    "paths": "/graph?from=FBN1&to=Aneurysm",
    "molecules": "/molecules",
    "runs": "/runs?run=first&run=second",
    "data": "/data",
    "notices": "/notices",
    "error": "/graph?id=nothing",
}
MAX_BYTES = 150_000  # of a page with its style and scripts


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Yield the address of the pages over a small knowledge base and two runs."""
    import json

    from clinweave.core.typed import to_values

    runs = tmp_path_factory.mktemp("runs")
    for name, share in (("first", 0.25), ("second", 0.5)):
        (runs / name).mkdir()
        results = to_values(full(summarise(made(base=share), resamples=50)))
        (runs / name / "results.json").write_text(json.dumps(results), "utf-8")
        (runs / name / "report.html").write_text("<title>report</title><p>report</p>", "utf-8")
    base = small_base(tmp_path_factory.mktemp("home"))
    base._drugs = OpenedOnce(known_drugs)
    handler = ChatHandler(base, name="tiny", retrievers=("graph", "text"))
    with running(ServiceState.create(handler, ServiceSettings(runs=runs))) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """Yield a page; afterwards nothing was asked of another host, and the console has no error."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, base_url=address)
    page = context.new_page()
    page.set_default_timeout(90_000)  # machines that do much else
    page.asked, page.faults, page.expected_faults = [], [], 0
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("dialog", lambda dialog: page.faults.append(f"dialog {dialog.message}"))
    yield page
    hosts = {urlsplit(url).hostname for url in page.asked if not url.startswith("data:")}
    context.close()
    assert hosts <= {"127.0.0.1"}
    assert len(page.faults) == page.expected_faults, page.faults


def has_no_faults_of_accessibility(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    result = axe.Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def fits(page, width=390):
    """Say whether the page needs no horizontal scrolling at this width."""
    page.set_viewport_size({"width": width, "height": 844})
    return page.evaluate("document.documentElement.scrollWidth") <= width


def test_ask_answers_and_a_mark_opens_the_evidence_beside_it(page):
    page.goto("/")
    page.fill("#question", GENE_QUESTION)
    page.click("#ask button")
    page.locator("article.answer").wait_for()
    assert "FBN1" in page.locator("article").inner_text()
    assert page.input_value("#question") == ""
    page.locator("article a.mark").first.click()
    panel = page.locator("#panel")
    panel.locator("dl").first.wait_for()
    assert "The hpoa" in panel.inner_text()
    assert page.url.endswith("/")  # no question in the address
    has_no_faults_of_accessibility(page)
    assert fits(page)
    page.click("[data-close-panel]")
    assert panel.is_hidden()


def test_ask_by_keyboard_alone(page):
    page.goto("/")
    page.keyboard.type("What is the treatment of Marfan syndrome?")  # the box has the focus
    page.keyboard.press("Enter")
    page.locator("article.answer").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H2"
    mark = page.locator("blockquote a.mark").first
    for _ in range(6):
        page.keyboard.press("Tab")
        if mark.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.locator("#panel mark.quote").first.wait_for()
    assert "losartan" in page.locator("#panel mark.quote").first.inner_text()
    assert page.evaluate("document.activeElement.id") == "panel-title"
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert mark.evaluate("node => node === document.activeElement")
    page.focus("#question")
    page.keyboard.type("Which gene?")
    page.keyboard.press("Enter")
    page.locator("article.answer").nth(1).wait_for()
    assert "Marfan syndrome" in page.locator("article.answer").first.inner_text()


def test_ask_in_steps_shows_each_and_asks_for_what_is_missing(page):
    page.goto("/")
    page.keyboard.type("A boy has an aneurysm. What is the diagnosis?")
    page.check("input[name=steps]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    question = page.locator(".open-question")
    question.wait_for()
    asked = question.inner_text()
    assert page.locator(".steps li").count() == 1
    has_no_faults_of_accessibility(page)
    assert fits(page)
    question.get_by_role("button", name="no", exact=True).press("Enter")
    page.locator(".steps li").nth(2).wait_for()  # ranked, told, ranked again
    assert page.locator("article.answer").count() == 1
    assert asked not in page.locator("article").inner_text()


def test_an_error_is_shown_in_place(page):
    page.goto("/")
    page.expected_faults = 1  # the browser reports the status
    page.fill("#question", "x" * 1990)
    page.evaluate("document.querySelector('#question').removeAttribute('maxlength')")
    page.fill("#question", "why " * 20_000)
    page.click("#ask button")
    page.locator("#answers .problem").wait_for()


def test_note_reads_and_is_corrected_by_keyboard_alone(page):
    page.goto("/note")
    page.focus("#text")
    page.keyboard.insert_text(LETTER)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Read
    page.locator("#part-differential ol.ranks").wait_for()
    assert "Lens disease 1" in page.locator("#part-differential").inner_text()
    assert page.locator(".letter mark.present").count() == 2
    page.focus("#t-HP_0000102 button >> nth=1")
    page.keyboard.press("Enter")  # remove
    page.locator("#t-HP_0000102.removed").wait_for()
    assert page.locator("#t-HP_0000102 button").evaluate("node => node === document.activeElement")
    page.focus("#term")
    page.keyboard.type("cataract")
    page.locator("#choices button").first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first completion, present
    page.locator("#t-HP_0000103.present").wait_for()
    page.locator("#part-differential ol.ranks").wait_for()
    page.locator("#report-text").wait_for()
    assert "Cataract (HP:0000103)" in page.locator("#report-text").inner_text()
    has_no_faults_of_accessibility(page)
    assert fits(page)


def test_note_reads_a_chosen_file_and_saves_the_findings(page, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER, "utf-8")
    page.goto("/note")
    page.set_input_files("#file", tmp_path / "letter.txt")
    page.locator("#findings-title").wait_for()
    assert page.input_value("#text") == LETTER
    assert page.input_value("#file") == ""  # later corrections are of the text
    page.locator("#report-text").wait_for()
    with page.expect_download() as download:
        page.click("button[value=phenopacket]")
    assert download.value.suggested_filename == "phenopacket.json"


def test_graph_completes_filters_and_is_reached_by_keyboard(page):
    page.goto("/graph")
    page.focus("#q")
    page.keyboard.type("marfan")
    page.locator("#names a").first.wait_for()
    page.locator("#names a").first.press("Enter")
    page.locator("#concept-title").wait_for()
    node = page.locator(".drawing svg a", has_text="FBN1")
    node.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**HGNC**")
    page.goto(PAGES["concept"])
    page.select_option("select[name=predicate]", "biolink:has_phenotype")
    page.click(".filters button")
    page.wait_for_url("**predicate=biolink**")
    assert page.locator("tbody tr").count() == 2
    page.locator("tbody a[data-panel]").first.click()
    page.locator("#panel dl").first.wait_for()


@pytest.mark.molecules
def test_molecules_shows_a_structure_its_neighbours_and_variants(page):
    pytest.importorskip("rdkit", reason="needs the molecules extra")
    page.goto("/molecules")
    page.focus("#molecule")
    page.keyboard.type(ASPIRIN)
    page.keyboard.press("Enter")
    page.locator("#structure-title").wait_for()
    page.locator("#similar-title ~ div .gallery img").first.wait_for()
    assert "This is Aspirin" in page.locator("main").inner_text()
    assert page.locator("#variants-title ~ .gallery img").count() > 0
    for width in (1440, 1024, 390):
        assert fits(page, width)
        has_no_faults_of_accessibility(page)
    page.emulate_media(color_scheme="dark")
    has_no_faults_of_accessibility(page)
    page.locator("#variants-title ~ .gallery button").first.press("Enter")
    page.locator(f"#molecule:not([value='{ASPIRIN}'])").wait_for()


def test_a_user_with_a_token_logs_in_and_out(browser, tmp_path):
    """A browser has no header to send: the token is typed once, and a cookie is the session."""
    store = TokenStore(tmp_path / "tokens.json")
    erika, omar = store.add("erika", [Role.PATIENT_DATA]), store.add("omar")
    handler = ChatHandler(small_base(tmp_path / "home"), name="tiny", retrievers=("graph", "text"))
    rules = AccessRules(tokens=store, tokens_needed=True)
    with running(ServiceState.create(handler, rules=rules)) as address:
        context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto("/note")
        assert page.url.endswith("/login?next=note")
        has_no_faults_of_accessibility(page)
        page.keyboard.type("cw_wrong")  # the field has the focus
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert "not valid" in page.get_by_role("alert").inner_text()
        page.fill("#token", omar)
        page.click("main button")
        page.wait_for_url("**/note")
        assert "patient-data" in page.locator("main").inner_text()  # omar has no role for notes
        assert page.locator("nav").count() == 1
        has_no_faults_of_accessibility(page)
        page.goto("/")
        page.fill("#question", GENE_QUESTION)
        page.click("#ask button")
        page.locator("article.answer").wait_for()
        assert "omar" in page.locator("header").inner_text()
        assert fits(page)
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.fill("#token", erika)
        page.click("main button")
        page.wait_for_url(f"{address}/")
        page.goto("/note")
        page.fill("#text", LETTER)
        store.revoke("erika")  # while her page is open
        page.click("#note-read")
        page.wait_for_url("**/login")
        context.close()


def test_runs_and_data_lead_to_report_and_sources(page):
    page.goto("/runs")
    for box in page.locator("input[name=run]").all():  # by keyboard
        box.focus()
        page.keyboard.press("Space")
    page.locator("main form button").press("Enter")
    page.locator("#compared-title").wait_for()
    assert "25 %" in page.locator("tbody tr").first.inner_text()
    page.goto("/runs/first/report")
    assert page.locator("body").inner_text() == "report"
    page.goto("/data")
    assert "hpoa-1" in page.locator("main").inner_text()


@pytest.mark.parametrize("name", ["concept", "data", "runs"])
def test_tables_are_whole_on_a_phone(page, name):
    page.goto(PAGES[name])
    assert fits(page)
    assert page.locator(".scroll").count() > 0
    for table in page.locator(".scroll").all():
        assert table.evaluate("node => node.scrollWidth <= node.clientWidth"), table.inner_text()[:200]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_narrow_and_light(page, name):
    page.expected_faults = int(name == "error")
    page.goto(PAGES[name])
    has_no_faults_of_accessibility(page)
    page.emulate_media(color_scheme="dark")
    assert fits(page)
    has_no_faults_of_accessibility(page)
    sizes = page.evaluate(
        "performance.getEntries().filter(e => 'decodedBodySize' in e).reduce((sum, e) => sum + e.decodedBodySize, 0)"
    )
    assert 10_000 < sizes < MAX_BYTES


def test_hostile_names_run_nothing(page):
    page.goto("/")
    for question in (
        "Which gene is associated with hostile disease?",
        "<img src=x onerror=alert(1)> Marfan syndrome?",
    ):
        page.fill("#question", question)
        page.click("#ask button")
        page.locator("article.answer h2", has_text=question[:12]).first.wait_for()
    page.locator("a.mark").first.click()
    page.locator("#panel-body *").first.wait_for()
    for path in (
        "/graph?id=MONDO:0000666",
        "/graph?q=%22%3E%3Cimg+src=x+onerror=alert(1)%3E",
        PAGES["hostile"],
    ):
        page.goto(path)
    page.goto("/note")
    page.fill("#text", "</textarea><img src=x onerror=alert(1)> She has seizures and a hostile finding.")
    page.click("#note-read")
    page.locator("#report-text").wait_for()
    assert page.locator("main img").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_the_main_path_works_without_scripts(browser, address):
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/")
    page.fill("#question", GENE_QUESTION)
    page.click("#ask button")
    assert "FBN1" in page.locator("article").inner_text()
    page.locator("article a.mark").first.click()
    assert "The hpoa" in page.locator("main").inner_text()
    page.goto("/note")
    page.fill("#text", LETTER)
    page.click("#note-read")
    assert "Lens disease 1" in page.locator("#part-differential").inner_text()
    page.click("#t-HP_0000102 button >> nth=1")
    assert page.locator("#t-HP_0000102.removed").count() == 1
    context.close()
