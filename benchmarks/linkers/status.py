"""Status and experiencer of findings: templates filled with labels at random, and whether each finding is read right.

`status_templates.tsv` was made for this purpose: "Denies {absent} but has {present}." The parts "dev" and "held" were
written before the rules; the rules were tuned on "dev", and "held" was scored when they were done and its errors mended
after that. The parts after it were written afterwards in other wordings, scored once and mended. A finding is
recognised where a mention shares half of their joint span, and right where every mention that overlaps it has the
status asked for.
"""

import gzip
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clinweave.knowledge import Linker
from clinweave.records import Mention

TEMPLATES = Path(__file__).with_name("status_templates.tsv")
PARTS = ("dev", "held", "later", "final", "last", "spoken", "spoken again")
_ROOT = "HP:0000118"  # phenotypic abnormality
_SLOT = re.compile(r"\{(\w+)\}")


class Sentence(NamedTuple):
    """A filled template and its findings: start, end, status."""

    template: str
    text: str
    findings: tuple[tuple[int, int, str], ...]


class Outcome(NamedTuple):
    """One finding of a sentence and what was made of it: "right", "wrong" or "not recognised"."""

    sentence: Sentence
    label: str
    status: str
    result: str


def labels(obo: Path) -> list[str]:
    """Return the labels of all findings in an OBO file of HPO (plain or gzip), by identifier."""
    raw = gzip.decompress(obo.read_bytes()) if obo.suffix == ".gz" else obo.read_bytes()
    names: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    text = raw.decode("utf-8")
    for stanza in text.split("\n[Term]\n")[1:]:
        fields = [line.split(": ", 1) for line in stanza.split("\n[")[0].splitlines() if ": " in line]
        values = dict(reversed(fields))
        if "is_obsolete" not in values:
            names[values["id"]] = values["name"]
            parents[values["id"]] = [value[:10] for key, value in fields if key == "is_a"]
    return [names[term] for term in sorted(names) if term != _ROOT and _ROOT in _above(term, parents)]


def _above(term: str, parents: dict[str, list[str]]) -> set[str]:
    above: set[str] = set()
    todo = [term]
    while todo:
        for parent in parents.get(todo.pop(), []):
            if parent not in above:
                above.add(parent)
                todo.append(parent)
    return above


def templates(part: str) -> list[str]:
    """Return the templates of a part ("dev" or "held")."""
    rows = (line.split("\t") for line in TEMPLATES.read_text("utf-8").splitlines()[1:])
    return [template.replace("\\n", "\n") for own, template in rows if own == part]


def fill(template: str, labels: Sequence[str], draw: random.Random) -> Sentence:
    """Return the template with a label, drawn without repeats, in each slot; lower case but at the start."""
    names = draw.sample(labels, len(_SLOT.findall(template)))
    text, findings, last = "", [], 0
    for slot, name in zip(_SLOT.finditer(template), names, strict=True):
        text += template[last : slot.start()]
        label = name if not text or name[1:2].isupper() else name[0].lower() + name[1:]
        findings.append((len(text), len(text) + len(label), slot[1]))
        text, last = text + label, slot.end()
    return Sentence(template, text + template[last:], tuple(findings))


def outcomes(linker: Linker, sentences: Sequence[Sentence], prefixes: Sequence[str]) -> list[Outcome]:
    """Return what the linker makes of each finding."""
    result = linker.link_many([sentence.text for sentence in sentences], prefixes)
    return [
        Outcome(sentence, sentence.text[start:end], status, _result(start, end, status, mentions))
        for sentence, mentions in zip(sentences, result, strict=True)
        for start, end, status in sentence.findings
    ]


def report(results: Sequence[Outcome]) -> list[tuple[str, int, int, int]]:
    """Return (status, right, wrong, not recognised) by status."""
    counts = Counter((item.status, item.result) for item in results)
    return [
        (status, *(counts[status, result] for result in ("right", "wrong", "not recognised")))
        for status in sorted({item.status for item in results})
    ]


def _result(start: int, end: int, status: str, mentions: Sequence[Mention]) -> str:
    over = [item for item in mentions if item.start < end and start < item.end]
    if not any(_shared(item, start, end) >= 0.5 for item in over):
        return "not recognised"
    return "right" if all(_status(item) == status for item in over) else "wrong"


def _shared(one: Mention, start: int, end: int) -> float:
    return (min(one.end, end) - max(one.start, start)) / (max(one.end, end) - min(one.start, start))


def _status(one: Mention) -> str:
    if one.experiencer == "family":
        return "family_absent" if one.status == "absent" else "family"
    return one.status
