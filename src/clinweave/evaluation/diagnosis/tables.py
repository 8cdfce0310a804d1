"""Tables of ranks: shares at 1, 3 and 10, macro by disease, and paired differences with intervals by publication."""

from collections.abc import Mapping, Sequence
from typing import Any

from clinweave.core.statistics import bootstrap, difference, pair
from clinweave.evaluation.diagnosis.protocols import Ranks
from clinweave.evaluation.diagnosis.truth import Truth

AT = (1, 3, 10)


def parts(truths: Sequence[Truth], known: frozenset[str] = frozenset()) -> dict[str, list[Truth]]:
    """Return all cases, the development part, the rest, and those whose disease the release annotates or does not."""
    found = {
        "all": list(truths),
        "development": [one for one in truths if one.development],
        "rest": [one for one in truths if not one.development],
    }
    if known:
        found["known disease"] = [one for one in truths if one.id in known]
        found["unknown disease"] = [one for one in truths if one.id not in known]
    return found


def rows(
    found: Mapping[str, Ranks], truths: Sequence[Truth], baseline: str, *, resamples: int = 10_000
) -> list[dict[str, Any]]:
    """Return one row an arm and part: shares, macro shares, and differences to the baseline with 95 % intervals."""
    table = []
    for part, cases in parts(truths, found[baseline].known).items():
        if not cases:
            continue
        cluster = {one.id: one.publication or one.id for one in cases}
        for arm, ranks in found.items():
            row: dict[str, Any] = {"part": part, "arm": arm, "cases": len(cases)}
            row["micro"] = [ranks.share(cases, at) for at in AT]
            row["macro"] = [ranks.share(cases, at, macro=True) for at in AT]
            row["diseases"] = len({one.disease for one in cases})
            row["credited"] = [ranks.share(cases, at, credited=True) for at in AT] if ranks.credited else []
            row["intervals"] = [_interval(ranks, cases, cluster, at, resamples) for at in AT]
            if arm != baseline:
                row["over"] = [_over(ranks, found[baseline], cases, cluster, at, resamples) for at in AT]
            table.append(row)
    return table


def _interval(
    arm: Ranks, cases: Sequence[Truth], cluster: Mapping[str, str], at: int, resamples: int
) -> list[float]:
    hits = {one.id: float(arm.ranks[one.id] <= at) for one in cases}
    return list(bootstrap(pair(hits, dict.fromkeys(hits, 0.0), cluster), resamples=resamples))


def _over(  # noqa: PLR0917 - two arms, their cases and how to compare them
    arm: Ranks, baseline: Ranks, cases: Sequence[Truth], cluster: Mapping[str, str], at: int, resamples: int
) -> dict[str, float]:
    told = difference(
        {one.id: float(arm.ranks[one.id] <= at) for one in cases},
        {one.id: float(baseline.ranks[one.id] <= at) for one in cases},
        cluster,
        resamples=resamples,
    )
    return {"difference": told.difference, "low": told.low, "high": told.high, "p": told.p}


def markdown(title: str, table: Sequence[Mapping[str, Any]], baseline: str) -> str:
    """Return the rows as a Markdown table, in per cent."""
    lines = [
        f"### {title}",
        "",
        f"| part | arm | top-1/3/10 | macro | with Mondo credit | over {baseline}, 95 % by publication |",
        "|---|---|---|---|---|---|",
    ]
    for row in table:
        over = ", ".join(
            f"{100 * one['difference']:+.1f} ({100 * one['low']:+.1f} to {100 * one['high']:+.1f})"
            for one in row.get("over", ())
        )
        part = f"{row['part']} ({row['cases']:,}, {row['diseases']} diseases)"
        lines.append(
            f"| {part} | {row['arm']} | {_shares(row['micro'])} | {_shares(row['macro'])} "
            f"| {_shares(row['credited'])} | {over} |"
        )
    return "\n".join(lines) + "\n"


def _shares(values: Sequence[float]) -> str:
    return "/".join(f"{100 * value:.1f}" for value in values)
