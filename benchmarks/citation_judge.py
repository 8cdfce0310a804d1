"""Whether a language model helps the citation checker: as a veto of supported sentences, a rescue of others, or both.

    python benchmarks/citation_judge.py MODEL [--development 300] [--pairs FILE_OR_FOLDER ...] [--scores FILE] [--json]
    python benchmarks/citation_judge.py MODEL --twins [--ways 4] [--scores FILE] [--json]

MODEL is an address as in `ask --model`. It is asked whether a passage states a sentence, and the likelihoods of "Yes"
and "No" as its reply give a probability; nothing is generated. Thresholds are chosen on a seeded sample of the written
pairs in `tests/knowledge/citation_pairs/*.jsonl` (half false, half true): the lowest at which no false sentence is
rescued, and the highest at which no true one is vetoed. They are then applied to `--pairs`. `--scores` keeps the
probabilities between runs. Pairs of records without a passage are left out. Intervals are Wilson's, 95 %.

`--twins` asks in four ways (the question alone, and with four worked examples in three wordings) about the false
twins of `citation_pairs/twins` and the true sentences of the same evidence that begin with "Yes," or "No,", and prints
for each way and for the mean of the log-odds the area under the curve and the true sentences above all false ones.
"""

import argparse
import json
import math
import random
import re
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clinweave.core.statistics import wilson
from clinweave.datasets import NamedConcepts, read_written_pairs
from clinweave.knowledge import CitationChecker
from clinweave.models import open_model
from clinweave.models.base import score_many
from clinweave.records import Verdict

WRITTEN = Path(__file__).parents[1] / "tests" / "knowledge" / "citation_pairs"
BATCH = 8  # pairs that are scored in one call
QUESTION = (
    "Read the passage and the statement. Answer Yes if the passage by itself states that the statement is true, for "
    "the same thing, dose, group and degree of certainty. Answer No if the passage denies it, doubts it, only reports "
    "it as somebody's view, limits it to another group or condition, or does not say it."
)
WAYS = (  # instruction, then what is asked of each statement
    (QUESTION, "Answer Yes or No."),
    (
        "You check statements against passages. A statement is supported if the passage says the same in any words. "
        "It is not supported if a role, number, group, condition, degree or negation differs.",
        "Is the statement supported? Answer Yes or No.",
    ),
    (
        "Compare the two texts word by word. They agree if everything that B says is said by A. One difference in who, "
        "what, when, how much or how certain is enough for them to disagree.",
        "Does A say all of B? Answer Yes or No.",
    ),
)
EXAMPLES = (  # invented: passage, statement, answer
    ("Zelanine raises the level of brivomide.", "Brivomide levels are raised by zelanine.", "Yes"),
    ("Zelanine raises the level of brivomide.", "Brivomide raises the level of zelanine.", "No"),
    ("Morn fever does not spread between adults.", "Morn fever spreads between adults.", "No"),
    (
        "Give zelanine within two days in morn fever.",
        "In morn fever, zelanine is given within 48 hours.",
        "Yes",
    ),
)


def passage_of(pair) -> str:
    """Return the passages of a pair with their titles and headings; "" where it cites records alone."""
    result = [item.passage for item in pair.evidence if item.passage is not None]
    return "\n".join(
        "\n".join(part for part in (item.title, item.section, item.text) if part) for item in result
    )


def probability(model, sentence: str, passage: str) -> float:
    """Return the model's probability of "Yes" against "No"."""
    content = f"{QUESTION}\n\nPassage: {passage}\n\nStatement: {sentence}\n\nAnswer Yes or No."
    yes, no = (item.logprob for item in model.score([{"role": "user", "content": content}], ["Yes", "No"]))
    return 1 / (1 + math.exp(max(-60.0, min(60.0, no - yes))))


def messages(way: int, passage: str, sentence: str, *, examples: bool) -> list[dict[str, str]]:
    """Return a prompt: an instruction, worked examples if wanted, and the statement in question."""
    instruction, ask = WAYS[way]
    shown = EXAMPLES if examples else ()
    turns = [
        turn
        for text, said, answer in shown
        for turn in (
            {"role": "user", "content": f"A (passage): {text}\nB (statement): {said}\n{ask}"},
            {"role": "assistant", "content": answer},
        )
    ]
    asked = {"role": "user", "content": f"A (passage): {passage}\nB (statement): {sentence}\n{ask}"}
    return [{"role": "system", "content": instruction}, *turns, asked]


