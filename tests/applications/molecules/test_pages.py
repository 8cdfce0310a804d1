"""Pages that draw every molecule: packed data, sorted and filtered in a browser, structures copied as SMILES."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from clinweave.applications.molecules import MoleculeGrid
from clinweave.core.reports.blocks import Report, Section, Table, write_report
from tests.applications.molecules.made import grid_data, smiles_set
from tests.browser import chromium

pytestmark = pytest.mark.molecules


def _page(path: Path, count: int) -> list[str]:
    smiles = smiles_set(count)
    rows = [{"rank": n, "SA score": 5 - n / 100, "drug": "<b>x</b>" if n == 3 else ""} for n in range(count)]
    write_report(Report("t", "molecules", (), "", [Section("All", [MoleculeGrid(smiles, rows)])]), path)
    return smiles


def test_all_molecules_are_drawn_in_little_space(tmp_path: Path) -> None:
    smiles = _page(tmp_path / "a.html", 300)
    data = grid_data(tmp_path / "a.html")
    assert data["smiles"] == smiles
    assert data["columns"] == ["rank", "SA score", "drug"]
    assert all(drawing.startswith("<svg") and drawing.endswith("</svg>") for drawing in data["drawings"])
    assert (tmp_path / "a.html").stat().st_size < 300 * 2000 + 50_000
    assert "<b>x</b>" not in (tmp_path / "a.html").read_text("utf-8")


def test_sorting_filtering_and_copying_in_a_browser(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no chromium on this machine (Debian: chromium)")
    smiles = _page(tmp_path / "a.html", 120)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto((tmp_path / "a.html").as_uri())
        page.wait_for_selector(".card svg")
        assert page.inner_text(".count") == "120 of 120"
        assert page.inner_text(".card code") == smiles[0]
        page.select_option(".sort", label="rank")
        page.click(".turn")
        assert page.inner_text(".card code") == smiles[119]
        page.fill(".find", "rank<10, SA score>=4.95")
        assert page.inner_text(".count") == "6 of 120"
        assert page.locator(".card code").all_inner_texts() == smiles[5::-1]
        page.fill(".find", "<b>x")
        assert page.inner_text(".count") == "1 of 120"
        assert page.locator(".card b").count() == 0  # a name is text, not markup
        page.evaluate(
            "() => { window.copied = []; navigator.clipboard.writeText = async (t) => copied.push(t); }"
        )
        page.click(".card .drawing")
        page.click(".all")
        assert page.evaluate("() => window.copied") == [smiles[3], smiles[3]]
        page.fill(".find", "")
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_function("() => document.querySelectorAll('.card').length > 48")
        browser.close()


def test_a_long_structure_in_the_title_and_in_a_table_fits_a_narrow_page(tmp_path: Path) -> None:
    smiles = "CC(C)Cc1ccc(cc1)C(C)C(=O)NCCCN1CCN(CC1)c1cccc(c1)C(=O)NCC"
    head = ["way", "proposed", "valid", "accepted", "left out"]
    long = Table(
        head,
        [("latent", "1,197", "791", "60", "13 the lead itself; 316 invalid; 713 outside the similarity")],
    )
    write_report(
        Report(f"Analogues of {smiles}", "molecules", (), "", [Section("Ways", [long])]), tmp_path / "a.html"
    )
    text = (tmp_path / "a.html").read_text("utf-8")
    facts = f"<table class='facts'><tr><th>start</th><td>{smiles}, 0.955</td></tr></table>"
    (tmp_path / "a.html").write_text(text.replace("</main>", f"{facts}</main>"), "utf-8")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto((tmp_path / "a.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert (
            page.locator("tr").nth(1).bounding_box()["height"] < 200
        )  # a sentence is no column of single words
