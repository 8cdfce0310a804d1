import csv
import io

from clinweave.core.reports.blocks import Cell, Details, Figure, Report, Section, Table
from clinweave.core.reports.files import draw_and_write, latex, table_csv, table_latex
from clinweave.core.reports.plots import Estimate, interval_plot

TABLE = Table(
    ("Condition", "Accuracy"), [('a, "b"\nc', Cell("50 %", "detail")), ("x_y & z", "−3")], "By kind"
)


def report():
    svg = interval_plot([Estimate("one", 0.5, 0.4, 0.6)], "Accuracy (dashed: chance)")
    return Report("T", "kind", [], "", [Section("S", [Figure(svg), Details("more", [TABLE])])])


def test_tables_and_figures_are_written_and_a_second_run_leaves_no_old_ones(tmp_path):
    result = draw_and_write(report, tmp_path)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert names == [
        "figures/01-accuracy-dashed-chance.png", "figures/01-accuracy-dashed-chance.svg",
        "tables/01-s-by-kind.csv", "tables/01-s-by-kind.tex",
    ]  # fmt: skip
    assert (tmp_path / "figures/01-accuracy-dashed-chance.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "figures/01-accuracy-dashed-chance.svg").read_text("utf-8").startswith("<?xml")
    assert "var(--" not in (tmp_path / "figures/01-accuracy-dashed-chance.svg").read_text("utf-8")
    assert "var(--" in result.sections[0].blocks[0].svg
    draw_and_write(lambda: Report("T", "kind", [], "", []), tmp_path)
    assert not list(tmp_path.rglob("*.*"))


def test_a_cell_with_commas_quotes_and_line_breaks_is_read_back():
    rows = list(csv.reader(io.StringIO(table_csv(TABLE))))
    assert rows == [["Condition", "Accuracy"], ['a, "b"\nc', "50 %"], ["x_y & z", "−3"]]


def test_latex_escapes_what_would_be_a_command():
    assert latex(r"50 % & $x$ \input{/etc/passwd} #1 a_b ~^") == (
        r"50 \% \& \$x\$ \textbackslash{}input\{/etc/passwd\} \#1 a\_b \textasciitilde{}\textasciicircum{}"
    )
    text = table_latex(TABLE, "Accuracy < 5 %")
    assert r"\caption{Accuracy $<$ 5 \%}" in text
    assert r"x\_y \& z & $-$3 \\" in text
    assert text.count(r"\\") == 3
