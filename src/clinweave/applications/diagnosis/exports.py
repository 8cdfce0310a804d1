"""Ranked lines for others: a page to read, and PhEval's disease results."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd}"
    ".for{color:#065}.against{color:#922}summary{cursor:pointer}small{color:#666}"
    ".rank{margin:.25rem 0 .25rem 1rem}.bar{display:inline-block;height:.6rem;background:#9bc;margin-right:.5rem}"
)


def write_page(lines: Sequence[Mapping[str, Any]], sources: Mapping[str, str], path: Path) -> None:
    """Write one self-contained HTML page: each case's ranks, the reasons behind them, and what to look for next."""
    told = ", ".join(f"{escape(name)} {escape(release)}" for name, release in sorted(sources.items()))
    body = "".join(_case(line) for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Differentials</title><style>{_STYLE}</style>'
        f"<h1>Differentials</h1><p><small>{told}. For research, not for clinical decisions. Scores are sums of "
        f"natural-log evidence.</small></p>{body}</html>\n",
        "utf-8",
    )


def _case(line: Mapping[str, Any]) -> str:
    notes = "".join(f"<li>{escape(problem)}</li>" for problem in line["problems"])
    best = max((entry["score"] for entry in line["ranking"]), default=0.0)
    ranks = "".join(_rank(entry, best) for entry in line["ranking"][:20])
    none = (
        "<p><b>None fits:</b> the findings speak for no disease over chance.</p>" if line["none_fits"] else ""
    )
    following = "".join(
        f"<li>{escape(one['name'])} <small>{one['finding']}, {one['bits']:.2f} bits expected; stated in "
        f"{_stated(one['frequency'])}</small></li>"
        for one in line["next"]
    )
    following = f"<h3>What to look for next</h3><ul>{following}</ul>" if following else ""
    return f"<section><h2>{escape(line['id'])}</h2><ul>{notes}</ul>{none}{ranks}{following}</section>"


def _stated(frequency: Mapping[str, float]) -> str:
    """Return in which of the first five diseases a finding is known, and how often."""
    held = [f"{escape(id_)} ({100 * share:.0f} %)" for id_, share in frequency.items() if share > 0]
    return ", ".join(held) or "none"


def _rank(entry: Mapping[str, Any], best: float) -> str:
    rows = "".join(_reason(one) for one in entry["reasons"])
    table = f"<table><tr><th>finding<th>says<th>annotated<th>frequency<th>source</tr>{rows}</table>"
    width = max(0.0, 6 * entry["score"] / best) if best > 0 else 0.0
    head = (
        f'<span class="bar" style="width:{width:.2f}rem"></span>'
        f"{entry['rank']}. {escape(entry['name'])} <small>{escape(', '.join(entry['members']))}, score "
        f"{entry['score']:.2f}</small>"
    )
    if not rows:
        return f'<p class="rank">{head}</p>'
    return f"<details{' open' if entry['rank'] == 1 else ''}><summary>{head}</summary>{table}</details>"


def _reason(one: Mapping[str, Any]) -> str:
    side = "for" if one["says"] > 0 else "against"
    name = ("no " if one.get("excluded") else "") + one["name"]
    annotated = escape(one.get("annotated_name", "not annotated" if one["finding"] else ""))
    if one.get("match") == "kin":
        annotated += f" <small>(in the related {escape(one['disease'])})</small>"
    sources = escape(", ".join(one.get("sources", ())))
    return (
        f'<tr><td>{escape(name)}<td class="{side}">{one["says"]:+.2f}<td>{annotated}'
        f"<td>{escape(one.get('frequency', ''))}<td>{sources}</tr>"
    )


def write_pheval(line: Mapping[str, Any], folder: Path) -> None:
    """Write one case as PhEval's disease result: `pheval_disease_results/<case>-disease_result.tsv`.

    Columns rank, score, disease_name, disease_identifier, as PhEval's post-processed results have them.
    """
    target = folder / "pheval_disease_results"
    target.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", line["id"]).lstrip(".") or "case"
    (target / f"{name}-disease_result.tsv").write_text(pheval_rows(line), "utf-8")


def pheval_rows(line: Mapping[str, Any]) -> str:
    """Return the ranking as a table of rank, score, disease_name and disease_identifier, tabs between."""
    rows = ["rank\tscore\tdisease_name\tdisease_identifier"]
    rows += [
        "\t".join((str(one["rank"]), str(float(one["score"])), " ".join(one["name"].split()), one["id"]))
        for one in line["ranking"]
    ]
    return "\n".join(rows) + "\n"
