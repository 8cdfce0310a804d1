"""How many of a model's sentences survive the citation check, by the way in which the model is asked.

    python benchmarks/model_sentences.py QUESTIONS.jsonl [...] --model ADDRESS --way NAME [--way NAME] --out FOLDER
        [--part development|held-out] [--sample 20] [--threads N] [--recheck]

QUESTIONS is as for `clinical_questions.py`. English questions whose answer has something that a model is asked about
are taken in the order of a checksum of their words, which also deals each to the development or the held-out part.
Each way asks the same model about the same statements; its replies are kept in FOLDER (one file per way, part and
model) and not asked for again, so a run can be stopped. `--recheck` asks nothing and checks the kept replies.

Printed per way, with 95 % intervals: sentences, how many are supported, quoted from the source instead, true but no
answer; answers whose shown model text alone meets the question's patterns ("useful alone"), answers useful with
statements and model text and without the model, and dangerous ones; tokens; seconds and processor seconds until the
first token and the end. `model_sentences_parts/ways.py` says what each way is.
"""

import argparse
import hashlib
import json
import os
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clinical_questions import read, verdict_of
from model_sentences_parts.ways import WAYS, Asked, Reply, checked_parts

import clinweave
from clinweave.applications.consult.candidates import without_shared_names
from clinweave.applications.consult.checked_reply import CheckedReply, cited_evidence
from clinweave.applications.consult.model_text import FEWEST, SHORT_ANSWER, ModelSettings, ModelText
from clinweave.applications.consult.prompt import shown_to_model
from clinweave.core.statistics import wilson
from clinweave.models import open_model
from clinweave.records import Answer, Audience


@dataclass(frozen=True, slots=True)
class Row:
    """A reply, checked. `alone` and `whole` are the verdicts of the patterns on the model's text and on the answer."""

    question: str
    reply: Reply
    sentences: tuple[tuple[str, str, str, str], ...]  # text, verdict, reason, quotation
    added: str  # what is shown of the model
    alone: str
    whole: str
    without: str


def part_of(question: str) -> str:
    """Return the part to which a question belongs, by a checksum of its words."""
    return ("development", "held-out")[int(hashlib.sha256(question.encode()).hexdigest(), 16) % 2]


def chosen(questions: Sequence[Mapping[str, Any]], part: str) -> list[Mapping[str, Any]]:
    """Return the English questions with patterns of one part, in the order of the checksum of their words."""
    fit = [
        item for item in questions if item.get("expect") == "answer" and item.get("language", "en") == "en"
    ]
    fit = list({item["question"]: item for item in fit}.values())
    fit = [item for item in fit if item["question"].isascii() and part_of(item["question"]) == part]
    return sorted(fit, key=lambda item: hashlib.sha256(item["question"].encode()).hexdigest())


def asked(
    base: clinweave.KnowledgeBase, model: Any, questions: Sequence[Mapping[str, Any]], sample: int
) -> Iterator[tuple[Mapping[str, Any], Answer, Asked]]:
    """Yield the first `sample` questions about which `ask` asks a model, with their answer without a model."""
    count = tried = 0
    for question in questions:
        tried += 1
        answer = base.ask(question["question"], audience=question["audience"])
        shown = shown_to_model(answer.statements, answer.evidence, model, ModelSettings().budget)
        if len(answer.text.split()) <= SHORT_ANSWER or answer.abstained or not shown:
            continue
        about = without_shared_names(question["question"], answer.mentions, cited_evidence(shown))
        item = Asked(question["question"], about, tuple(shown), model, base.checker)
        if len(checked_parts(item)) < FEWEST:
            continue
        yield question, answer, item
        count += 1
        if count >= sample:
            break
    print(f"a model is asked about {count} of {tried} questions")


