"""The report of a run: sentences, Markdown and one HTML page, all from results.json alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import write_text
from clinweave.evaluation.diagnosis import arguing, reading, robustness
from clinweave.evaluation.diagnosis.arms import BASELINE, TOLD
from clinweave.evaluation.diagnosis.figures import curve_panels
from clinweave.evaluation.diagnosis.published import PUBLISHED
from clinweave.evaluation.diagnosis.published import markdown as published
from clinweave.evaluation.diagnosis.tables import markdown
from clinweave.evaluation.pages import templates
from clinweave.evaluation.plots import Scale, interval_svg, share_svg

BEST = ("clinweave", "clinweave-release")
DATES = (
    "The order of publication is approximated by the PMID; real dates of publication are not in the packets."
)
GENES = (
    "Simulated: the causal gene among {decoys} genes drawn at random of {genes} with a known disease; no variants are "
    "looked at, and real candidate lists are not random. The map of genes to diseases ({source}) is newer than the "
    "release. {unmapped} of {cases} causal genes are not in it and count as misses."
)


def report_text(results: Mapping[str, Any]) -> str:
    """Return the tables as Markdown."""
    parts = [markdown(one["title"], one["rows"], BASELINE) for one in results["protocols"]]
    if results.get("trivial"):
        parts.append(f"**Mondo credit.** {credit(results)}\n")
    parts.append(published())
    found = results["studies"]
    if "diagnosis-genes" in found:
        parts += [
            markdown("Gene level, simulated", _main(found["diagnosis-genes"]["rows"]), BASELINE),
            genes(found["diagnosis-genes"]) + "\n",
        ]
    if "peers" in found:
        parts.append(peers(found["peers"]))
    if "diagnosis-robustness" in found:
        told = found["diagnosis-robustness"]
        parts.append(
            f"### Robustness\n\n{told['cases']} cases of known diseases, own paper dropped; top-1 / top-10 in %.\n\n"
            + robustness.markdown(told["rows"])
        )
    if "diagnosis-text" in found:
        parts.append("### Free text\n\n" + reading.markdown(found["diagnosis-text"]))
    if "diagnosis-model" in found:
        parts.append("### A language model on top\n\n" + arguing.markdown(found["diagnosis-model"]))
    parts.append(
        "### Where no gain was shown\n\n" + "\n".join(f"- {one}" for one in negatives(results)) + "\n"
    )
    parts.append("### Speed, one core, after loading\n\n" + speed(results))
    return "\n".join(parts)


def _main(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["part"] in {"all", "rest"}]


def genes(found: Mapping[str, Any]) -> str:
    """Return what the gene level stands on, in words."""
    source = ", ".join(f"{name} {release}" for name, release in found["sources"].items())
    return GENES.format(
        source=source, **{key: found[key] for key in ("decoys", "genes", "unmapped", "cases")}
    )


def credit(results: Mapping[str, Any]) -> str:
    """Return what ancestor credit is worth by itself, in words."""
    told = results["trivial"]
    return (
        f"A candidate that is a Mondo class above the true disease counts where it groups at most {told['limit']} OMIM "
        "diseases; a sibling never counts. Naming the same ten largest such classes for every case would be right in "
        f"{_shares(told['limited'])} % (top-1/3/10); without the limit in "
        f"{_shares(told['unlimited'])} %, which is why there is one."
    )


def speed(results: Mapping[str, Any]) -> str:
    """Return the milliseconds a case of each arm and protocol, as Markdown."""
    arms = list(dict.fromkeys(arm for one in results["protocols"] for arm in one["milliseconds"]))
    lines = [f"| milliseconds a case | {' | '.join(arms)} |", "|---|" + "---|" * len(arms)]
    for one in results["protocols"]:
        cells = [f"{one['milliseconds'][arm]:.2f}" if arm in one["milliseconds"] else "" for arm in arms]
        lines.append(f"| {one['title']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def peers(found: Mapping[str, Any]) -> str:
    """Return the comparison with other programs, as Markdown."""
    lines = [
        "### Other programs, each in its own environment",
        "",
        f"{found['cases']} cases drawn with seed {found['seed']}, {found['protocol']}; the same release for all.",
        "",
        "| program | top-1/3/10 | over " + BASELINE + ", 95 % by publication | ms a case |",
        "|---|---|---|---|",
    ]
    for row in found["rows"]:
        over = ", ".join(
            f"{100 * one[0]:+.1f} ({100 * one[1]:+.1f} to {100 * one[2]:+.1f})" for one in row.get("over", ())
        )
        cost = f"{row['milliseconds']:.2f}" if row.get("milliseconds") else ""
        lines.append(f"| {row['name']} | {_shares(row['micro'])} | {over} | {cost} |")
    lines += [f"| {name} | skipped: {reason} | | |" for name, reason in found["skipped"].items()]
    return "\n".join([*lines, "", *(f"- {note}" for note in found.get("notes", ()))]) + "\n"


def negatives(results: Mapping[str, Any]) -> list[str]:
    """Return every comparison in which the best arm shows no gain over the baseline, and what the models did not do."""
    found = []
    for one in results["protocols"]:
        for row in one["rows"]:
            if row["arm"] not in BEST or row["part"] not in {"all", "rest", "known disease"}:
                continue
            flat = [
                f"top-{at} {100 * over['difference']:+.1f} ({100 * over['low']:+.1f} to {100 * over['high']:+.1f})"
                for at, over in zip((1, 3, 10), row["over"], strict=True)
                if over["low"] <= 0
            ]
            if flat:
                found.append(f"{one['title']}, {row['part']}, {row['arm']}: {', '.join(flat)}")
    if "diagnosis-model" in results["studies"]:
        found.append(arguing.verdict(results["studies"]["diagnosis-model"]))
    return found or ["none"]


def headline(results: Mapping[str, Any]) -> list[str]:
    """Return the sentences that say what was found; they claim no more than the intervals do."""
    said = []
    for one in results["protocols"]:
        rows = {row["arm"]: row for row in one["rows"] if row["part"] == "all"}
        best = next((rows[name] for name in BEST if name in rows), None)
        if best is None:
            continue
        over = best["over"][0]
        sure = over["low"] > 0
        said.append(
            f"{one['title']}: {best['arm']} puts the right disease first in {100 * best['micro'][0]:.1f} % of "
            f"{best['cases']:,} cases, {BASELINE} in {100 * rows[BASELINE]['micro'][0]:.1f} %: "
            f"{100 * over['difference']:+.1f} points (95 % {100 * over['low']:+.1f} to {100 * over['high']:+.1f})"
            + ("." if sure else ", which may be nothing.")
        )
    return said or ["No protocol was run."]


def write_page(results: Mapping[str, Any], path: Path) -> None:
    """Write the self-contained HTML page, whole or not at all."""
    environment = templates()
    environment.filters.update(percent=_percent, points=_points, shares=_shares)
    studies = results["studies"]
    curves = studies.get("diagnosis-robustness")
    text = environment.get_template("diagnosis.html").render(
        results=results,
        headline=headline(results),
        protocols=[_protocol(one) for one in results["protocols"]],
        arms=TOLD | {"clinweave": f"{TOLD['clinweave']}, and its genes"},
        published=PUBLISHED,
        credit=credit(results) if results.get("trivial") else "",
        dates=DATES,
        genes=studies.get("diagnosis-genes"),
        genes_rows=_shown(studies["diagnosis-genes"]["rows"]) if "diagnosis-genes" in studies else [],
        genes_note=genes(studies["diagnosis-genes"]) if "diagnosis-genes" in studies else "",
        peers=studies.get("peers"),
        curves=curves,
        panels=curve_panels(curves["rows"]) if curves else [],
        reading=studies.get("diagnosis-text"),
        language=studies.get("diagnosis-model"),
        language_kinds=arguing.KINDS,
        verdict=arguing.verdict(studies["diagnosis-model"]) if "diagnosis-model" in studies else "",
        negatives=negatives(results),
        baseline=BASELINE,
    )
    write_text(path, text)


def _protocol(one: Mapping[str, Any]) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in _shown(one["rows"]):
        groups.setdefault(row["part"], []).append(row)
    return {**one, "parts": groups}


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their drawings: a bar a depth, and an interval over the baseline a depth."""
    ends = [end for row in rows for one in row.get("over", ()) for end in (one["low"], one["high"])]
    scale = Scale.around([max(min(end, 0.4), -0.4) for end in ends])
    return [
        {
            **row,
            "bars": [
                share_svg({"accuracy": share, "interval": interval}, 0)
                for share, interval in zip(row["micro"], row["intervals"], strict=True)
            ],
            "forest": [interval_svg(one, scale) for one in row.get("over", ())],
            "scale": scale,
        }
        for row in rows
    ]


def _shares(values: Sequence[float]) -> str:
    return "/".join(f"{100 * value:.1f}" for value in values)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")
