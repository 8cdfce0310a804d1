"""A summary as plain text, Markdown, JSON or an HTML page whose citations lead to the cited words and back."""

import json
from collections.abc import Callable
from pathlib import Path

from clinweave.applications.summary.page import as_html
from clinweave.applications.summary.results import Citation, Line, Summary
from clinweave.core.artifacts import write_text
from clinweave.core.errors import UserError

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>#|"})


def write_summary(summary: Summary, path: Path) -> None:
    """Write a summary, readable by its owner only; the ending (.txt, .md, .json, .html) chooses the format."""
    check_ending(path)
    write_text(path, WRITERS[path.suffix.lower()](summary), private=True)


def check_ending(path: Path) -> None:
    """Raise `UserError` where the ending of an output names no format."""
    if path.suffix.lower() not in WRITERS:
        raise UserError(f"--out {path}: end the name in .txt, .md, .json or .html")


def as_json(summary: Summary) -> str:
    """Return one JSON document."""
    return json.dumps(summary.to_json(), ensure_ascii=False, indent=1) + "\n"


def as_text(summary: Summary) -> str:
    """Return plain text: each sentence with its citations in brackets."""
    return _written(summary, "{}", "  {}", str)


def as_markdown(summary: Summary) -> str:
    """Return Markdown; what the sources state is escaped, as it is text and no markup."""
    return _written(summary, "## {}\n", "- {}", lambda text: text.translate(_SPECIAL))


def _written(summary: Summary, heading: str, item: str, clean: Callable[[str], str]) -> str:
    lines = [heading.replace("##", "#", 1).replace("##", "#").format(clean(summary.title)), ""]
    lines += [item.format(clean(f"Warning: {text}")) for text in summary.warnings]
    for section, rows in summary.sections().items():
        lines += ["", heading.format(section)]
        lines += [
            item.format(f"{clean(line_text(row))} {clean(cited(row.citations))}".rstrip()) for row in rows
        ]
    lines += ["", heading.format("Contradictions (both shown, neither preferred)")]
    rows = list(summary.contradictions)
    lines += [item.format(f"{clean(row.text)} {clean(cited(row.citations))}") for row in rows] or [
        item.format("none")
    ]
    lines += ["", heading.format("Left out")]
    lines += [
        item.format(clean(f"{out.text} ({out.reason}) {cited(out.citations)}".rstrip()))
        for out in summary.left_out
    ] or [item.format("nothing")]
    return "\n".join([*lines, "", clean(summary.notice), ""])


def line_text(line: Line) -> str:
    """Return a sentence with its heading and, where it is not plainly present, its status."""
    text = f"\u201c{line.text}\u201d" if line.quoted else line.text
    heading = f"{line.problem}: " if line.problem else ""
    mark = {
        "absent": "[absent] ",
        "uncertain": "[uncertain] ",
        "family": "[family] ",
        "historical": "[past] ",
    }
    return f"{heading}{mark.get(line.status, '') if line.quoted else ''}{text}"


def cited(citations: tuple[Citation, ...]) -> str:
    """Return the citations in brackets."""
    labels = list(dict.fromkeys(citation.label for citation in citations))
    return f"[{'; '.join(labels)}]" if labels else ""


WRITERS: dict[str, Callable[[Summary], str]] = {
    ".txt": as_text,
    ".md": as_markdown,
    ".json": as_json,
    ".html": as_html,
}
