"""A coding as CSV, JSON or HTML."""

import csv
import io
import json
from collections.abc import Callable
from html import escape
from pathlib import Path

from clinweave.applications.coding.guidelines import explained
from clinweave.applications.coding.results import Coding, Quote
from clinweave.core.artifacts import write_text
from clinweave.core.errors import UserError
from clinweave.core.html import page

_COLUMNS = ("kind", "code", "title", "certainty", "evidence", "sentence", "start", "end", "rules", "remark")
_STYLE = "td { vertical-align: top; } .code { font-family: monospace; white-space: nowrap; }"


def write_coding(coding: Coding, path: Path) -> None:
    """Write a coding, readable by its owner only; the ending (.csv, .json, .html) chooses the format."""
    writers: dict[str, Callable[[Coding], str]] = {".csv": as_csv, ".json": as_json, ".html": as_html}
    check_ending(path)
    write_text(path, writers[path.suffix.lower()](coding), private=True)


def check_ending(path: Path) -> None:
    """Raise `UserError` where the ending of an output names no format."""
    if path.suffix.lower() not in {".csv", ".json", ".html"}:
        raise UserError(f"--out {path}: end the name in .csv, .json or .html")


def as_json(coding: Coding) -> str:
    """Return one JSON document."""
    return json.dumps(coding.to_json(), ensure_ascii=False, indent=1) + "\n"


def as_csv(coding: Coding) -> str:
    """Return one row per code and place in the note, and one per code that was considered and not given."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for item in coding.codes:
        remark = f"not stated: {', '.join(item.missing)}" if item.missing else ""
        for quote in item.evidence or (Quote(0, 0, "", ""),):
            evidence = (quote.text, quote.sentence, quote.start, quote.end)
            writer.writerow(
                ("suggested", item.code, item.title, item.certainty, *evidence, " ".join(item.rules), remark)
            )
    for other in coding.considered:
        first = other.evidence[0] if other.evidence else Quote(0, 0, other.text, "")
        evidence = (first.text, first.sentence, first.start, first.end)
        writer.writerow(("considered", other.code, "", "", *evidence, other.rule, other.reason))
    for warning in coding.warnings:
        writer.writerow(("warning", "", "", "", "", "", "", "", "", warning))
    return stream.getvalue()


def as_html(coding: Coding) -> str:
    """Return a page with the codes, their sentences and what was considered."""
    rows = "".join(
        f'<tr><td class="code">{item.code}<td>{escape(item.title)}<td>{_sentences(item.evidence)}'
        f"<td>{escape(', '.join(item.rules))}<td>{escape(item.certainty)}"
        f"{escape('; not stated: ' + ', '.join(item.missing) if item.missing else '')}</tr>"
        for item in coding.codes
    )
    table = (
        f"<table><tr><th>code<th>title<th>text<th>rules<th>certainty</tr>{rows}</table>"
        if rows
        else "<p>No code is suggested.</p>"
    )
    others = "".join(
        f'<tr><td>{escape(item.text)}<td class="code">{item.code}<td>{escape(item.reason)}<td>{escape(item.rule)}</tr>'
        for item in coding.considered
    )
    considered = (
        f"<table><tr><th>text<th>code<th>reason<th>rule</tr>{others}</table>" if others else "<p>Nothing.</p>"
    )
    warnings = "".join(f"<li>{escape(item)}</li>" for item in coding.warnings)
    body = (
        f"<ul>{warnings}</ul><section><h2>Suggested codes</h2>{table}</section>"
        f"<section><h2>Considered and not coded</h2>{considered}</section>"
    )
    named = sorted(
        {rule for item in coding.codes for rule in item.rules} | {item.rule for item in coding.considered}
    )
    meanings = "".join(
        f"<li>{escape(rule)}: {escape(explained(rule))}</li>" for rule in named if explained(rule)
    )
    if meanings:
        body += f"<section><h2>Rules of the official guidelines</h2><ul>{meanings}</ul></section>"
    lead = [f"ICD-10-CM {coding.release}, {coding.setting}"]
    return page(
        "Suggested ICD-10-CM codes", body, kind="coding", lead=lead, caution=coding.notice, more=_STYLE
    )


def _sentences(quotes: tuple[Quote, ...]) -> str:
    seen = dict.fromkeys((quote.text, quote.sentence) for quote in quotes)
    return "<br>".join(f"<b>{escape(text)}</b>: {escape(sentence)}" for text, sentence in seen)
