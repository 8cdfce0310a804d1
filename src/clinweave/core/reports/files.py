"""Tables and figures of a report as files for a paper: CSV, LaTeX (booktabs), SVG and PNG."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clinweave.core.atomic import replace_folder, scratch, write_text
from clinweave.core.reports.blocks import Block, Cell, Details, Report, Table
from clinweave.core.reports.plots import exporting

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "–": "--",
    "<": "$<$",
    ">": "$>$",
}
TABLES, FIGURES = "tables", "figures"


def draw_and_write(draw: Callable[[], Report], out: Path) -> Report:
    """Return the report that `draw` makes; its tables are in OUT/tables and its plots in OUT/figures afterwards.

    Each folder is replaced in one step. Names are numbered in the order of the page.
    """
    with scratch(out / FIGURES) as work:
        with exporting(work):
            report = draw()
        _replace(work, out / FIGURES)
    with scratch(out / TABLES) as work:
        for number, (title, table) in enumerate(_tables(report), 1):
            name = f"{number:02d}-{_slug(title)}"
            write_text(work / f"{name}.csv", table_csv(table))
            write_text(work / f"{name}.tex", table_latex(table, title))
        _replace(work, out / TABLES)
    return report


def _replace(work: Path, path: Path) -> None:
    work.chmod(0o755)
    replace_folder(work, path)


def _tables(report: Report) -> Iterator[tuple[str, Table]]:
    for section in report.sections:
        for table in _inside(section.blocks):
            yield (f"{section.title}: {table.title}" if table.title else section.title), table


def _inside(blocks: Sequence[Block]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Details):
            yield from _inside(block.blocks)


def table_csv(table: Table) -> str:
    """Return a table as CSV with a header row; the detail of a cell is left out."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if table.head:
        writer.writerow(table.head)
    writer.writerows([_text(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


def table_latex(table: Table, title: str) -> str:
    """Return a table as a LaTeX float that needs the package booktabs; texts are escaped."""
    width = len(table.head) or max((len(row) for row in table.rows), default=1)
    lines = [
        r"\begin{table}",
        rf"\caption{{{latex(title)}}}",
        rf"\begin{{tabular}}{{l{'r' * (width - 1)}}}",
        r"\toprule",
    ]
    if table.head:
        lines += [" & ".join(map(latex, table.head)) + r" \\", r"\midrule"]
    lines += [" & ".join(latex(_text(cell)) for cell in row) + r" \\" for row in table.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def latex(text: str) -> str:
    """Return a text with everything escaped that LaTeX would read as a command."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _text(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else cell.text


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60] or "table"
