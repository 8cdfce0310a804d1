"""Re-ranking by a language model, measured against the ranks alone on the same cases.

    python -m benchmarks.diagnosis_llm.measure CASES.tar.gz RELEASE [--model smollm2] [--count 120] [--scores FILE]
        [--mondo mondo.json] [--allow-remote HOST]

Annotations that cite the case's own paper are left out of every disease. Only the order of the first ten can change,
so the model is asked about cases whose disease is among them; on all
others both conditions miss alike. The weight of the model's opinion is chosen on cases of the development part and
reported on the rest. Controls: the evidence of the candidates exchanged, the names alone
(what the model knows or likes by itself), and an opinion drawn at random at the same weight. `--scores` keeps what the
model said, to resume.
"""

import argparse
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from benchmarks.diagnosis_llm.opinions import DEPTH, fuse, opinion, prompt
from rich.progress import track

from clinweave.applications.diagnosis import (
    Case,
    Diagnoser,
    DiagnosisResult,
    Model,
    fetched_mondo,
    open_model,
    read_cases,
    release_in,
)
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.artifacts import home
from clinweave.core.statistics import difference
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.diagnosis.ranking import known_cases
from clinweave.evaluation.diagnosis.truth import Truth, read_truth
from clinweave.models import Capability, LanguageModel, identity_of
from clinweave.models import open_model as open_language_model
from clinweave.records import Tier

Estimate = tuple[float, float, float]  # value and its 95 % interval

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
class Row:
    """One kind of opinion at one weight (infinite: the model's order by itself), over the ranker alone."""

    kind: str
    weight: float
    chosen: bool
    top: tuple[float, ...]
    over: tuple[Estimate, ...]
    moved: tuple[int, int]  # first ranks gained and lost


@dataclass(frozen=True)
class Result:
    """A language model on top of the ranks, against the ranks alone, with controls."""

    rows: tuple[Row, ...]
    alone: tuple[float, ...]
    cases: int
    development: int
    asked: int
    unread: int
    method: str
    model: str


@dataclass(frozen=True)
class Asked:
    """One case: the true disease's place in the first ten (None: not among them), scores, and opinions by kind."""

    id: str
    place: int | None = None
    scores: tuple[float, ...] = ()
    opinions: dict[str, list[float] | None] = field(default_factory=dict)


def guard_findings(model: LanguageModel, allow_remote: str = "") -> None:
    """Raise `UserError` where findings would leave this machine for a host that was not named."""
    check_egress(Tier.GATED, host_of_model(model), allow_remote, content="findings of a patient")


def ask_all(
    model: Model, language: LanguageModel, cases: Sequence[Case], truths: Sequence[Truth], cache: Cache
) -> list[Asked]:
    """Return one row per case: the true disease's place in the first ten (or None), the scores, and the opinions."""
    diagnoser = Diagnoser(model)
    rows = []
    weights = identity_of(language) or secrets.token_hex(
        16
    )  # unidentified opinions are good for this run alone
    alone: dict[str, float] = {}  # score of each name without any evidence
    for case, truth in track(list(zip(cases, truths, strict=True)), f"{language.name} on top"):
        papers = (truth.publication,) if truth.publication else ()
        anonymous = replace(case, id="case", publications=papers)
        line = diagnoser.diagnose(anonymous, top=DEPTH, explained=0)
        ids = [entry["id"] for entry in line["ranking"]]
        row = Asked(truth.id, 0 if truth.disease in ids else None)
        if truth.disease in ids and len(ids) > 1:
            line = diagnoser.diagnose(anonymous, top=DEPTH, explained=DEPTH)
            opinions = {kind: _asked(language, weights, line, kind, cache, truth.id, alone) for kind in KINDS}
            scores = tuple(entry["score"] for entry in line["ranking"])
            row = Asked(truth.id, ids.index(truth.disease), scores, opinions)
        rows.append(row)
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
        random = Random(f"opinion {case}")
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
) -> Result:
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
    return Result(
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
) -> Row:
    shares, over, moved = [], [], []
    for depth in AT:
        reranked, alone = hits(rest, kind, weight, depth), hits(rest, kind, 0, depth)
        change = difference(reranked, alone, cluster, resamples=resamples)
        shares.append(sum(reranked.values()) / max(len(reranked), 1))
        over.append((change.difference, change.low, change.high))
        moved.append((change.gained, change.lost))
    return Row(kind, weight, chosen, tuple(shares), tuple(over), moved[0])


