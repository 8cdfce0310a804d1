"""Reports made of blocks: text, tables, figures, an item explorer; one template shows them all.

A study returns a `Report`; `write_report` turns it into one self-contained page. Other packages add blocks of their own
under the entry point group `clinweave.report_blocks`: a function from results (as in results.json) to a `Section`, or
None where it does not apply. A recipe names them in `report_blocks`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from clinweave.core.atomic import write_text
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint

if TYPE_CHECKING:
    from jinja2 import Environment


class Block(Protocol):
    """A piece of a report; `template` names the macro that shows it, "html" calls its `html`."""

    @property
    def template(self) -> str:
        """Return the name of the macro."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table: text, a smaller detail, a tone (up, down, soft), and a bar of a share from 0 to 1."""

    text: str
    detail: str = ""
    tone: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Text:
    """Paragraphs, or the points of a list. `style` is "", "note", "warning" or "quote"."""

    lines: tuple[str, ...]
    style: str = ""
    bullets: bool = False
    template: ClassVar[str] = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; the first cell of a row names it. Rows in `muted` are shown paler."""

    head: tuple[str, ...]
    rows: Sequence[Sequence[Cell | str]]
    title: str = ""
    note: str = ""
    muted: frozenset[int] = frozenset()
    template: ClassVar[str] = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG that clinweave or a library made) with its caption and further notes."""

    svg: str
    caption: str = ""
    details: tuple[str, ...] = ()
    warning: str = ""
    template: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Gallery:
    """Figures side by side. `paper` gives them a white ground, for drawings that have colours of their own."""

    figures: Sequence[Figure]
    title: str = ""
    paper: bool = False
    template: ClassVar[str] = "gallery"


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away under a summary."""

    summary: str
    blocks: Sequence[Block]
    template: ClassVar[str] = "fold"


@dataclass(frozen=True)
class Item:
    """One item of an explorer: a question, its options, what each condition made of it, what was shown to the model."""

    question: str
    options: tuple[str, ...]
    answer: int
    note: str
    marks: Mapping[str, str]  # condition -> right, wrong, or why there is no score
    evidence: Mapping[str, Sequence[str]]
    groups: frozenset[str] = frozenset()  # the filters that it passes


@dataclass(frozen=True)
class ItemExplorer:
    """Items to search and filter in the page; `filters` is group -> what the reader sees, `titles` of conditions."""

    items: Sequence[Item]
    conditions: Mapping[str, str]
    filters: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    template: ClassVar[str] = "items"


@dataclass(frozen=True)
class Section:
    """A part of a report with a heading."""

    title: str
    blocks: Sequence[Block]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A page: a heading, the sentences that say what was found, a caution, and sections."""

    title: str
    kind: str
    lead: Sequence[str]
    caution: str
    sections: Sequence[Section]


AddedBlock = Callable[[Mapping[str, Any]], Section | None]
REPORT_BLOCKS: ExtensionPoint[AddedBlock] = ExtensionPoint("clinweave.report_blocks", "report block")


def added_sections(names: Sequence[str], results: Mapping[str, object], where: str) -> list[Section]:
    """Return the sections of the added blocks of these names. Raises `UserError` for a name that is not installed."""
    sections = []
    for name in names:
        if name not in REPORT_BLOCKS:
            raise UserError(f"{where}: report_blocks: {REPORT_BLOCKS.unknown(name)}")
        if (section := REPORT_BLOCKS.load(name)(results)) is not None:
            sections.append(section)
    return sections


def write_report(report: Report, path: Path) -> Path:
    """Write a report as one self-contained HTML page, whole or not at all."""
    return write_text(path, report_html(report))


def report_html(report: Report) -> str:
    """Return the page. Texts are escaped; only the SVG of figures is taken as it is."""
    return _environment().get_template("reports/templates/report.html").render(report=report)


def report_markdown(report: Report) -> str:
    """Return a report as Markdown: sentences, texts and tables; figures and item explorers are of the page alone."""
    lines = [f"# {report.title}", "", *(f"- {sentence}" for sentence in report.lead), "", report.caution, ""]
    for section in report.sections:
        body = [text for block in section.blocks if (text := _markdown(block))]
        if body or section.note:
            lines += [f"## {section.title}", "", *([section.note, ""] if section.note else []), *body]
    return "\n".join(lines).rstrip() + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Text):
        return "".join(f"- {line}\n" if block.bullets else f"{line}\n\n" for line in block.lines) + (
            "\n" if block.bullets else ""
        )
    if isinstance(block, Table):
        return _markdown_table(block)
    if isinstance(block, Details):
        return "".join([f"**{block.summary}**\n\n", *(_markdown(inner) for inner in block.blocks)])
    return ""


def _markdown_table(block: Table) -> str:
    width = len(block.head) or max((len(row) for row in block.rows), default=0)
    head = block.head or ("",) * width
    lines = [f"**{block.title}**\n"] if block.title else []
    lines += [f"| {' | '.join(head)} |", "|" + "---|" * width]
    lines += [f"| {' | '.join(map(_markdown_cell, row))} |" for row in block.rows]
    return "\n".join(lines) + "\n\n" + (f"{block.note}\n\n" if block.note else "")


def _markdown_cell(value: Cell | str) -> str:
    text = value if isinstance(value, str) else f"{value.text} {value.detail}".strip()
    return text.replace("|", "\\|").replace("\n", " ")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    loader = PackageLoader("clinweave.core", ".")
    return Environment(
        loader=loader, autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
