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
    ranks = "".join(_rank(entry) for entry in line["ranking"][:20])
    none = (
        "<p><b>None fits:</b> the findings speak for no disease over chance.</p>" if line["none_fits"] else ""
    )
    following = "".join(
        f"<li>{escape(one['name'])} <small>{one['finding']}, {one['bits']:.2f} bits expected</small></li>"
        for one in line["next"]
    )
    following = f"<h3>What to look for next</h3><ul>{following}</ul>" if following else ""
    return f"<section><h2>{escape(line['id'])}</h2><ul>{notes}</ul>{none}{ranks}{following}</section>"


def _rank(entry: Mapping[str, Any]) -> str:
    rows = "".join(_reason(one) for one in entry["reasons"])
    table = f"<table><tr><th>finding<th>says<th>annotated<th>frequency<th>source</tr>{rows}</table>"
    head = (
        f"{entry['rank']}. {escape(entry['name'])} <small>{escape(', '.join(entry['members']))}, score "
        f"{entry['score']:.2f}</small>"
    )
    if not rows:
        return f"<p>{head}</p>"
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
    rows = ["rank\tscore\tdisease_name\tdisease_identifier"]
    rows += [
        "\t".join((str(one["rank"]), str(one["score"]), one["name"].replace("\t", " "), one["id"]))
        for one in line["ranking"]
    ]
    (target / f"{name}-disease_result.tsv").write_text("\n".join(rows) + "\n", "utf-8")
