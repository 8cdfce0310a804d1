"""A read letter as a phenopacket, as CSV and as a paragraph for a report. The letter itself is in none of them."""

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis import phenopacket_of, read_findings
from clinweave.core.html import RESEARCH
from clinweave.service.pages.note_view import LABELS, FindingRow, LetterView
from clinweave.service.pages.rendering import percent

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import DiagnosisResult, Model
    from clinweave.service.pages.note_form import NoteForm

_FIRST = 3  # diseases named in the paragraph
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


def as_phenopacket(view: LetterView, form: "NoteForm", model: "Model") -> str:
    """Return the findings that count as a GA4GH phenopacket (JSON)."""
    case = view.case(form)
    packet = phenopacket_of(case, read_findings(model.ontology, case), model.ontology)
    return json.dumps(packet, ensure_ascii=False, indent=2) + "\n"


def as_csv(view: LetterView) -> str:
    """Return all findings as CSV: id, name, status, words in the letter, value, set by hand."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(("id", "name", "status", "words", "value", "by_hand"))
    for row in view.rows:
        cells = (
            row.id,
            row.name,
            row.status,
            "; ".join(row.words),
            "; ".join(row.values),
            str(row.by_hand).lower(),
        )
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return stream.getvalue()


def as_paragraph(view: LetterView, result: "DiagnosisResult | None") -> str:
    """Return the findings and the first ranks as sentences."""
    sentences = []
    for status in ("present", "absent", "uncertain", "relative"):
        rows = [row for row in view.rows if row.status == status]
        if rows:
            sentences.append(f"{LABELS[status].capitalize()}: {_listed(rows)}.")
    if result is not None and result["ranking"]:
        first = ", ".join(
            f"{entry['name']} ({entry['id']}, {percent(entry['share'])})"
            for entry in result["ranking"][:_FIRST]
        )
        none = result["none_of_these"]
        rest = f"; none of the listed diseases {percent(none)}" if none is not None else ""
        sentences.append(f"Ranked by these findings (share of belief): {first}{rest}.")
    return " ".join([*sentences, RESEARCH]) if sentences else ""


def _listed(rows: Sequence[FindingRow]) -> str:
    return ", ".join(f"{row.name} ({row.id}{', ' + row.values[0] if row.values else ''})" for row in rows)
