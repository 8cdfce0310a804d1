"""Export the compendium as CSV, Markdown, JSON or one HTML page."""

import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from clinweave.compendium.entries import Entry
from clinweave.core.artifacts import write_text
from clinweave.core.errors import UserError
from clinweave.core.html import page

COLUMNS = (
    "id",
    "name",
    "kind",
    "summary",
    "access",
    "licence",
    "size",
    "built_from",
    "knowledge",
    "reported",
)
NOTHING = "nothing yet"

_STYLE = "header, main { max-width: 76rem; } td { vertical-align: top; }"


def flat(entry: Entry) -> dict[str, str]:
    """Return an entry as one row of text: lists joined by '; ', each figure with its source and trust."""
    return {
        **{name: getattr(entry, name) for name in ("id", "name", "kind", "summary", "access", "licence")},
        "size": "; ".join(f"{s.value} {s.what} ({s.as_of}; {s.source}; {s.trust})" for s in entry.size),
        "built_from": "; ".join(entry.built_from),
        "knowledge": "; ".join(f"{k.which} [{k.merged_how}]" for k in entry.knowledge),
        "reported": "; ".join(
            f"{r.benchmark} {r.metric} {r.value} ({r.protocol}; {r.source}; {r.trust})"
            for r in entry.reported
        ),
        "clinweave": "; ".join(entry.clinweave) or NOTHING,
        "sources": "; ".join(entry.sources),
        "notes": "; ".join(entry.notes),
    }


def as_json(entries: Sequence[Entry]) -> str:
    """Return the entries as a JSON list, every field kept."""
    return json.dumps([asdict(entry) for entry in entries], indent=1, ensure_ascii=False) + "\n"


def as_csv(entries: Sequence[Entry]) -> str:
    """Return one row per entry."""
    stream = io.StringIO()
    names = (*COLUMNS, "clinweave", "sources", "notes")
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat(entry) for entry in entries)
    return stream.getvalue()


def as_markdown(entries: Sequence[Entry]) -> str:
    """Return an overview table, then one section per entry."""
    lines = ["# Compendium", "", "| id | name | kind | access | licence |", "|---|---|---|---|---|"]
    lines += [
        f"| {_cell(e.id)} | {_cell(e.name)} | {e.kind} | {e.access} | {_cell(e.licence)} |" for e in entries
    ]
    for entry in entries:
        lines += ["", f"## {_cell(entry.name)}", "", entry.summary, ""]
        lines += [f"- {title}: {value}" for title, value in _facts(entry)]
    return "\n".join(lines) + "\n"


def as_html(entries: Sequence[Entry]) -> str:
    """Return one self-contained page: no script, nothing loaded from elsewhere."""
    rows = "".join(_html_row(entry) for entry in entries)
    table = f"<table><tr><th>what</th><th>access, licence</th><th>facts</th></tr>{rows}</table>"
    body = f'<section class="scroll">{table}</section>'
    return page("Compendium", body, kind="compendium", lead=[f"{len(entries)} entries."], more=_STYLE)


FORMATS: dict[str, Callable[[Sequence[Entry]], str]] = {
    "csv": as_csv,
    "html": as_html,
    "json": as_json,
    "md": as_markdown,
}


def render(entries: Sequence[Entry], form: str) -> str:
    """Return the entries in one of `FORMATS`; raises `UserError` for another."""
    if form not in FORMATS:
        raise UserError(f"unknown format {form!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[form](entries)


def export(entries: Sequence[Entry], form: str, path: Path) -> None:
    """Write the entries to `path`; raises `UserError` where that cannot be written."""
    text = render(entries, form)
    try:
        write_text(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another place") from error


def _facts(entry: Entry) -> list[tuple[str, str]]:
    row = flat(entry)
    titles = {
        "size": "size",
        "built_from": "built from",
        "knowledge": "knowledge",
        "reported": "reported",
        "clinweave": "clinweave runs",
        "notes": "notes",
        "sources": "sources",
    }
    return [(title, row[name]) for name, title in titles.items() if row[name]]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _html_row(entry: Entry) -> str:
    facts = "".join(f"<li><b>{title}</b>: {html.escape(value)}</li>" for title, value in _facts(entry))
    return (
        f'<tr id="{entry.id}"><td><b>{html.escape(entry.name)}</b><br>{html.escape(entry.summary)}'
        f"<br><small>{entry.kind}</small></td><td>{entry.access}<br><small>{html.escape(entry.licence)}</small></td>"
        f"<td><ul>{facts}</ul></td></tr>\n"
    )
