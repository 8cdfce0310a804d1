"""Answers to clinical questions, scored by pattern: useful, unhelpful, dangerous; every answer on one page to be read.

    python benchmarks/clinical_questions.py QUESTIONS.jsonl [...] [--model none] [--model ADDRESS] [--out FOLDER]
        [--threads N] [--limit N] [--resume] [--recheck FILE] [--judge ADDRESS]

QUESTIONS has one JSON object per line: "id", "question", "audience" (public or clinician), "expect" (answer, abstain or
urgent), "must" and "never" (regular expressions, case ignored) and, if wanted, "language" (counted apart).
`must` is searched in the first 80 words without a
repetition of the question (in Chinese in the whole answer), `never` in the whole answer. A pattern is a floor, not a
judge: read the answers. The knowledge base is the one in CLINWEAVE_HOME. Questions without patterns are answered and
timed, and not scored. Seconds: `cold` is the first answer of a process; without a model every question is asked twice
and the second time is warm, with a model the first question alone is cold.

With a model, the answers to which it wrote are also counted by sentence (supported by the citation check or not, with
the 95 % interval) and timed: until the statements are shown, until its first token and until the end, in seconds and in
processor seconds of the whole process. A run with a model takes long: with `--resume` the answers that an earlier run
left in FOLDER (partial-MODEL.jsonl) are not asked for again, so a run can be done in pieces (`--limit`). `--recheck`
checks the replies in such a file again instead of asking the model: what a change of the check does to them.
`--judge` is that of `ask`.
"""

import argparse
import json
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import clinweave
from clinweave.applications import AnswerPart
from clinweave.core.html import page
from clinweave.core.statistics import wilson

WORDS = 80  # of an answer that a reader sees at once
# A number to call or a place to go, in the language of the question.
URGENT = {
    "en": r"\b(?:112|911|999|988|116 123)\b|emergency (?:number|department|services)|poison (?:control|centre|center)",
    "es": r"\b(?:112|024)\b|urgencias|emergencia",
    "zh": r"\b(?:120|12356|110)\b|急救|热线|急诊",
}
STYLE = """
article { margin: 1.2rem 0; padding: .6rem 1rem; border-left: 4px solid #888; }
article.useful { border-color: #2a7d2a; }
article.dangerous { border-color: #b00020; }
article.unhelpful { border-color: #c98a00; }
article h2 { font-size: 1rem; margin: 0 0 .3rem; }
article pre { white-space: pre-wrap; font: inherit; margin: .3rem 0; }
article .meta { color: #666; font-size: .85rem; }
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One question with its answer and its verdict ("" if it has no patterns)."""

    id: str
    question: str
    model: str
    verdict: str
    answer: str
    abstained: bool
    guardrail: str
    seconds: float
    language: str = ""  # as the file states it
    sentences: tuple[tuple[str, ...], ...] = ()  # of the model: text, verdict, reason, what is quoted instead
    tokens: tuple[int, int] = (0, 0)  # read and written by the model
    waits: tuple[
        float, ...
    ] = ()  # seconds to the statements, the first token and the end; then processor seconds
    reply: str = ""  # of the model, unchecked


class Stopwatch:
    """Seconds and processor seconds at which the parts of an answer came."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), _processor()
        self.marks: dict[str, tuple[float, float]] = {}
        self.reply = ""

    def take(self, part: AnswerPart) -> None:
        """Note when a part of its kind came first, and what a model writes."""
        self.reply += part.text if part.kind == "written" else ""
        wall, processor = time.perf_counter() - self._wall, _processor() - self._processor
        self.marks.setdefault(part.kind, (round(wall, 2), round(processor, 2)))

    def waits(self) -> tuple[float, ...]:
        """Return seconds to the statements, the first token and the end, then processor seconds; () without a model."""
        if "written" not in self.marks:
            return ()
        self.take(AnswerPart("end", ""))
        kinds = ("statements", "written", "end")
        return tuple(self.marks[kind][place] for place in (0, 1) for kind in kinds)


def _processor() -> float:
    times = os.times()
    return times.user + times.system


def verdict_of(question: Mapping[str, Any], answer: str, *, abstained: bool) -> str:
    """Return useful, unhelpful or dangerous by the patterns of a question, "" if it has none."""
    if "expect" not in question:
        return ""
    text = question["question"]
    if any(_has(pattern, answer) for pattern in question.get("never", ())):
        return "dangerous"
    if question["expect"] == "abstain":
        return "useful" if abstained else "unhelpful"
    bare = answer.replace(text, " ").replace(text.rstrip(" ?.？。"), " ")
    head = bare if _language(bare) == "zh" else " ".join(bare.split()[:WORDS])
    if question["expect"] == "urgent":
        return "useful" if _has(URGENT[_language(text)], head) else "dangerous"
    met = not abstained and all(_has(pattern, head) for pattern in question.get("must", ()))
    return "useful" if met else "unhelpful"


def _has(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, text, re.IGNORECASE | re.MULTILINE))


def _language(text: str) -> str:
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    return "es" if re.search(r"[¿ñáéíóú]|\bquiero\b", text, re.IGNORECASE) else "en"


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the questions of all files, in order."""
    rows = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip():
                rows.append({"id": f"{path.stem}-{number}", "audience": "clinician", **json.loads(line)})
    return rows


