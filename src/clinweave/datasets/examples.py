"""Training and test items, from which every trainer's file format is written (`shapes.py`)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from clinweave.core.errors import ClinweaveError
from clinweave.core.filesystem import regular_file
from clinweave.models import Message
from clinweave.records import Evidence, Grade, Passage, Relation, Tier

SPLITS = ("train", "validation", "held-out-facts", "held-out-diseases")


class Kind(StrEnum):
    """What an item trains or tests."""

    INSTRUCTION = "instruction"  # prompt and reply
    PREFERENCE = "preference"  # prompt, a better reply and a worse one
    CHOICE = "choice"  # prompt and options
    TEXT = "text"  # running text


@dataclass(frozen=True, slots=True)
class Example:
    """One item. `completion` is the reply, the better reply, the right option or the text, by its kind."""

    id: str
    kind: Kind
    task: str  # how it was made: "cited", "closed-book", "unknown", "path", "dose", "emergency", ...
    prompt: tuple[Message, ...]
    completion: str
    rejected: str = ""
    rejection: str = ""  # what is wrong with `rejected`
    options: tuple[str, ...] = ()
    answer: int | None = None
    option_ids: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    gold: tuple[str, str, str] | None = None  # the relation that answers it
    wrong: tuple[tuple[str, str, str], ...] = ()  # what the rejected reply or the other options say
    evidence: tuple[Evidence, ...] = ()  # what the prompt shows
    cluster: str = ""
    split: str = "train"
    origin: str = ""
    counted: tuple[int, ...] = ()  # places in `prompt` of earlier replies that may be trained as well


def identify(*parts: object) -> str:
    """Return a short stable name of what an item is made of."""
    return sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def ask(system: str, user: str) -> tuple[Message, ...]:
    """Return a prompt of a system and a user message."""
    return Message(role="system", content=system), Message(role="user", content=user)


def to_row(example: Example) -> dict[str, object]:
    """Return the item as one JSON row: TRL's columns for its kind first, what else is known after them."""
    reply = [{"role": "assistant", "content": example.completion}]
    shape: dict[str, object]
    if example.kind == Kind.TEXT:
        shape = {"text": example.completion}
    elif example.kind == Kind.PREFERENCE:
        worse = [{"role": "assistant", "content": example.rejected}]
        shape = {"prompt": list(example.prompt), "chosen": reply, "rejected": worse}
    else:
        shape = {"prompt": list(example.prompt), "completion": reply}
    plain = asdict(example)
    for name in ("prompt", "completion", "rejected"):
        plain.pop(name)
    plain["evidence"] = [_slim(item) for item in plain["evidence"]]
    return {**shape, **{key: value for key, value in plain.items() if value not in ("", (), [], None)}}


def from_row(row: Mapping[str, Any]) -> Example:
    """Return the item of a row that `to_row` made."""
    values = dict(row)
    text = values.pop("text", "")
    chosen = values.pop("chosen", values.pop("completion", None))
    worse = values.pop("rejected", None)
    values["completion"] = chosen[-1]["content"] if chosen else text
    values["rejected"] = worse[-1]["content"] if worse else ""
    values["kind"] = Kind(values["kind"])
    values["prompt"] = tuple(
        Message(role=part["role"], content=part["content"]) for part in row.get("prompt", ())
    )
    values["evidence"] = tuple(_evidence(item) for item in row.get("evidence", ()))
    for name in ("options", "option_ids", "concepts", "counted"):
        values[name] = tuple(row.get(name, ()))
    values["gold"] = tuple(row["gold"]) if row.get("gold") else None
    values["wrong"] = tuple(tuple(part) for part in row.get("wrong", ()))
    return Example(**values)


def write_examples(examples: Iterable[Example], path: Path) -> int:
    """Write one item per line, byte-identical for equal items, and return how many."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for count, example in enumerate(examples, 1):  # noqa: B007
            stream.write(json.dumps(to_row(example), ensure_ascii=False) + "\n")
    return count


def read_examples(path: Path) -> Iterator[Example]:
    """Yield what `write_examples` wrote. Raises `ClinweaveError` naming a damaged row."""
    with regular_file(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield from_row(json.loads(line))
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
                raise ClinweaveError(
                    f"{path}, row {number}: not an item of `clinweave data build` ({type(error).__name__}); build it "
                    "again"
                ) from error


def _slim(item: dict[str, Any]) -> dict[str, object]:
    """Return evidence without the fields that say nothing."""
    relations = [
        {key: value for key, value in relation.items() if value not in ("", (), False)}
        for relation in item["relations"]
    ]
    slim = {**item, "relations": relations}
    if slim["passage"] is None:
        del slim["passage"]
    return slim


def _evidence(item: Mapping[str, Any]) -> Evidence:
    relations = tuple(_relation(relation) for relation in item.get("relations", ()))
    passage = item.get("passage")
    restored = Passage(**{**passage, "concepts": tuple(passage["concepts"])}) if passage else None
    return Evidence(item["id"], item["kind"], item["text"], item["score"], relations, restored)


def _relation(values: Mapping[str, Any]) -> Relation:
    fields = dict(values)
    fields["publications"] = tuple(fields.get("publications", ()))
    if "grade" in fields:
        fields["grade"] = Grade(fields["grade"])
    if "tier" in fields:
        fields["tier"] = Tier(fields["tier"])
    return Relation(**fields)
