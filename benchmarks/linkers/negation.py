"""Negation on sentences written for this purpose, beside NegEx as it was published.

`negation.jsonl` was written by hand, sentence by sentence, after the style of clinical notes, case reports and
abstracts; no sentence is anyone's record. Findings stand in braces, {so}- where the sentence says that the patient
(or the person spoken of) has them not, {so}+ otherwise: uncertain, conditional and relatives' findings are not
negated. Lines were split by turns; cues were mended on the "development" part, the "report" part was only scored.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking.cues import ABSENT
from clinweave.knowledge.linking.normalise import tokenise
from clinweave.knowledge.linking.status import assess

_MARK = re.compile(r"\{([^{}]*)\}([-+])")
# Cue phrases and window of Chapman et al. 2001 (five words on either side, to the end of the sentence).
_AHEAD = re.compile(
    r"\b(no|not|denies|denied|denying|without|no evidence of|no sign of|no signs of|negative for|free of|absence of|"
    r"no complaints of|no evidence for|never had|never developed|rules out|ruled out|no history of|declined)\b"
)
_BEHIND = re.compile(
    r"\b(unlikely|free|was ruled out|is ruled out|are ruled out|have been ruled out|has been ruled out)\b"
)
_PSEUDO = re.compile(
    r"\b(no increase|no change|no significant change|not certain|not only|gram negative|not necessarily|not cause|"
    r"without difficulty|not drain|no suspicious change)\b"
)
_ENDS = re.compile(r"\b(but|however|nevertheless|yet|although|except|aside from|apart from|still|though)\b")


class Sentence(NamedTuple):
    kind: str
    part: str
    text: str
    findings: list[tuple[int, int, bool]]  # start, end, negated


def read() -> list[Sentence]:
    """Return the sentences with their marks as offsets."""
    sentences = []
    for line in Path(__file__).with_name("negation.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        text, findings, last = "", [], 0
        for mark in _MARK.finditer(row["text"]):
            text += row["text"][last : mark.start()]
            findings.append((len(text), len(text) + len(mark[1]), mark[2] == "-"))
            text, last = text + mark[1], mark.end()
        sentences.append(Sentence(row["kind"], row["part"], text + row["text"][last:], findings))
    return sentences


def ours(sentence: Sentence) -> list[bool]:
    """Return what the linker says of each finding."""
    tokens = tokenise(sentence.text)
    first = np.array([np.searchsorted(tokens.end, start, side="right") for start, _, _ in sentence.findings])
    last = np.array([np.searchsorted(tokens.start, end) for _, end, _ in sentence.findings])
    return (assess(sentence.text, tokens, first, last - first).status == ABSENT).tolist()


def negex(sentence: Sentence) -> list[bool]:
    """Return what NegEx's rules say of each finding."""
    text = sentence.text.lower()
    result = []
    for start, end, _ in sentence.findings:
        before = re.split(r"[.;!?]\s", text[:start])[-1]
        after = re.split(r"[.;!?](?:\s|$)", text[end:])[0]
        before = _ENDS.split(_PSEUDO.sub(" ", before))[-1]
        after = _ENDS.split(after)[0]
        ahead = " ".join(before.split()[-6:])
        result.append(bool(_AHEAD.search(ahead) or _BEHIND.search(" ".join(after.split()[:6]))))
    return result


def table(part: str | None) -> list[tuple[str, float, float, float, int]]:
    """Return (arm, precision, recall, F1 of "negated", findings) on one part, or on all."""
    sentences = [item for item in read() if part is None or item.part == part]
    rows = []
    for name, arm in (("all negated", None), ("NegEx as published", negex), ("linker", ours)):
        counts = np.zeros(3, np.int64)
        total = 0
        for sentence in sentences:
            said = [True] * len(sentence.findings) if arm is None else arm(sentence)
            gold = [item[2] for item in sentence.findings]
            counts += (
                sum(a and b for a, b in zip(said, gold, strict=True)), sum(said), sum(gold),
            )  # fmt: skip
            total += len(gold)
        both, result, expected = counts.tolist()
        precision, recall = both / max(1, result), both / max(1, expected)
        rows.append((name, precision, recall, 2 * both / max(1, result + expected), total))
    return rows


def errors(part: str) -> dict[str, list[str]]:
    """Return, by kind, the sentences of a part in which the linker errs."""
    result = defaultdict(list)
    for sentence in read():
        if sentence.part == part:
            wrong = [
                f"{sentence.text[start:end]} ({'missed' if gold else 'wrongly negated'})"
                for (start, end, gold), said in zip(sentence.findings, ours(sentence), strict=True)
                if said != gold
            ]
            if wrong:
                result[sentence.kind].append(f"{sentence.text}  <- {', '.join(wrong)}")
    return result
