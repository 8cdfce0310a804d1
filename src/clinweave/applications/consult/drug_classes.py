"""What a document says of a class of drugs as a whole, as a statement about one of its members."""

import re
from collections.abc import Sequence
from functools import lru_cache

from clinweave.applications.consult.units import normal
from clinweave.knowledge import DrugClass, Intent, Kind, Query, Topic, classes_of
from clinweave.records import Statement

# "anaphylaxis to penicillin", "penicillin allergy": a condition, no statement about the class.
_NOT_BEFORE = ("allergy to", "allergic to", "anaphylaxis to", "reaction to", "instead of", "except", "than")
_NOT_AFTER = r"(?:allerg|anaphyla|hypersensitiv|intoleran|poisoning|overdose|toxicity|resistan|level)"
_EXAMPLES = re.compile(r" (?:other|such as|for example|e g|eg|including|like|all) ")


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
                article = (
                    "an" if re.match(r"[AEIOaeio]|NSAID|SSRI|SNRI|SGLT|LMWH|MRA|MAO|H2", item.name) else "a"
                )
                notes.append(f"{topic.text} is {article} {item.name}: {item.why}")
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


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    forms = "|".join(sorted({re.escape(normal(name)) for name in names}, key=len, reverse=True))
    return re.compile(
        rf"(?<!{'|'.join(_NOT_BEFORE).replace('|', ')(?<!')}) (?:{forms})(?= )(?! (?:{_NOT_AFTER}))"
    )
