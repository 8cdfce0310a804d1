"""Tables of ranks: shares at 1, 3 and 10, macro by disease, and paired differences with intervals by publication."""

from collections.abc import Mapping, Sequence

from clinweave.core.statistics import bootstrap, difference, pair
from clinweave.evaluation.diagnosis.ranking import Ranks
from clinweave.evaluation.diagnosis.results import Over, RankRow
from clinweave.evaluation.diagnosis.truth import Truth

AT = (1, 3, 10)


def parts(truths: Sequence[Truth], in_release: frozenset[str] = frozenset()) -> dict[str, list[Truth]]:
    """Return all cases, the development part, the rest, and those whose disease the release annotates or does not."""
    result = {
        "all": list(truths),
        "development": [truth for truth in truths if truth.development],
        "rest": [truth for truth in truths if not truth.development],
    }
    if in_release:
        result["known disease"] = [truth for truth in truths if truth.id in in_release]
        result["unknown disease"] = [truth for truth in truths if truth.id not in in_release]
    return result


def rows(
    result: Mapping[str, Ranks], truths: Sequence[Truth], baseline: str, *, resamples: int = 10_000
) -> tuple[RankRow, ...]:
    """Return one row per condition and part: shares, macro shares, and differences to the baseline with intervals."""
    table = []
    for part, cases in parts(truths, result[baseline].known).items():
        if not cases:
            continue
        cluster = {case.id: case.publication or case.id for case in cases}
        for condition, ranks in result.items():
            over: tuple[Over, ...] = ()
            if condition != baseline:
                over = tuple(_over(ranks, result[baseline], cases, cluster, depth, resamples) for depth in AT)
            table.append(
                RankRow(
                    part=part,
                    condition=condition,
                    cases=len(cases),
                    diseases=len({case.disease for case in cases}),
                    micro=tuple(ranks.share(cases, depth) for depth in AT),
                    macro=tuple(ranks.share(cases, depth, macro=True) for depth in AT),
                    credited=tuple(ranks.share(cases, depth, credited=True) for depth in AT)
                    if ranks.credited
                    else (),
                    intervals=tuple(_interval(ranks, cases, cluster, depth, resamples) for depth in AT),
                    over=over,
                )
            )
    return tuple(table)


def _interval(
    ranks: Ranks, cases: Sequence[Truth], cluster: Mapping[str, str], depth: int, resamples: int
) -> tuple[float, float]:
    hits = {case.id: float(ranks.ranks[case.id] <= depth) for case in cases}
    low, high = bootstrap(pair(hits, dict.fromkeys(hits, 0.0), cluster), resamples=resamples)
    return low, high


def _over(  # noqa: PLR0917 - two conditions, their cases and how to compare them
    ranks: Ranks,
    baseline: Ranks,
    cases: Sequence[Truth],
    cluster: Mapping[str, str],
    depth: int,
    resamples: int,
) -> Over:
    result = difference(
        {case.id: float(ranks.ranks[case.id] <= depth) for case in cases},
        {case.id: float(baseline.ranks[case.id] <= depth) for case in cases},
        cluster,
        resamples=resamples,
    )
    return Over(result.difference, result.low, result.high, result.p)