def without_answer_word(sentence: str) -> str:
    """Return a sentence without "Yes," or "No,", which the model would otherwise read as the answer."""
    bare = re.sub(r"^(?:yes|no)\s*[,.:;]\s*", "", sentence, flags=re.IGNORECASE)
    return bare[:1].upper() + bare[1:]


def twins(names: NamedConcepts) -> list:
    """Return the false twins and the true sentences with the same evidence that begin with "Yes," or "No,"."""
    false = read([WRITTEN / "twins"], names)
    texts = {passage_of(pair) for pair in false}
    true = [
        pair
        for pair in read([WRITTEN], names)
        if pair.supported and passage_of(pair) in texts and re.match(r"(?:Yes|No)\b", pair.sentence)
    ]
    return [*false, *true]


def odds(
    model, pairs: Sequence, way: int, *, examples: bool, kept: dict[str, float], path: Path | None
) -> list[float]:
    """Return the log-odds of "Yes" against "No" for each pair; those in `kept` are not asked for again."""
    keys = [
        sha256(
            "\0".join((model, str(way), str(examples), pair.sentence, passage_of(pair))).encode()
        ).hexdigest()[:24]
        for pair in pairs
    ]
    missing = [place for place, key in enumerate(keys) if key not in kept]
    opened = open_model(model) if missing else None
    for start in range(0, len(missing), BATCH):
        places = missing[start : start + BATCH]
        items = [
            (
                messages(
                    way, passage_of(pairs[n]), without_answer_word(pairs[n].sentence), examples=examples
                ),
                ["Yes", "No"],
            )
            for n in places
        ]
        for place, (yes, no) in zip(places, score_many(opened, items), strict=True):
            kept[keys[place]] = yes.logprob - no.logprob
            if path is not None:
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": keys[place], "yes": kept[keys[place]]}) + "\n")
    return [kept[key] for key in keys]


def area(labels: Sequence[bool], values: Sequence[float]) -> float:
    """Return the area under the curve: how often a true sentence has more than a false one (ties count half)."""
    true = [value for label, value in zip(labels, values, strict=True) if label]
    false = [value for label, value in zip(labels, values, strict=True) if not label]
    return sum((a > b) + (a == b) / 2 for a in true for b in false) / (len(true) * len(false))


def judged_twins(address: str, path: Path | None, count: int) -> dict[str, dict[str, object]]:
    """Return for each of the first `count` ways of asking, and for their mean, what it tells apart among the twins."""
    pairs = twins(NamedConcepts())
    kept = {}
    if path is not None and path.exists():
        kept = {row["key"]: row["yes"] for row in map(json.loads, path.open(encoding="utf-8"))}
    columns = {
        name: odds(address, pairs, way, examples=examples, kept=kept, path=path)
        for name, way, examples in (
            ("question alone", 0, False), ("examples, wording 1", 0, True), ("examples, wording 2", 1, True),
            ("examples, wording 3", 2, True),
        )[:count]
    }  # fmt: skip
    columns["mean"] = [sum(row) / len(row) for row in zip(*columns.values(), strict=True)]
    labels = [pair.supported for pair in pairs]
    rows = {}
    for name, values in columns.items():
        highest = max(value for label, value in zip(labels, values, strict=True) if not label)
        above = sum(label and value > highest for label, value in zip(labels, values, strict=True))
        rows[name] = {
            "auc": area(labels, values), "true_above_all_false": above, "true": sum(labels), "n": len(labels)
        }  # fmt: skip
    return rows


class Scores:
    """Probabilities by pair and model, kept in a JSONL file where one is given."""

    def __init__(self, address: str, path: Path | None) -> None:
        self._address, self._path = address, path
        self._model = None
        self.seconds: list[float] = []
        self._known: dict[str, float] = {}
        if path is not None and path.exists():
            self._known = {row["key"]: row["yes"] for row in map(json.loads, path.open(encoding="utf-8"))}

    def of(self, pair) -> float:
        """Return the probability that a pair's sentence is stated."""
        passage = passage_of(pair)
        parts = "\0".join((self._address, QUESTION, pair.sentence, passage))
        key = sha256(parts.encode()).hexdigest()[:24]
        if key not in self._known:
            if self._model is None:
                self._model = open_model(self._address)
            started = time.perf_counter()
            self._known[key] = probability(self._model, pair.sentence, passage)
            self.seconds.append(time.perf_counter() - started)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key, "yes": self._known[key]}) + "\n")
        return self._known[key]


