"""Classes of drugs in an answer: which a drug belongs to, examples of one, what a document says of one as a whole."""

import re
from collections.abc import Sequence
from functools import lru_cache

from clinweave.applications.consult.units import normal
from clinweave.knowledge import (
    DrugClass,
    Intent,
    Kind,
    Query,
    Topic,
    classes_named,
    classes_of,
    known_members,
    normal_class_name,
)
from clinweave.records import Evidence, Statement

# "anaphylaxis to penicillin", "penicillin allergy": a condition, no statement about the class.
_NOT_BEFORE = ("allergy to", "allergic to", "anaphylaxis to", "reaction to", "instead of", "except", "than")
_NOT_AFTER = r"(?:allerg|anaphyla|hypersensitiv|intoleran|poisoning|overdose|toxicity|resistan|level)"
_EXAMPLES = re.compile(r" (?:other|such as|for example|e g|eg|including|like|all) ")

_IS_OF_CLASS = re.compile(
    r"(?:is|are|isn't) (?P<drug>[^?,;]+?) (?:an? (?:(?:type|kind|sort|member|example) of (?:an? |the )?)?|one of the )"
    r"(?P<named>[^?,;]+?)(?: (?:drug|medicine|medication|tablet)s?)?\W*$",
    re.IGNORECASE,
)
_EXAMPLES_OF_CLASS = re.compile(
    r"(?:(?:what are |give me |name )?(?:some |common |the )*examples of"
    r"|(?:which|what) (?:(?:drug|medicine|medication|agent|tablet)s? )?(?:are|count as|belong to)(?: the)?"
    r"|(?:please )?(?:name|list|give|tell)(?: me)?(?: (?:some|a few|all|the|common))*)"
    r" (?P<named>[^?,;]+?)\W*$"
    r"|(?:which|what)(?: kinds of)? (?P<existing>[^?,;]+?) (?:are there|exist|do you know)\W*$",
    re.IGNORECASE,
)
_SOURCE = "World Health Organization: INN stems (2018), ATC index"
_SUBJECT = 3  # first words of a statement, its subject among them
KIND = "drug class"  # of the evidence, as with_other_kinds sees it


def class_evidence(query: Query) -> list[Evidence]:
    """Return what the table says of "Is X an ACE inhibitor?", "What class is X?" and "Which drugs are SSRIs?".

    That a drug is not in a class is never said, only which classes it is known to belong to.
    """
    if query.language != "en":
        return []
    text = " ".join(query.text.split())
    if is_of := _IS_OF_CLASS.match(text):
        return _membership(query, is_of["drug"], is_of["named"])
    if query.intent == Intent.DRUG_CLASS and len(query.topics) == 1:
        drug = query.topics[0]
        found = classes_of((drug.text, drug.name)) if drug.kind == Kind.DRUG else ()
        return [_evidence(_one_of(drug.text, found))] if found else []
    listed = _EXAMPLES_OF_CLASS.match(text)
    return (
        [_examples(item) for item in classes_named(listed["named"] or listed["existing"])] if listed else []
    )


def _membership(query: Query, written: str, named: str) -> list[Evidence]:
    """Return whether a drug is of the named class, or which classes it is of; nothing where either is not known."""
    wanted = classes_named(named)
    drug = next((topic for topic in query.topics if topic.text.lower() == written.lower()), None)
    known = [name for name in drug.names if name.lower() in known_members()] if drug else []
    found = classes_of((written, *([drug.name, *known] if drug else [])))
    # A name that no vocabulary has may end as a stem does: "fakepril" is no ACE inhibitor.
    recognised = written.lower() in known_members() or (drug is not None and drug.kind == Kind.DRUG)
    if not wanted or not found or not recognised:
        return []
    generic = next(
        (name for name in (*known, *([drug.name] if drug else [])) if classes_of((name,))), written
    )
    shown = written if generic.lower() == written.lower() else f"{written} ({generic})"
    plain = normal_class_name(named)
    same = [item for item in found if plain in map(normal_class_name, item.names)]
    if not same:
        return [
            _evidence(
                f"{_one_of(shown, found)} That it is {_with_article(named)} is not recorded here, which is not a no."
            )
        ]
    also = "" if plain == normal_class_name(same[0].name) else f"{same[0].name}, "
    return [_evidence(f"Yes: {shown} is {_with_article(named)} ({also}{same[0].why}).")]


def _one_of(drug: str, classes: Sequence[DrugClass]) -> str:
    return f"{drug} is {', and '.join(f'{_with_article(item.name)} ({item.why})' for item in classes)}."


def _examples(item: DrugClass) -> Evidence:
    return _evidence(f"{item.name} ({item.why}), examples, not all: {', '.join(item.examples)}.")


def _evidence(text: str) -> Evidence:
    return Evidence("", KIND, f"{text} Source: {_SOURCE}.", 1.0)


def _with_article(name: str) -> str:
    vowel = re.match(r"[AEIOaeio]|NSAID|SSRI|SNRI|SGLT|LMWH|MRA|MAO|H2", name)
    return f"{'an' if vowel else 'a'} {name}"


def classes_of_topic(query: Query, topic: Topic) -> tuple[DrugClass, ...]:
    """Return the classes of a drug that the question names; none where a dose is asked for: a class has none."""
    asked = topic.kind == Kind.DRUG and query.intent != Intent.DOSE
    return classes_of((topic.text, topic.name)) if asked else ()  # a brand may end as a stem does


def class_notes(query: Query, statements: Sequence[Statement]) -> list[str]:
    """Return what a quotation rests on that names a class in place of the drug: "ramipril is an ACE inhibitor"."""
    notes = []
    for topic in query.topics:
        names = {normal(name) for name in (topic.text, topic.name, *topic.names)}
        for item in classes_of_topic(query, topic):
            own = {normal(name) for name in item.names}  # a heading counts where it is the name of the class
            quotes = [statement for statement in statements if statement.kind == "quotation"]
            heads = [normal(quote.heading.rpartition(" > ")[2]) for quote in quotes]
            texts = [
                f" {head if head in own else ''} {normal(quote.text)} "
                for head, quote in zip(heads, quotes, strict=True)
            ]
            by_class = [text for text in texts if _pattern(item.names).search(text)]
            if any(not any(f" {name} " in text for name in names) for text in by_class):
                notes.append(f"{topic.text} is {_with_article(item.name)}: {item.why}")
    return notes


def speaks_of_class(norm: str, item: DrugClass) -> bool:
    """Say whether a normalised text speaks of a class of drugs, and of no single member but as an example."""
    pattern = _pattern(item.names)
    if not pattern.search(norm):
        return False
    if _EXAMPLES.search(norm):
        return True
    rest = pattern.sub(" ", norm).split()
    return not any(other.name == item.name for word in rest for other in classes_of((word,)))


def names_a_drug(norm: str, words: int = _SUBJECT) -> bool:
    """Say whether the first words of a normalised statement name a drug of a known class ("aspirin for ...")."""
    return any(classes_of((word,)) for word in norm.split()[:words])


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    forms = "|".join(sorted({re.escape(normal(name)) for name in names}, key=len, reverse=True))
    return re.compile(
        rf"(?<!{'|'.join(_NOT_BEFORE).replace('|', ')(?<!')}) (?:{forms})(?= )(?! (?:{_NOT_AFTER}))"
    )