def row_of(
    base: clinweave.KnowledgeBase, question: Mapping[str, Any], answer: Answer, item: Asked, reply: Reply
) -> Row:
    """Check a reply as `ask` does and score what would be shown."""
    composed = "\n".join(statement.text for statement in answer.statements)
    audience = Audience(question["audience"])
    check = CheckedReply(base.checker, item.shown, item.about, audience, composed, "", lambda _: None)
    check.add(reply.text)
    check.finish()
    sentences = tuple(check.sentences)
    added = ModelText(sentences, chosen=True).text_below("", "model")
    alone = added.partition("\n")[2]
    return Row(
        question["question"],
        reply,
        tuple((s.text, s.verdict.value, s.reason, s.quotation) for s in sentences),
        added,
        verdict_of(question, alone, abstained=not alone),
        verdict_of(question, f"{answer.text}\n{added}", abstained=False),
        verdict_of(question, answer.text, abstained=False),
    )


def summary(rows: Sequence[Row]) -> dict[str, str]:
    """Return the columns of one way."""
    verdicts = Counter(verdict for row in rows for _, verdict, *_ in row.sentences)
    total = sum(verdicts.values())
    quoted = sum(bool(quotation) for row in rows for *_, quotation in row.sentences)
    useful = {
        name: sum(getattr(row, name) == "useful" for row in rows) for name in ("alone", "whole", "without")
    }
    replies = [row.reply for row in rows]
    return {
        "questions": str(len(rows)),
        "sentences": str(total),
        "supported": _share(verdicts["supported"], total),
        "or quoted": _share(verdicts["supported"] + quoted, total),
        "no answer": str(verdicts["irrelevant"]),
        "useful alone": f"{useful['alone']}",
        "useful": f"{useful['whole']} (without the model {useful['without']})",
        "dangerous": str(sum("dangerous" in {row.alone, row.whole} for row in rows)),
        "tokens": f"{_median(replies, 'prompt_tokens'):.0f} + {_median(replies, 'completion_tokens'):.0f}",
        "first token, s": _seconds(replies, "first"),
        "end, s": _seconds(replies, "seconds"),
        "processor s": _seconds(replies, "processor"),
    }


def _share(count: int, total: int) -> str:
    interval = wilson(count, total)
    return f"{count} of {total}, {count / max(total, 1):.0%} ({interval.low:.0%}-{interval.high:.0%})"


def _median(replies: Sequence[Reply], name: str) -> float:
    return statistics.median(getattr(item, name) for item in replies)


def _seconds(replies: Sequence[Reply], name: str) -> str:
    return f"{_median(replies, name):.1f} (longest {max(getattr(item, name) for item in replies):.1f})"


def kept(path: Path) -> dict[str, Reply]:
    """Return the replies in a file by their question."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {row["question"]: Reply(**row["reply"]) for row in map(json.loads, lines)}


def main() -> None:
    """Ask, check and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--way", action="append", choices=sorted(WAYS), required=True)
    parser.add_argument("--part", choices=("development", "held-out"), default="development")
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recheck", action="store_true", help="ask nothing, check the kept replies")
    parser.add_argument("--show", action="store_true", help="print every sentence with its verdict")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    model = open_model(options.model, threads=options.threads)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", options.model)
    rows: dict[str, list[Row]] = {way: [] for way in options.way}
    with clinweave.open(model="none") as base:
        items = list(asked(base, model, chosen(read(options.questions), options.part), options.sample))
        for way in options.way:
            path = options.out / f"{name}-{options.part}-{way}.jsonl"
            earlier = kept(path)
            for question, answer, item in items:
                reply = earlier.get(question["question"])
                if reply is None and not options.recheck:
                    reply = WAYS[way](item)
                    with path.open("a", encoding="utf-8") as stream:
                        stream.write(
                            json.dumps({"question": question["question"], "reply": asdict(reply)}) + "\n"
                        )
                if reply is not None:
                    rows[way].append(row_of(base, question, answer, item, reply))
    load = os.getloadavg()[0]
    print(f"{options.model}, {options.part}, load {load:.1f}")
    for way, own in rows.items():
        if options.show:
            for row in own:
                for text, verdict, reason, quotation in row.sentences:
                    print(
                        f"{way:9} {row.question[:30]:30} {verdict:12} {text[:160]!r} {reason[:90]} {quotation[:90]!r}"
                    )
        print(
            f"\n{way}: " + "; ".join(f"{key} {value}" for key, value in summary(own).items()) if own else way
        )


if __name__ == "__main__":
    main()