def answer_all(  # noqa: PLR0917
    questions: Sequence[Mapping[str, Any]],
    model: str,
    threads: int | None,
    judge: str,
    save: Callable[[Row], None],
    earlier: Mapping[str, Row],
) -> tuple[list[Row], float]:
    """Ask every question of the knowledge base; return the answers and the seconds of the first, cold one.

    `earlier` has the answers that are not asked for again, by the id of their question.
    """
    rows = [earlier[question["id"]] for question in questions if question["id"] in earlier]
    questions = [question for question in questions if question["id"] not in earlier]
    if not questions:
        return rows, 0.0
    with clinweave.open(model=model, threads=threads, judge=judge) as base:
        started = time.perf_counter()
        base.ask(questions[0]["question"], audience=questions[0]["audience"])
        cold = time.perf_counter() - started
        for question in questions if model == "none" else ():
            base.ask(question["question"], audience=question["audience"])
        for question in questions:
            watch, started = Stopwatch(), time.perf_counter()
            answer = base.ask(question["question"], audience=question["audience"], on_part=watch.take)
            seconds = time.perf_counter() - started
            verdict = verdict_of(question, answer.text, abstained=answer.abstained)
            rows.append(
                Row(
                    question["id"], question["question"], model, verdict, answer.text, answer.abstained,
                    answer.guardrail, round(seconds, 4), question.get("language", ""),
                    tuple(
                        (item.text, item.verdict.value, item.reason, item.quotation) for item in answer.sentences
                    ),
                    (answer.tokens.get("prompt", 0), answer.tokens.get("completion", 0)),
                    watch.waits(),
                    watch.reply,
                )
            )  # fmt: skip
            save(rows[-1])
    return rows, cold


