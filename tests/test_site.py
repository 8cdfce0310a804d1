"""The documentation: links and anchors of every page; with the extra `docs`, the site itself."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md")),
]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def _anchors(path):
    """Return the anchors of a page's headings as GitHub and the site make them."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", text).strip().lower() for text in headings)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", text)) for text in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"`[^`\n]*`", "`code`", FENCE.sub("", page.read_text("utf-8")))
    for target, anchor in LINK.findall(text):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{target} does not exist"
        if anchor and path.suffix == ".md":
            assert anchor in _anchors(path), f"{path.name} has no heading #{anchor}"


def test_every_page_stands_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f": {page}\n" not in navigation] == []


def test_the_compendium_is_a_table_with_sources_for_every_entry():
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "site_hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    page = hooks.compendium_page()
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| name")]
    assert len(rows) == len(list((ROOT / "compendium").rglob("*.toml")))
    assert all(len(re.split(r"(?<!\\)\|", row)) == 10 for row in rows)
    assert all(re.split(r"(?<!\\)\|", row)[8].strip() for row in rows)  # sources


def test_the_site_builds_without_warnings_and_its_pages_load_nothing_from_elsewhere(tmp_path):
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("the extra docs is not installed; `make site` builds the site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    loads = re.compile(r"""<(?:script|img|iframe|link|source|video)\b[^>]*(?:src|href)=["']?(?:https?:)?//""")
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 40
    assert [page.name for page in pages if loads.search(page.read_text("utf-8"))] == []
    reference = (tmp_path / "api" / "knowledge_base.html").read_text("utf-8")
    assert 'id="clinweave.knowledge_base.KnowledgeBase.ask"' in reference
