"""A language model on top of the ranks, measured against the ranks alone on the same cases.

Only the order of the first ten can change, so the model is asked about cases whose disease is among them; on all
others both arms miss alike, which is exact and costs nothing. The weight of the model's opinion is chosen on cases of
the development part and reported on the rest. Controls: the evidence of the candidates exchanged, the names alone
(what the model knows or likes by itself), and an opinion drawn at random at the same weight.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from clinweave.applications.diagnosis import RERANK_DEPTH, Case, Diagnoser, Model, fuse, opinion, prompt
from clinweave.core.statistics import difference
from clinweave.evaluation.cache import Cache
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


def ask_all(  # noqa: PLR0917 - ranks, cases, a model, and how it is told
    model: Model,
    language: LanguageModel,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    cache: Cache,
    step: Callable[[int], None] = lambda _: None,
    *,
    drop: bool = True,
) -> list[dict[str, Any]]:
    """Return one row a case: the true disease's place in the first ten (or None), the scores, and the opinions."""
    diagnoser = Diagnoser(model)
    rows = []
    weights = identity_of(language) or secrets.token_hex(
        16
    )  # unidentified opinions are good for this run alone
    alone: dict[str, float] = {}  # what names score when nothing is told
    for case, truth in zip(cases, truths, strict=True):
        papers = (truth.publication,) if drop and truth.publication else ()
        blind = replace(case, id="case", publications=papers)
        line = diagnoser.diagnose(blind, top=RERANK_DEPTH, explained=0)
        ids = [entry["id"] for entry in line["ranking"]]
        row: dict[str, Any] = {"id": truth.id, "place": None, "scores": [], "opinions": {}}
        if truth.disease in ids and len(ids) > 1:
            line = diagnoser.diagnose(blind, top=RERANK_DEPTH, explained=RERANK_DEPTH)
            row["place"] = ids.index(truth.disease)
            row["scores"] = [entry["score"] for entry in line["ranking"]]
            row["opinions"] = {
                kind: _asked(language, weights, line, kind, cache, truth.id, alone) for kind in KINDS
            }
        elif truth.disease in ids:
            row["place"] = 0
        rows.append(row)
        step(1)
    return rows


def _asked(  # noqa: PLR0917 - a model, what it is told, and what is kept
    language: LanguageModel,
    weights: str,
    line: Mapping[str, Any],
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
    told, names = prompt(line, evidence=kind != "names", shown=lambda place: (place + turn) % count)
    key = Cache.key({**language.describe(), "weights": weights}, "re-rank", told, names)
    known = cache.get(key)
    if known is None:
        found = opinion(language, told, names, alone)
        known = {"values": list(found.values) if found.values is not None else None}
        cache.put(key, known)
    return list(known["values"]) if known["values"] is not None else None


def hits(rows: Sequence[Mapping[str, Any]], kind: str, weight: float, at: int) -> dict[str, float]:
    """Return case -> 1 where the true disease is in the first `at` after the opinion at this weight, else 0."""
    found = {}
    for row in rows:
        place = row["place"]
        values = row["opinions"].get(kind)
        if place is not None and weight and values is not None:
            place = fuse(row["scores"], values, weight).index(place)
        found[row["id"]] = float(place is not None and place < at)
    return found


def compare(
    rows: Sequence[Mapping[str, Any]], truths: Sequence[Truth], resamples: int, language: LanguageModel
) -> dict[str, Any]:
    """Return the ranker alone, each kind at the weight chosen on the development part, and at infinite weight."""
    development = {one.id for one in truths if one.development}
    cluster = {one.id: one.publication or one.id for one in truths}
    chosen_on = [row for row in rows if row["id"] in development]
    rest = [row for row in rows if row["id"] not in development]
    table = []
    for kind in KINDS:
        weight = max(WEIGHTS, key=lambda one: (sum(hits(chosen_on, kind, one, 1).values()), -one))
        table += [
            _row(rest, kind, each, cluster, resamples) | {"chosen": each == weight}
            for each in dict.fromkeys((weight, INFINITE))
        ]
    return {
        "rows": table,
        "alone": [sum(hits(rest, "model", 0, at).values()) / max(len(rest), 1) for at in AT],
        "cases": len(rest),
        "development": len(chosen_on),
        "asked": sum(bool(row["opinions"]) for row in rows),
        "unread": sum(row["opinions"].get("model", ()) is None for row in rows),
        "method": "likelihood" if Capability.SCORE in language.capabilities else "generation",
        "model": language.name,
    }


def _row(
    rest: Sequence[Mapping[str, Any]], kind: str, weight: float, cluster: Mapping[str, str], resamples: int
) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": kind, "weight": "alone" if weight == INFINITE else weight}
    for at in AT:
        mine, alone = hits(rest, kind, weight, at), hits(rest, kind, 0, at)
        told = difference(mine, alone, cluster, resamples=resamples)
        row[f"top{at}"] = sum(mine.values()) / max(len(mine), 1)
        row[f"over{at}"] = [told.difference, told.low, told.high]
        row[f"moved{at}"] = [told.gained, told.lost]
    return row


def verdict(found: Mapping[str, Any]) -> str:
    """Return the sentence that says whether the model helps, no stronger than the interval."""
    row = next(one for one in found["rows"] if one["kind"] == "model" and one["chosen"])
    change, low, high = (100 * value for value in row["over1"])
    alone = next(one for one in found["rows"] if one["kind"] == "model" and one["weight"] == "alone")
    told = f"{change:+.1f} points at top-1 ({low:+.1f} to {high:+.1f}) at the weight chosen"
    by_itself = f"its order alone {100 * alone['over1'][0]:+.1f}"
    if low > 0:
        return f"{found['model']} on top helps: {told}; {by_itself}."
    if high < 0:
        return f"{found['model']} on top makes it worse: {told}; {by_itself}. The default leaves it off."
    return f"{found['model']} on top shows no gain: {told}; {by_itself}. The default leaves it off."


def markdown(found: Mapping[str, Any]) -> str:
    """Return the comparison as a table, in per cent."""
    lines = [
        f"{found['cases']} cases of the rest ({found['development']} of the development part chose the weight; "
        f"{found['asked']} were asked about, {found['unread']} replies could not be read). The ranker alone: top-1/3 "
        f"{100 * found['alone'][0]:.1f}/{100 * found['alone'][1]:.1f}.",
        "",
        "| opinion | weight | top-1/3 | over the ranker alone, top-1 | top-3 | top-1 gained / lost |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        over = [
            f"{100 * row[key][0]:+.1f} ({100 * row[key][1]:+.1f} to {100 * row[key][2]:+.1f})"
            for key in ("over1", "over3")
        ]
        lines.append(
            f"| {KINDS[row['kind']]} | {row['weight']}{' (chosen)' if row['chosen'] else ''} "
            f"| {100 * row['top1']:.1f}/{100 * row['top3']:.1f} | {over[0]} | {over[1]} "
            f"| {row['moved1'][0]} / {row['moved1'][1]} |"
        )
    return "\n".join([*lines, "", verdict(found)]) + "\n"
