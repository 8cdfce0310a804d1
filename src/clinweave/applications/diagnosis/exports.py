"""Ranked lines for others: a page to read, and PhEval's disease results."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import write_text
from clinweave.core.html import page

_STYLE = (
    ".for { color: var(--up); } .against { color: var(--down); } .rank { margin: .25rem 0 .25rem 1rem; }"
    ".scale { display: inline-block; width: 6.5rem; }"
    ".share { display: inline-block; height: .6rem; background: var(--accent); } summary { margin: .25rem 0; }"
)


def write_page(lines: Sequence[Mapping[str, Any]], sources: Mapping[str, str], path: Path) -> None:
    """Write one self-contained HTML page: each case's ranks, the reasons behind them, and what to look for next."""
    caption = ", ".join(f"{name} {release}" for name, release in sorted(sources.items()))
    caption = f"Scores are sums of natural-log evidence. Sources: {caption}."
    body = "\n".join(_case(line) for line in lines)
    write_text(
        path, page("Differentials", body, kind="diagnosis", caution=caption, more=_STYLE), private=True
    )


def _case(line: Mapping[str, Any]) -> str:
    notes = "".join(f"<li>{escape(problem)}</li>" for problem in line["problems"])
    best = max((entry["score"] for entry in line["ranking"]), default=0.0)
    ranks = "".join(_rank(entry, best) for entry in line["ranking"][:20])
    none = (
        "<p><b>No match:</b> the findings support no disease better than chance.</p>"
        if line["none_fits"]
        else ""
    )
    following = "".join(
        f"<li>{escape(item['name'])} <small>{item['finding']}, {item['bits']:.2f} bits expected; stated in "
        f"{_stated(item['frequency'])}</small></li>"
        for item in line["next"]
    )
    following = f"<h3>What to look for next</h3><ul>{following}</ul>" if following else ""
    return f"<section><h2>{escape(line['id'])}</h2><ul>{notes}</ul>{none}{ranks}{following}</section>"


def _stated(frequency: Mapping[str, float]) -> str:
    """Return in which of the first five diseases a finding is annotated, with its frequency."""
    shares = [f"{escape(id_)} ({100 * share:.0f} %)" for id_, share in frequency.items() if share > 0]
    return ", ".join(shares) or "none"


def _rank(entry: Mapping[str, Any], best: float) -> str:
    rows = "".join(_reason(reason) for reason in entry["reasons"])
    table = f"<table><tr><th>finding<th>contribution<th>annotated<th>frequency<th>source</tr>{rows}</table>"
    width = max(0.0, 6 * entry["score"] / best) if best > 0 else 0.0
    head = (
        f'<span class="scale"><span class="share" style="width:{width:.2f}rem"></span></span>'
        f"{entry['rank']}. {escape(entry['name'])} <small>{escape(', '.join(entry['members']))}, score "
        f"{entry['score']:.2f}</small>"
    )
    if not rows:
        return f'<p class="rank">{head}</p>'
    return f"<details{' open' if entry['rank'] == 1 else ''}><summary>{head}</summary>{table}</details>"


def _reason(reason: Mapping[str, Any]) -> str:
    side = "for" if reason["says"] > 0 else "against"
    name = ("no " if reason.get("excluded") else "") + reason["name"]
    annotated = escape(reason.get("annotated_name", "not annotated" if reason["finding"] else ""))
    if reason.get("match") == "kin":
        annotated += f" <small>(in the related {escape(reason['disease'])})</small>"
    sources = escape(", ".join(reason.get("sources", ())))
    return (
        f'<tr><td>{escape(name)}<td class="{side}">{reason["says"]:+.2f}<td>{annotated}'
        f"<td>{escape(reason.get('frequency', ''))}<td>{sources}</tr>"
    )


def write_pheval(line: Mapping[str, Any], folder: Path) -> None:
    """Write one case as PhEval's disease result: `pheval_disease_results/<case>-disease_result.tsv`.

    Columns rank, score, disease_name, disease_identifier, as PhEval's post-processed results have them.
    """
    target = folder / "pheval_disease_results"
    target.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", line["id"]).lstrip(".") or "case"
    write_text(target / f"{name}-disease_result.tsv", pheval_rows(line), private=True)


def pheval_rows(line: Mapping[str, Any]) -> str:
    """Return the ranking as a table of rank, score, disease_name and disease_identifier, tabs between."""
    rows = ["rank\tscore\tdisease_name\tdisease_identifier"]
    rows += [
        "\t".join(
            (str(entry["rank"]), str(float(entry["score"])), " ".join(entry["name"].split()), entry["id"])
        )
        for entry in line["ranking"]
    ]
    return "\n".join(rows) + "\n"