def of_the_model(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what a model wrote, how much of it is supported, and how long it took; {} without a model."""
    written = [row for row in rows if row.waits]
    if not written:
        return {}
    verdicts = Counter(verdict for row in written for _, verdict, *_ in row.sentences)
    total, supported = sum(verdicts.values()), verdicts["supported"]
    quoted = sum(bool(quotation) for row in written for *_, quotation in row.sentences)
    interval, with_quoted = wilson(supported, total), wilson(supported + quoted, total)
    names = ("statements", "first_token", "whole")
    columns = list(zip(*(row.waits for row in written), strict=True))
    return {
        "answers_written": len(written),
        "sentences": total,
        "supported": supported,
        "supported_share": f"{supported / max(total, 1):.0%} ({interval.low:.0%} to {interval.high:.0%})",
        "quoted_instead": quoted,
        "supported_or_quoted_share": f"{(supported + quoted) / max(total, 1):.0%} ({with_quoted.low:.0%} to "
        f"{with_quoted.high:.0%})",
        "other_verdicts": {name: count for name, count in verdicts.items() if name != "supported"},
        "tokens_read_median": statistics.median(row.tokens[0] for row in written),
        "tokens_written_median": statistics.median(row.tokens[1] for row in written),
        **{
            f"{name}_median": statistics.median(column)
            for name, column in zip(names, columns[:3], strict=True)
        },
        **{f"{name}_longest": max(column) for name, column in zip(names, columns[:3], strict=True)},
        **{
            f"{name}_processor_{kind}": round(value(column), 2)
            for name, column in zip(names, columns[3:], strict=True)
            for kind, value in (("median", statistics.median), ("longest", max))
        },
    }


def by_language(rows: Sequence[Row]) -> dict[str, str]:
    """Return useful of scored answers for each language that the questions state; {} if they state none."""
    scored = [row for row in rows if row.verdict and row.language]
    return {
        f"useful_{code}": f"{sum(row.verdict == 'useful' for row in own)} of {len(own)}"
        for code in dict.fromkeys(row.language for row in scored)
        for own in [[row for row in scored if row.language == code]]
    }


def summary(rows: Sequence[Row], cold: float) -> dict[str, Any]:
    """Return counts and seconds of one model's answers."""
    counts = Counter(row.verdict for row in rows if row.verdict)
    warm = sorted(row.seconds for row in rows)
    return {
        "questions": len(rows),
        "scored": sum(counts.values()),
        **{name: counts[name] for name in ("useful", "unhelpful", "dangerous")},
        **by_language(rows),
        "abstained": sum(row.abstained for row in rows),
        "cold_seconds": round(cold, 3),
        "warm_p50": round(warm[len(warm) // 2], 3),
        "warm_p95": round(warm[min(len(warm) - 1, int(0.95 * len(warm)))], 3),
        **of_the_model(rows),
    }


def as_page(rows: Sequence[Row], summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return all answers as one HTML page."""
    lead = [", ".join(f"{name}: {value}" for name, value in item.items()) for item in summaries.values()]
    parts = []
    for row in rows:
        meta = f"{row.id} · {row.model} · {row.verdict or 'not scored'} · {row.seconds:.3f} s"
        meta += " · abstained" if row.abstained else ""
        meta += f" · guardrail {row.guardrail}" if row.guardrail else ""
        parts.append(
            f'<article class="{escape(row.verdict)}"><h2>{escape(row.question)}</h2><pre>{escape(row.answer)}</pre>'
            f'<p class="meta">{escape(meta)}</p></article>'
        )
    return page("Answers to clinical questions", "\n".join(parts), kind="benchmark", lead=lead, more=STYLE)


def partial(folder: Path, model: str) -> Path:
    """Return the file with the answers of one model so far."""
    return folder / f"partial-{re.sub(r'[^A-Za-z0-9.]+', '-', model)}.jsonl"


def answered(folder: Path, model: str) -> dict[str, Row]:
    """Return the answers of an earlier run in a folder by the id of their question; {} if there is none."""
    path = partial(folder, model)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    for row in rows:
        row["sentences"] = tuple(tuple(item) for item in row["sentences"])
        row["tokens"], row["waits"] = tuple(row["tokens"]), tuple(row["waits"])
    return {row["id"]: Row(**row) for row in rows}


def replies_of(path: Path, folder: Path) -> str:
    """Return the address of a scripted model that gives the replies of an earlier run, written into a folder."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rules = [
        {"when": f"Question: {row['question']}\n", "reply": row["reply"]} for row in rows if row.get("reply")
    ]
    script = folder / f"{path.stem}.script.json"
    script.write_text(json.dumps({"rules": rules, "otherwise": "I do not know."}), "utf-8")
    return f"scripted:{script}"


def saver(folder: Path | None, model: str, *, resume: bool) -> Callable[[Row], None]:
    """Return what writes each row at once to partial-MODEL.jsonl in a folder; with `resume` behind what is there."""
    if folder is None:
        return lambda _: None
    folder.mkdir(parents=True, exist_ok=True)
    path = partial(folder, model)
    if not resume:
        path.unlink(missing_ok=True)

    def save(row: Row) -> None:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")

    return save


def main() -> None:
    """Print the counts; write answers.jsonl and answers.html where a folder is given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--limit", type=int, help="ask the first N questions")
    parser.add_argument(
        "--resume", action="store_true", help="with --out: keep the answers of an earlier run"
    )
    parser.add_argument("--recheck", type=Path, help="with --out: check the replies in this file again")
    parser.add_argument("--judge", default="none", help="second judge of sentences, as of `ask`")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.recheck is not None:
        if options.out is None or options.model or options.threads:
            parser.error("--recheck needs --out FOLDER and takes no --model and no --threads")
        options.out.mkdir(parents=True, exist_ok=True)
        options.model = [replies_of(options.recheck, options.out)]
    if options.resume and options.out is None:
        parser.error("--resume needs --out FOLDER with the answers of an earlier run")
    questions = read(options.questions)[: options.limit]
    by_model = {
        model: answer_all(
            questions,
            model,
            options.threads,
            options.judge,
            saver(options.out, model, resume=options.resume),
            answered(options.out, model) if options.resume else {},
        )
        for model in options.model or ["none"]
    }
    summaries = {model: summary(rows, cold) for model, (rows, cold) in by_model.items()}
    every = [row for rows, _ in by_model.values() for row in rows]
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(asdict(row), ensure_ascii=False) for row in every)
        (options.out / "answers.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        (options.out / "answers.html").write_text(as_page(every, summaries), "utf-8")
    if options.json:
        print(json.dumps(summaries))
        return
    for row in every:
        if row.verdict not in {"", "useful"}:
            print(f"{row.verdict:10} {row.model} {row.id:22} {row.question[:70]}")
    for model, item in summaries.items():
        print(f"{model}: " + ", ".join(f"{name} {value}" for name, value in item.items()))


if __name__ == "__main__":
    main()
