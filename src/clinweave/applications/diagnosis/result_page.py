"""Ranked cases as one self-contained HTML page: the marked text, the findings with their neighbours, the ranks."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis.facts import page_of
from clinweave.applications.diagnosis.letters import denied_of_relatives, note_of, segments, unread_share
from clinweave.applications.diagnosis.result import (
    DiagnosisResult,
    FindingTerm,
    NextFinding,
    RankedDisease,
    Reason,
    Term,
    subtype_notes,
)
from clinweave.core.artifacts import write_text
from clinweave.core.html import page
from clinweave.records import Mention

_STYLE = (
    ".for { color: var(--up); } .against { color: var(--down); } .rank { margin: .6rem 0; }"
    ".rank > summary, .rank.bare { display: grid; grid-template-columns: 2rem 7rem 1fr; gap: .6rem; }"
    ".scale { display: block; height: .7rem; margin-top: .4rem; background: var(--rule); border-radius: 3px; }"
    ".scale i { display: block; height: 100%; border-radius: 3px; background: var(--accent); }"
    ".number { text-align: right; color: var(--soft); } .rank small, .rank .ids { display: block; }"
    ".ids { font-size: .85rem; } .ids a { display: inline-block; margin-right: .7rem; }"
    ".letter { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; }"
    "mark small { margin-left: .25rem; }"
    ".none { margin: .8rem 0; } .findings details { border-bottom: 1px solid var(--rule); padding: .25rem 0; }"
    ".neighbours { margin: .2rem 0 .4rem 1rem; font-size: .9rem; }"
    ".rank > summary > *, .rank.bare > * { min-width: 0; overflow-wrap: anywhere; }"
    ".rank > summary strong::before { content: '\\25B8\\00A0'; }"
    ".rank[open] > summary strong::before { content: '\\25BE\\00A0'; }"
    "@media (max-width: 44rem) { .rank > summary, .rank.bare"
    " { grid-template-columns: 1.6rem 3.5rem 1fr; gap: .4rem; } }"
)
_SHOWN = 20  # ranks
_KINDS = {"present": "present", "absent": "absent", "uncertain": "uncertain", "relative": "of a relative"}


def write_page(lines: Sequence[DiagnosisResult], sources: Mapping[str, str], path: Path) -> None:
    """Write one self-contained HTML page of ranked lines, readable by the owner alone.

    Each case carries its findings, spans, parents and children as JSON, in a script element of the type
    application/json, for an editor.
    """
    caption = ", ".join(f"{name} {release}" for name, release in sorted(sources.items()))
    caption = (
        "Bars and contributions are log likelihood ratios, in natural units: how much more likely the findings are in "
        f"this disease than in all listed ones. Sources: {caption}."
    )
    body = "\n".join(_case(line) for line in lines)
    write_text(
        path, page("Differentials", body, kind="diagnosis", caution=caption, more=_STYLE), private=True
    )


def _case(line: DiagnosisResult) -> str:
    notes = "".join(f"<li>{escape(problem)}</li>" for problem in line["problems"])
    parts = [
        f"<h2>{escape(line['id'])}</h2>",
        f"<ul>{notes}</ul>" if notes else "",
        _letter(line["read"]) if line.get("read") else "",
        _findings(line),
        _ranking(line),
        _following(line["next"]),
        _data(line),
    ]
    return f"<section>{''.join(parts)}</section>"


def _letter(read: Mapping[str, Any]) -> str:
    names = Mention.__dataclass_fields__
    marks = [Mention(**{key: mark[key] for key in mark if key in names}) for mark in read["marks"]]
    kinds = {(mark["start"], mark["end"], mark["id"]): mark["kind"] for mark in read["marks"]}
    text = "".join(_piece(piece, group, kinds) for piece, group in segments(read["text"], marks))
    counts = ", ".join(f"{read['counts'][kind]} {label}" for kind, label in _KINDS.items())
    legend = " ".join(f'<mark class="{kind}">{label}</mark>' for kind, label in _KINDS.items())
    return (
        f'<h3>What was read</h3><p class="note">{legend} \u2014 {counts}; '
        f'{unread_share(read["sentences_without"], read["sentences"])}.</p><div class="letter">{text}</div>'
    )


def _piece(piece: str, group: Sequence[Mention], kinds: Mapping[tuple[int, int, str], str]) -> str:
    if not group:
        return escape(piece)
    labels = "; ".join(_label(mark) for mark in group)
    first = kinds[group[0].start, group[0].end, group[0].id]
    return f'<mark class="{first}">{escape(piece)}<small>{labels}</small></mark>'


def _label(mark: Mention) -> str:
    why = f" ({escape(note)})" if (note := note_of(mark)) else ""
    denied = "absent in relatives: " if denied_of_relatives(mark) else ""
    return f"{denied}{escape(mark.name)} {_linked(mark.id)}{why}"


def _findings(line: DiagnosisResult) -> str:
    items = [_finding(item, "") for item in line["observed"]]
    items += [_finding(item, "no ") for item in line["excluded"]]
    if not items:
        return ""
    hint = "Correct them with --hpo, --excluded and --ignore; parents and children show what is wider and narrower."
    return (
        f'<h3>Findings ranked by</h3><p class="note">{hint}</p><div class="findings">{"".join(items)}</div>'
    )


def _finding(item: FindingTerm, sign: str) -> str:
    rows = f"<div>wider: {_near(item['parents'])}</div><div>narrower: {_near(item['children'])}</div>"
    head = f"{sign}{escape(item['name'])} <small>{_linked(item['id'])}</small>"
    return f'<details><summary>{head}</summary><div class="neighbours">{rows}</div></details>'


def _near(items: Sequence[Term]) -> str:
    return ", ".join(f"{escape(item['name'])} {_linked(item['id'])}" for item in items) or "none"


def _ranking(line: DiagnosisResult) -> str:
    if line["none_of_these"] is None:  # nothing ranked
        return "<p><strong>Not ranked:</strong> see the notes above.</p>"
    best = max((entry["score"] for entry in line["ranking"]), default=0.0)
    ranks = "".join(_rank(entry, best) for entry in line["ranking"][:_SHOWN])
    nothing = (
        "<p><strong>No match:</strong> the findings support no disease better than chance.</p>"
        if line["none_fits"]
        else ""
    )
    series = "".join(f'<p class="note">{escape(text)}</p>' for text in subtype_notes(line))
    return (
        f'<h3>Ranked diseases</h3><p class="note">Share: of belief among all ranked diseases. Prior '
        f"{escape(line['prior'])}.</p>{nothing}{ranks}{series}"
        f'<p class="none"><strong>None of these: {_percent(line["none_of_these"])}</strong> '
        "(the disease is not listed)</p>"
    )


def _rank(entry: RankedDisease, best: float) -> str:
    width = max(0.0, 100 * entry["score"] / best) if best > 0 else 0.0
    links = "".join(f'<a href="{escape(url)}">{escape(id_)}</a>' for id_, url in entry["links"].items())
    facts = "; ".join(
        text
        for text in (
            ", ".join(entry["genes"]),
            ", ".join(entry["inheritance"]),
            ", ".join(entry["onset"]),
            f"prevalence {entry['prevalence']}" if entry["prevalence"] else "",
        )
        if text
    )
    head = (
        f'<span class="number">{entry["rank"]}.</span><span class="scale" title="log likelihood ratio '
        f'{entry["score"]:.2f}"><i style="width:{width:.1f}%"></i></span>'
        f"<span><strong>{escape(entry['name'])}</strong> {_percent(entry['share'])}, "
        f"log LR {entry['score']:.1f}<small>{escape(facts)}</small>"
        f'<span class="ids">{links}</span></span>'
    )
    rows = "".join(_reason(reason) for reason in entry["reasons"])
    if not rows:
        return f'<div class="rank bare">{head}</div>'
    table = (
        '<div class="scroll"><table><tr><th>finding<th>log LR<th>annotated<th>frequency<th>source</tr>'
        f"{rows}</table></div>"
    )
    opened = " open" if entry["rank"] == 1 else ""
    return f'<details class="rank"{opened}><summary>{head}</summary>{table}</details>'


def _reason(reason: Reason) -> str:
    side = "for" if reason["says"] > 0 else "against"
    name = ("no " if reason.get("excluded") else "") + reason["name"]
    annotated = escape(reason.get("annotated_name", "not annotated" if reason["finding"] else ""))
    if reason.get("match") == "related":
        annotated += f" <small>(in the related {escape(reason['disease'])})</small>"
    sources = escape(", ".join(reason.get("sources", ())))
    return (
        f'<tr><td>{escape(name)}<td class="{side}">{reason["says"]:+.2f}<td>{annotated}'
        f"<td>{escape(reason.get('frequency', ''))}<td>{sources}</tr>"
    )


def _following(items: Sequence[NextFinding]) -> str:
    if not items:
        return ""
    listed = "".join(
        f"<li>{escape(item['name'])} {_linked(item['finding'])} <small>{item['bits']:.2f} bits expected; stated in "
        f"{_stated(item['frequency'])}; if present, the order is "
        f"{escape(', '.join(item['order_if_present'][:3]))}</small></li>"
        for item in items
    )
    return f"<h3>What to look for next</h3><ul>{listed}</ul>"


def _stated(frequency: Mapping[str, float]) -> str:
    """Return in which of the first five diseases a finding is annotated, with its frequency."""
    shares = [f"{escape(id_)} ({100 * share:.0f} %)" for id_, share in frequency.items() if share > 0]
    return ", ".join(shares) or "none"


def _data(line: DiagnosisResult) -> str:
    """Return what an editor needs, as JSON that no markup in it can end."""
    kept = {key: line.get(key) for key in ("id", "observed", "excluded", "read", "problems")}
    text = json.dumps(kept, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" class="case">{text}</script>'


def _linked(id_: str) -> str:
    url = page_of(id_)
    return f'<a href="{escape(url)}">{escape(id_)}</a>' if url else escape(id_)


def _percent(share: float) -> str:
    percent = 100 * share
    return "&lt;0.1 %" if percent < 0.1 else f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"
