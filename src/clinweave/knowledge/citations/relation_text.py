"""A relation in plain sentences, with words in place of the names, to compare a sentence with in other words.

Only what a record states without more is put into words: no frequency, no group of patients, no denial.
"""

from clinweave.core.predicates import (
    CONTRAINDICATED,
    GENE,
    HAS_PHENOTYPE,
    INHERITANCE,
    ROLE,
    SUBCLASS,
    TREATS,
)
from clinweave.records import Grade, Passage, Relation

_SENTENCES: dict[str, tuple[str, ...]] = {
    HAS_PHENOTYPE: (
        "{o} is a symptom of {s}.",
        "{o} is a sign of {s}.",
        "{o} is a feature of {s}.",
        "{o} is a clinical feature of {s}.",
        "{o} is a finding in {s}.",
        "{o} may occur in {s}.",
        "{s} may cause {o}.",
        "{s} may have {o}.",
        "{s} is associated with {o}.",
    ),
    GENE: (
        "{s} is associated with {o}.",
        "{s} is a gene associated with {o}.",
        "Mutations in {s} are associated with {o}.",
        "Changes in {s} are associated with {o}.",
    ),
    ROLE: ("{s} is a {o}.", "{s} acts as a {o}.", "{s} belongs to the {o}."),
    INHERITANCE: (
        "{s} is inherited in a {o} manner.",
        "{s} shows {o} inheritance.",
        "{s} has a {o} manner of inheritance.",
        "{s} is a {o} disease.",
    ),
    SUBCLASS: (
        "{s} is a {o}.",
        "{s} is a kind of {o}.",
        "{s} is a type of {o}.",
        "{s} is a form of {o}.",
        "{s} is a subtype of {o}.",
        "{s} is an example of {o}.",
        "{s} belongs to the {o}.",
    ),
    TREATS: ("{s} treats {o}.", "{s} is a medicine for {o}.", "{s} is used for {o}.", "{s} is used in {o}."),
    CONTRAINDICATED: (
        "{s} is contraindicated in {o}.",
        "{o} is a contraindication to {s}.",
        "Use of {s} is contraindicated in {o}.",
        "Patients with {o} should not use {s}.",
    ),
}


def as_passage(relation: Relation, subject: str, target: str) -> Passage | None:
    """Return sentences that say what a relation says of the words `subject` and `target`; None where it says more."""
    if relation.grade != Grade.CURATED or relation.negated or relation.sex or relation.frequency:
        return None
    sentences = _SENTENCES.get(relation.predicate)
    if sentences is None:
        return None
    text = " ".join(sentence.format(s=subject, o=target) for sentence in sentences)
    return Passage("", text, "", "", 0, len(text), relation.source)