def read(paths: Sequence[Path], names: NamedConcepts) -> list:
    """Return the pairs of files and folders that cite a passage."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.jsonl")))]
    return [pair for file in files for pair in read_written_pairs(file, names) if passage_of(pair)]


def sampled(pairs: Sequence, count: int) -> list:
    """Return a seeded sample, half of it false pairs and half true ones."""
    random_ = random.Random(0)
    result = []
    for label in (False, True):
        group = [pair for pair in pairs if pair.supported is label]
        result += random_.sample(group, min(count // 2, len(group)))
    return result


def thresholds(rows) -> dict[str, float]:
    """Return the threshold of each use of the model, chosen on (label, supported, probability) rows."""
    false_open = [yes for label, said, yes in rows if not label and not said]
    true_said = [yes for label, said, yes in rows if label and said]
    return {
        "rescue": max(false_open, default=1.0) + 1e-9,  # no false sentence is rescued
        "veto": min(true_said, default=0.0),  # no true sentence is lost
    }


def rates(rows, cut: dict[str, float]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return supported and all sentences by use of the model and label."""
    uses = {
        "checker alone": lambda said, _: said,
        "model alone": lambda _, yes: yes >= 0.5,
        "veto": lambda said, yes: said and yes >= cut["veto"],
        "rescue": lambda said, yes: said or yes >= cut["rescue"],
        "both": lambda said, yes: (said and yes >= cut["veto"]) or (not said and yes >= cut["rescue"]),
    }
    return {
        name: {
            "true" if label else "false": (
                sum(use(said, yes) for kind, said, yes in rows if kind is label),
                sum(kind is label for kind, _, _ in rows),
            )
            for label in (False, True)
        }
        for name, use in uses.items()
    }


def cell(count: int, n: int) -> str:
    """Return "3 of 120, 2.5 % (0.9-7.1)"."""
    if not n:
        return ""
    low, high = wilson(count, n)
    return f"{count} of {n}, {100 * count / n:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, choose thresholds, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("--development", type=int, default=300, help="pairs to choose thresholds on")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help="pairs to apply them to")
    parser.add_argument("--scores", type=Path, help="keep probabilities in this file")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--twins", action="store_true", help="ask in several ways about balanced twins")
    parser.add_argument("--ways", type=int, default=4, help="with --twins: how many ways of asking")
    options = parser.parse_args(arguments)
    if options.twins:
        rows = judged_twins(options.model, options.scores, options.ways)
        for name, row in rows.items():
            line = (
                f"{name}: area under the curve {row['auc']:.2f}; {row['true_above_all_false']} of {row['true']} true "
                f"above all {row['n'] - row['true']} false"
            )
            print(json.dumps({name: row}) if options.json else line)
        return 0
    names = NamedConcepts()
    checker = CitationChecker(names)
    scores = Scores(options.model, options.scores)

    def rows(pairs):
        return [
            (
                pair.supported,
                checker.check(pair.sentence, pair.evidence)[0] == Verdict.SUPPORTED,
                scores.of(pair),
            )
            for pair in pairs
        ]

    development = rows(sampled(read(sorted(WRITTEN.glob("*.jsonl")), names), options.development))
    cut = thresholds(development)
    result = {"thresholds": cut, "sets": {"development": rates(development, cut)}}
    if options.pairs:
        result["sets"]["pairs"] = rates(rows(read(options.pairs, names)), cut)
    result["seconds_each"] = sum(scores.seconds) / len(scores.seconds) if scores.seconds else None
    if options.json:
        print(json.dumps(result, indent=1))
        return 0
    console = Console(width=120, file=sys.stdout)
    for name, matches in result["sets"].items():
        table = Table("use of the model", "false support (95 % CI)", "recall (95 % CI)", title=name)
        for use, counts in matches.items():
            table.add_row(use, cell(*counts["false"]), cell(*counts["true"]))
        console.print(table)
    console.print(f"thresholds: rescue {cut['rescue']:.4f}, veto {cut['veto']:.4f}")
    if scores.seconds:
        console.print(f"{result['seconds_each']:.2f} s for each pair")
    return 0


if __name__ == "__main__":
    sys.exit(main())