def verdict(result: Result) -> str:
    """Return the sentence that says whether the model helps, no stronger than the interval."""
    row = next(each for each in result.rows if each.kind == "model" and each.chosen)
    change, low, high = (100 * value for value in row.over[0])
    alone = next(each for each in result.rows if each.kind == "model" and each.weight == INFINITE)
    gain = f"{change:+.1f} points at top-1 ({low:+.1f} to {high:+.1f}) at the weight chosen"
    by_itself = f"its order alone {100 * alone.over[0][0]:+.1f}"
    if low > 0:
        return f"{result.model} on top helps: {gain}; {by_itself}."
    if high < 0:
        return f"{result.model} on top makes it worse: {gain}; {by_itself}."
    return f"{result.model} on top shows no gain: {gain}; {by_itself}."


def table(result: Result) -> str:
    """Return the figures as a Markdown table, in per cent and points."""
    lines = ["| opinion | weight | top-1 | top-3 | first ranks won, lost |", "|---|---|---|---|---|"]
    shares = [f"{100 * share:.1f} %" for share in result.alone]
    lines.append(f"| the ranks alone | | {' | '.join(shares)} | |")
    for row in result.rows:
        weight = "its order alone" if row.weight == INFINITE else f"{row.weight:g}"
        cells = [
            f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})" for value, low, high in row.over
        ]
        chosen = " (chosen)" if row.chosen else ""
        lines.append(
            f"| {KINDS[row.kind]} | {weight}{chosen} | {' | '.join(cells)} | {row.moved[0]}, {row.moved[1]} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path, help="a folder or .tar.gz of phenopackets")
    parser.add_argument("release", type=Path, help="a folder with hp.obo and phenotype.hpoa")
    parser.add_argument("--mondo", type=Path, default=fetched_mondo(home()))
    parser.add_argument("--model", default="smollm2", help="smollm2, a .gguf file or an address")
    parser.add_argument("--allow-remote", default="", help="host that may receive the findings")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--count", type=int, default=120, help="cases drawn of diseases that the release knows"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--scores", type=Path, help="a file that keeps what the model said")
    options = parser.parse_args()
    settings = {} if "://" in options.model else {"threads": options.threads}
    with tempfile.TemporaryDirectory() as folder:
        language = open_language_model(options.model, home=home(), **settings)
        try:
            guard_findings(language, options.allow_remote)
            ranker = open_model(release_in(options.release, options.mondo), home() / "diagnosis")
            cases, truths = list(read_cases(options.cases)), read_truth(options.cases)
            in_release = known_cases(ranker, truths)
            pairs = [pair for pair in zip(cases, truths, strict=True) if pair[1].id in in_release]
            if options.count < len(pairs):
                indices = sorted(Random(options.seed).sample(range(len(pairs)), options.count))
                pairs = [pairs[index] for index in indices]
            cases, truths = [case for case, _ in pairs], [truth for _, truth in pairs]
            cache = Cache(options.scores or Path(folder) / "scores.jsonl")
            result = compare(
                ask_all(ranker, language, cases, truths, cache), truths, options.resamples, language
            )
        finally:
            language.close()
    print(
        f"{result.cases} cases reported, {result.development} of the development part; {result.asked} asked about, "
        f"{result.unread} replies not read; by {result.method}\n\n{table(result)}\n\n{verdict(result)}"
    )


if __name__ == "__main__":
    main()
