"""The pages Data and Runs over HTTP."""

import json

import pytest

from clinweave.core.typed import to_values
from clinweave.evaluation.comparison.results import summarise
from clinweave.knowledge_base import KnowledgeBase
from clinweave.service import ServiceSettings
from tests.evaluation.comparison.test_results import full, made
from tests.service.pages import pages_of, small_base


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with two finished runs, one whose results cannot be read, and a folder that is no run."""
    runs = tmp_path_factory.mktemp("runs")
    for name, share in (("first", 0.25), ("second <b>", 0.5)):
        (runs / name).mkdir()
        (runs / name / "results.json").write_text(
            json.dumps(to_values(full(summarise(made(base=share), resamples=50)))), "utf-8"
        )
        (runs / name / "report.html").write_text(f"<title>{name}</title><script>run()</script>", "utf-8")
    (runs / "broken").mkdir()
    (runs / "broken" / "results.json").write_text("{}", "utf-8")
    (runs / "other").mkdir()
    (runs / "secret.html").write_text("secret", "utf-8")
    return runs


@pytest.fixture(scope="module")
def pages(base, folder):
    with pages_of(base, settings=ServiceSettings(runs=folder)) as client:
        yield client


def test_runs_are_listed_with_what_they_say(pages, folder):
    page = pages.get("/runs").text
    assert ">first</h2>" in page
    assert "second &lt;b&gt;" in page
    assert "run the recipe again" in page
    assert ">other<" not in page
    assert str(folder) not in page


def test_two_runs_stand_side_by_side(pages):
    page = pages.get("/runs", params={"run": ["first", "second <b>"]}).text
    row = page.partition("<tbody>")[2].partition("</tr>")[0]
    assert "<strong>25 %</strong>" in row
    assert "<strong>50 %</strong>" in row
    assert "Side by side" not in pages.get("/runs", params={"run": "first"}).text
    assert pages.get("/runs", params={"run": ["first", "none"]}).status_code == 400


def test_a_report_is_shown_in_a_sandbox(pages):
    response = pages.get("/runs/first/report")
    assert "run()" in response.text
    assert "sandbox allow-scripts" in response.headers["content-security-policy"]
    assert "allow-same-origin" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["other", "broken", "..", "%2e%2e", "..%2fruns%2ffirst", "secret.html"])
def test_nothing_else_of_the_folder_is_served(pages, name):
    assert pages.get(f"/runs/{name}/report").status_code == 404


def test_without_a_folder_the_page_says_how_to_give_one(base):
    with pages_of(base) as pages:
        page = pages.get("/runs").text
    assert "clinweave serve --runs" in page


def test_data_lists_releases_licences_and_collections(pages):
    page = pages.get("/data").text
    assert "The hpoa" in page
    assert "hpoa-1" in page
    assert "licence of hpoa" in page
    assert ">notes</th>" in page
    assert "CC0" in page
    assert "clinweave setup" in page  # nothing was downloaded


def test_an_update_is_stated_as_a_command(tmp_path):
    home = small_base(tmp_path).home
    old = home / "resources" / "hpo" / "2001-01-01"
    old.mkdir(parents=True)
    (old / "hp.obo").write_bytes(b"x" * 2_000_000)
    with pages_of(KnowledgeBase(home)) as pages:
        page = pages.get("/data").text
    assert "2001-01-01" in page
    assert "2.0 MB" in page
    assert "<code>clinweave fetch hpo</code>" in page


def test_data_of_an_empty_home_says_what_to_build(tmp_path):
    with pages_of(KnowledgeBase(tmp_path)) as pages:
        page = pages.get("/data").text
        assert "Not built: run <code>clinweave setup</code>" in page
        for path in ("/", "/note", "/graph", "/runs", "/notices"):
            assert pages.get(path).status_code == 200
        response = pages.get("/graph", params={"q": "x"})
        assert response.status_code == 400
        assert "clinweave setup" in response.text
