"""Blocks and plots of reports: escaped, offline, in the page's colours, and open to other packages."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import (
    Cell,
    Details,
    Figure,
    Gallery,
    Item,
    ItemExplorer,
    Report,
    Section,
    Table,
    Text,
    added_sections,
    report_html,
    report_markdown,
)
from clinweave.core.reports.plots import (
    Estimate,
    Points,
    Series,
    histogram,
    interval_plot,
    line_plot,
    scatter_plot,
)

DOCS = Path(__file__).parents[2] / "docs" / "evaluation.md"
BAD = "<script>alert('x')</script>"


def every_block():
    item = Item(BAD, ("yes", BAD), 0, BAD, {"base": "right"}, {"base": [BAD]}, frozenset({"hurt"}))
    return [
        Text((BAD,)),
        Text((BAD, "two"), "warning", bullets=True),
        Table(("a", BAD), [(BAD, Cell(BAD, BAD, "up", 0.5)), ("x", "")], BAD, BAD, frozenset({1})),
        Gallery([Figure("<svg></svg>", BAD, (BAD,), BAD)], BAD, paper=True),
        Details(BAD, [Text((BAD,)), Table((), [("k", BAD)])]),
        ItemExplorer([item], {"base": BAD}, {"hurt": BAD}, BAD),
    ]


def test_every_block_is_shown_and_escaped():
    page = report_html(Report(BAD, BAD, [BAD], BAD, [Section(BAD, every_block(), BAD)]))
    assert "alert('x')" not in page
    assert page.count("&lt;script&gt;") >= 24
    assert page.count("<script>") == 1  # the page's own
    for request in ("src=", "@import", "url(", "<link", "fetch(", "http"):
        assert request not in page
    assert '<tr class="control">' in page
    assert 'data-hurt="1"' in page


def test_markdown_holds_sentences_texts_and_tables():
    text = report_markdown(Report("T", "k", ["lead"], "care", [Section("S", every_block(), "note")]))
    assert text.startswith("# T\n\n- lead\n\ncare\n\n## S\n\nnote\n")
    assert "| a | <script>" in text
    assert "<svg" not in text
    cell = report_markdown(Report("T", "k", [], "", [Section("S", [Table(("a",), [("x|y\nz",)])])]))
    assert "| x\\|y z |" in cell


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the example of docs/evaluation.md: its module, and its entry point as an installer writes it."""
    snippets = DOCS.read_text("utf-8").split("```python\n")[1:]
    (code,) = [text.split("```")[0] for text in snippets if "def calibration" in text]
    (tmp_path / "calibration_block.py").write_text(code, "utf-8")
    info = tmp_path / "calibration_block-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: calibration-block\nVersion: 1.0\n", "utf-8")
    points = "[clinweave.report_blocks]\ncalibration = calibration_block:calibration\n"
    (info / "entry_points.txt").write_text(points, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("calibration_block", None)


def test_other_packages_add_sections_by_name(installed):
    results = {"kind": "comparison", "tasks": {"t": {"floors": {"chance": 0.25}}}}
    (section,) = added_sections(["calibration"], results, "r.toml")
    assert section.title == "Chance by task"
    assert "| t | 0.25 |" in report_markdown(Report("t", "k", [], "", [section]))
    assert added_sections(["calibration"], {"kind": "molecules"}, "r.toml") == []
    with pytest.raises(
        UserError,
        match=r"r\.toml: report_blocks: there is no report block 'calibraton'; did you mean 'calibration'",
    ):
        added_sections(["calibraton"], {}, "r.toml")


def test_a_block_may_bring_its_own_html():
    class Map:
        template = "html"

        def html(self):
            return "<b>own</b>"

    assert "<b>own</b>" in report_html(Report("t", "k", [], "", [Section("s", [Map()])]))


PLOTS = {
    "intervals": lambda: interval_plot(
        [Estimate("a $x$ & b", 0.5, 0.4, 0.6, "up"), Estimate("c", -0.1, -0.3, 0.1)], "t", unit="points", reference=0
    ),
    "lines": lambda: line_plot(
        [Series("one", [0, 1], [0.1, 0.2], [0, 0.1], [0.2, 0.3]), Series("two", [0, 1], [None, 0.3])],
        "t", "x", "y", x_unit="percent",
    ),
    "points": lambda: scatter_plot(
        [Points("in", [1, 2], [2, 1], [1, 0], [3, 2]), Points("out", [3], [4], tone="down", joined=True)],
        "t", "x", "y", diagonal=True,
    ),
    "bars": lambda: histogram([1.0, 2.0, 2.0], "t", "x"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLOTS)
def test_plots_are_svg_in_the_colours_of_the_page(name):
    svg = PLOTS[name]()
    assert svg == PLOTS[name]()  # the same bytes each time
    ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    assert svg.startswith('<svg class="figure" role="img" aria-label="t" viewBox=')
    assert "var(--" in svg
    for part in ("<style", "<script", "url(", "<metadata", "DejaVu", "#1b2430", "matplotlib"):
        assert part not in svg
    assert len(svg) < 20_000


def test_plots_show_what_they_are_given():
    assert ">a $x$ &amp; b</text>" in PLOTS["intervals"]()
    assert ">+40</text>" in PLOTS["intervals"]()
    assert {">one</text>", ">two</text>", ">100 %</text>"} <= {part + "</text>" for part in
        [f">{word}" for word in ("one", "two", "100 %")] if part + "</text>" in PLOTS["lines"]()}  # fmt: skip
    assert line_plot([Series("none", [0], [None])], "t") == histogram([], "t") == ""
