"""Questions that ask two things ("What is X and how is it inherited?") or compare two, taken apart and put together.

English only: a question in another language is answered as a whole.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from clinweave.applications.consult.compose import Composition, compose
from clinweave.knowledge import Query
from clinweave.records import Audience, Evidence, Statement

LETTER = 2  # characters of a second name that only replaces the last word of the first
MAX_EACH = 2  # statements of each part
_ASKS = r"(?:what|how|why|which|when|where|who|is|are|does|do|can|could|should|will)"
_AND = re.compile(rf"\s*(?:,|;)?\s*\b(?:and|also)\s+(?={_ASKS}\b(?:\W+[\w'-]+){{2,}})", re.IGNORECASE)
_OPENS = re.compile(
    rf"(?:^|[.!;]\s+)\W*(?:(?:and|so|please|hi|hello)\W+)*(?:{_ASKS}|tell me|explain|define|describe)\b|\?",
    re.IGNORECASE,
)
_QUESTIONS = re.compile(r"(?<=\?)\s+")
_DIFFERENCE = re.compile(
    r"\b(?:difference|differences|distinction)\s+between\s+(?P<first>.+?)\s+and\s+(?P<second>[^?.]+)"
    r"|^\W*(?:compare\s+)?(?P<first2>[^?.]+?)\s+(?:vs\.?|versus|compared (?:with|to))\s+(?P<second2>[^?.]+?)"
    r"(?:,?\s+what\b.*)?\??$"
    r"|\bcompare\s+(?P<first4>.+?)\s+(?:and|with|to)\s+(?P<second4>[^?.]+)"
    r"|\bdistinguish\w*\s+(?P<first5>.+?)\s+(?:and|from)\s+(?P<second5>[^?.]+)"
    r"|\bhow (?:is|are|does|do)\s+(?P<first3>.+?)\s+(?:different|differ) from\s+(?P<second3>[^?.]+)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?P<kind>type|grade|stage|class)\s+(?P<number>\w+)$", re.IGNORECASE)
COMPARED = "What the sources say of each (they were not searched for a direct comparison):"


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions that a question consists of: one for most, two for those that ask two things."""
    pieces = _QUESTIONS.split(question.strip())
    if len(pieces) == 2 and all(_OPENS.search(piece) and len(piece.split()) > 2 for piece in pieces):
        return tuple(pieces)
    halves = _AND.split(question.strip(), maxsplit=1)
    if len(halves) == 2 and _OPENS.search(halves[0]) and len(halves[0].split()) > 2:
        return (halves[0].rstrip(" ,;") + "?", halves[1])
    return (question,)


def compared(question: str) -> tuple[str, str] | None:
    """Return the names of the two things that a question compares, None if it compares none."""
    match = _DIFFERENCE.search(question)
    if match is None:
        return None
    groups = {name.rstrip("2345"): value for name, value in match.groupdict().items() if value}
    first, second = groups["first"].strip(" ,"), groups["second"].strip(" ,")
    numbered, rest = _NUMBERED.match(first), second.split()
    if numbered and len(rest) > 2 and rest[0].lower() == numbered["kind"].lower():
        first = f"{first} {' '.join(rest[2:])}"  # "type 1 and type 2 diabetes"
    if len(second) <= LETTER and len(first.split()) > 1:
        second = f"{first.rpartition(' ')[0]} {second}"  # "hemophilia A vs B"
    return re.sub(r"^(?:an?|the) ", "", first), re.sub(r"^(?:an?|the) ", "", second)


def carried(part: str, parsed: Query, before: Query) -> str:
    """Return a later part with the subject of the first, if it names none of its own ("and what is the repeat?")."""
    if any(topic.id for topic in parsed.topics) or not before.topics:
        return part
    subject = before.disease or before.topics[0]
    return f"{part.rstrip(' ?.')} in {subject.text}?"


def composed_parts(
    query: Query,
    parse: Callable[[str], Query],
    retrieve: Callable[[Query], Sequence[Evidence]],
    audience: Audience,
) -> tuple[tuple[Evidence, ...], Composition] | None:
    """Return the numbered evidence and the composition of a question of several parts; None for any other.

    None too where no part is answered, where a part names nothing that is known, and in other languages than English.
    """
    if query.language != "en":
        return None
    pair = compared(query.question)  # as written: a bare eponym may share the head of the other name
    if pair is not None:
        pair = _with_shared_head(pair, parse)
    pieces = tuple(f"What is {name}?" for name in pair) if pair else parts_of(query.text)
    if len(pieces) < 2:
        return None
    first = parse(pieces[0])
    second = parse(pieces[1])
    if not pair and (text := carried(pieces[1], second, first)) != pieces[1]:
        second = parse(text)
    queries = (first, second)
    ids = [[topic.id for topic in item.topics if topic.id] for item in queries]
    if not all(ids) or (pair and ids[0] == ids[1]):
        return None
    retrieved = [retrieve(item) for item in queries]
    evidence = numbered([item for items in retrieved for item in items])
    compositions = [
        compose(item, _of_part(evidence, own), audience=audience, most=MAX_EACH)
        for item, own in zip(queries, retrieved, strict=True)
    ]
    if all(item.abstained for item in compositions):
        return None
    return evidence, _together(list(zip(pieces, compositions, strict=True)), lead=COMPARED if pair else "")


def _with_shared_head(pair: tuple[str, str], parse: Callable[[str], Query]) -> tuple[str, str]:
    """Return the names, the first with the head of the second if that names a concept ("Becker" of a dystrophy)."""
    first, second = pair
    tail = " ".join(second.split()[1:])
    if len(first.split()) > 1 or first.endswith(("'s", "’s")) or not tail:
        return pair
    whole = f"{first} {tail}"
    named = any(
        topic.id and topic.text.lower() == whole.lower() for topic in parse(f"What is {whole}?").topics
    )
    return (whole, second) if named else pair


def numbered(items: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the items numbered from 1, the same passage or relations once."""
    result: dict[Hashable, Evidence] = {}
    for item in items:
        result.setdefault(_key(item), item)
    return tuple(replace(item, id=str(number)) for number, item in enumerate(result.values(), 1))


def _key(item: Evidence) -> Hashable:
    return (item.kind, item.text, item.relations)


def _of_part(items: Sequence[Evidence], own: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the numbered items of all parts that belong to one part."""
    keys = {_key(item) for item in own}
    return tuple(item for item in items if _key(item) in keys)


def _together(parts: Sequence[tuple[str, Composition]], *, lead: str) -> Composition:
    """Return the compositions of the parts as one; what is not known of a part is said after its words."""
    lines = [lead] if lead else []
    statements: dict[str, Statement] = {}
    for text, composition in parts:
        new = [item for item in composition.statements if item.text not in statements]
        if composition.abstained:
            lines.append(f"On “{text.strip()}”: {composition.text}")
        elif new:
            lines.append(composition.text)
        statements.update((item.text, item) for item in new)
    notes = tuple(dict.fromkeys(note for _, composition in parts for note in composition.notes))
    return Composition(tuple(statements.values()), "\n".join(lines), False, notes)
