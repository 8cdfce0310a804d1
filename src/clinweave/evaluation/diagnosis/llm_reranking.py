"""Re-ranking by a language model, measured against the ranks alone on the same cases.

Only the order of the first ten can change, so the model is asked about cases whose disease is among them; on all
others both conditions miss alike. The weight of the model's opinion is chosen on cases of the development part and
reported on the rest. Controls: the evidence of the candidates exchanged, the names alone
(what the model knows or likes by itself), and an opinion drawn at random at the same weight.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from clinweave.applications.diagnosis import (
    RERANK_DEPTH,
    Case,
    Diagnoser,
    DiagnosisResult,
    Model,
    fuse,
    opinion,
    prompt,
)
from clinweave.core.statistics import difference
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.diagnosis.results import LLMReranking, Reranked
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.models import Capability, LanguageModel, identity_of

INFINITE = float("inf")  # the model's order alone
WEIGHTS = (0.1, 0.25, 0.5, 1.0, 2.0, INFINITE)
KINDS = {
    "model": "the model reads the evidence",
    "exchanged": "control: candidates with another candidate's evidence",
    "names": "control: names alone, no evidence",
    "random": "control: an opinion drawn at random",
}
AT = (1, 3)


@dataclass(frozen=True)
class Asked:
    """One case: the true disease's place in the first ten (None: not among them), scores, and opinions by kind."""

    id: str
    place: int | None = None
    scores: tuple[float, ...] = ()
    opinions: dict[str, list[float] | None] = field(default_factory=dict)


def ask_all(  # noqa: PLR0917 - ranks, cases, a model, and progress
    model: Model,
    language: LanguageModel,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    cache: Cache,
    step: Callable[[int], None] = lambda _: None,
    *,
    leave_paper_out: bool = True,
) -> list[Asked]:
    """Return one row per case: the true disease's place in the first ten (or None), the scores, and the opinions."""
    diagnoser = Diagnoser(model)
    rows = []
    weights = identity_of(language) or secrets.token_hex(
        16
    )  # unidentified opinions are good for this run alone
    alone: dict[str, float] = {}  # score of each name without any evidence
    for case, truth in zip(cases, truths, strict=True):
        papers = (truth.publication,) if leave_paper_out and truth.publication else ()
        anonymous = replace(case, id="case", publications=papers)
        line = diagnoser.diagnose(anonymous, top=RERANK_DEPTH, explained=0)
        ids = [entry["id"] for entry in line["ranking"]]
        row = Asked(truth.id, 0 if truth.disease in ids else None)
        if truth.disease in ids and len(ids) > 1:
            line = diagnoser.diagnose(anonymous, top=RERANK_DEPTH, explained=RERANK_DEPTH)
            opinions = {kind: _asked(language, weights, line, kind, cache, truth.id, alone) for kind in KINDS}
            scores = tuple(entry["score"] for entry in line["ranking"])
            row = Asked(truth.id, ids.index(truth.disease), scores, opinions)
        rows.append(row)
        step(1)
    return rows


def _asked(  # noqa: PLR0917 - a model, its prompt, and the cache
    language: LanguageModel,
    weights: str,
    line: DiagnosisResult,
    kind: str,
    cache: Cache,
    case: str,
    alone: dict[str, float],
) -> list[float] | None:
    count = len(line["ranking"])
    if kind == "random":
        random = Random(f"opinion {case}")  # noqa: S311 - a control that repeats
        return [random.gauss(0, 1) for _ in range(count)]
    turn = count // 2 if kind == "exchanged" else 0
    text, names = prompt(line, evidence=kind != "names", shown=lambda index: (index + turn) % count)
    key = Cache.key({**language.describe(), "weights": weights}, "re-rank", text, names)
    cached = cache.get(key)
    if cached is None:
        result = opinion(language, text, names, alone)
        cached = {"values": list(result.values) if result.values is not None else None}
        cache.put(key, cached)
    return list(cached["values"]) if cached["values"] is not None else None


def hits(rows: Sequence[Asked], kind: str, weight: float, depth: int) -> dict[str, float]:
    """Return case -> 1 where the true disease is in the first `at` after the opinion at this weight, else 0."""
    result = {}
    for row in rows:
        index = row.place
        values = row.opinions.get(kind)
        if index is not None and weight and values is not None:
            index = fuse(list(row.scores), values, weight).index(index)
        result[row.id] = float(index is not None and index < depth)
    return result


def compare(
    rows: Sequence[Asked], truths: Sequence[Truth], resamples: int, language: LanguageModel
) -> LLMReranking:
    """Return the ranker alone, each kind at the weight chosen on the development part, and at infinite weight."""
    development = {truth.id for truth in truths if truth.development}
    cluster = {truth.id: truth.publication or truth.id for truth in truths}
    chosen_on = [row for row in rows if row.id in development]
    rest = [row for row in rows if row.id not in development]
    table = []
    for kind in KINDS:
        best = max(WEIGHTS, key=lambda weight: (sum(hits(chosen_on, kind, weight, 1).values()), -weight))
        table += [
            _row(rest, kind, weight, cluster, resamples, chosen=weight == best)
            for weight in dict.fromkeys((best, INFINITE))
        ]
    return LLMReranking(
        rows=tuple(table),
        alone=tuple(sum(hits(rest, "model", 0, depth).values()) / max(len(rest), 1) for depth in AT),
        cases=len(rest),
        development=len(chosen_on),
        asked=sum(bool(row.opinions) for row in rows),
        unread=sum(row.opinions.get("model", []) is None for row in rows),
        method="likelihood" if Capability.SCORE in language.capabilities else "generation",
        model=language.name,
    )


def _row(
    rest: Sequence[Asked],
    kind: str,
    weight: float,
    cluster: Mapping[str, str],
    resamples: int,
    *,
    chosen: bool,
) -> Reranked:
    shares, over, moved = [], [], []
    for depth in AT:
        reranked, alone = hits(rest, kind, weight, depth), hits(rest, kind, 0, depth)
        change = difference(reranked, alone, cluster, resamples=resamples)
        shares.append(sum(reranked.values()) / max(len(reranked), 1))
        over.append((change.difference, change.low, change.high))
        moved.append((change.gained, change.lost))
    return Reranked(
        kind, "alone" if weight == INFINITE else weight, chosen, shares[0], shares[1], over[0], over[1], moved[0],
        moved[1],
    )  # fmt: skip


def verdict(result: LLMReranking) -> str:
    """Return the sentence that says whether the model helps, no stronger than the interval."""
    row = next(each for each in result.rows if each.kind == "model" and each.chosen)
    change, low, high = (100 * value for value in row.over1)
    alone = next(each for each in result.rows if each.kind == "model" and each.weight == "alone")
    gain = f"{change:+.1f} points at top-1 ({low:+.1f} to {high:+.1f}) at the weight chosen"
    by_itself = f"its order alone {100 * alone.over1[0]:+.1f}"
    if low > 0:
        return f"{result.model} on top helps: {gain}; {by_itself}."
    if high < 0:
        return f"{result.model} on top makes it worse: {gain}; {by_itself}. The default leaves it off."
    return f"{result.model} on top shows no gain: {gain}; {by_itself}. The default leaves it off."
