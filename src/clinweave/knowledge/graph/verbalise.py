"""A relation as one plain sentence, and the phrase for each predicate, which the citation checker shares.

A sentence says no more than its row: a negation is worded only for rows that the source negates or marks excluded,
never for records that are missing; a frequency is given as the source counted it. HPO's frequency classes are worded
with their range: always (100 %), very frequent (80-99 %), frequent (30-79 %), occasional (5-29 %), very rare (1-4 %),
excluded (0 %).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from clinweave.knowledge.graph import frequency
from clinweave.records import Relation

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

EXCLUDED = "HP:0040285"


class Phrase(NamedTuple):
    """How a predicate is worded between subject and object, between object and subject, and both denied."""

    verb: str
    inverse: str
    negated: str
    inverse_negated: str


PREDICATES: Mapping[str, Phrase] = MappingProxyType(
    {
        "biolink:subclass_of": Phrase("is a kind of", "includes", "is not a kind of", "does not include"),
        "biolink:has_phenotype": Phrase(
            "has the feature", "is a feature of", "does not have the feature", "is not a feature of"
        ),
        "biolink:gene_associated_with_condition": Phrase(
            "is a gene associated with",
            "is associated with the gene",
            "is not a gene associated with",
            "is not associated with the gene",
        ),
        "biolink:has_chemical_role": Phrase(
            "has the role", "is a role of", "does not have the role", "is not a role of"
        ),
        "biolink:has_mode_of_inheritance": Phrase(
            "has the mode of inheritance",
            "is the mode of inheritance of",
            "does not have the mode of inheritance",
            "is not the mode of inheritance of",
        ),
        "biolink:treats": Phrase("treats", "is treated by", "does not treat", "is not treated by"),
        "biolink:contraindicated_in": Phrase(
            "is contraindicated in",
            "is a contraindication of",
            "is not contraindicated in",
            "is not a contraindication of",
        ),
        "biolink:close_match": Phrase(
            "closely matches", "closely matches", "does not match", "does not match"
        ),
        "biolink:interacts_with": Phrase(
            "interacts with", "interacts with", "does not interact with", "does not interact with"
        ),
        "biolink:causes": Phrase("causes", "is caused by", "does not cause", "is not caused by"),
        "biolink:predisposes_to_condition": Phrase(
            "predisposes to",
            "may follow from a predisposition by",
            "does not predispose to",
            "does not follow from a predisposition by",
        ),
        "biolink:has_attribute": Phrase(
            "has the attribute", "is an attribute of", "does not have the attribute", "is not an attribute of"
        ),
        "biolink:chemically_similar_to": Phrase(
            "is similar in structure to",
            "is similar in structure to",
            "is not similar in structure to",
            "is not similar in structure to",
        ),
        "biolink:has_side_effect": Phrase(
            "has the side effect",
            "is a side effect of",
            "does not have the side effect",
            "is not a side effect of",
        ),
        "biolink:preventative_for_condition": Phrase(
            "prevents", "is prevented by", "does not prevent", "is not prevented by"
        ),
        "biolink:exacerbates_condition": Phrase(
            "worsens", "is worsened by", "does not worsen", "is not worsened by"
        ),
        "biolink:has_part": Phrase(
            "has the part", "is a part of", "does not have the part", "is not a part of"
        ),
        "biolink:related_to": Phrase(
            "is related to", "is related to", "is not related to", "is not related to"
        ),
    }
)


def phrase(predicate: str) -> Phrase:
    """Return the phrases for a predicate; one outside the table is worded by its own name ("affects")."""
    wording = PREDICATES.get(predicate)
    if wording is not None:
        return wording
    words = predicate.partition(":")[2].replace("_", " ") or predicate
    return Phrase(f"stands in the relation '{words}' to", f"is the object of '{words}' from",
                  f"does not stand in the relation '{words}' to", f"is not the object of '{words}' from")  # fmt: skip


def denied(relation: Relation) -> bool:
    """Say whether the source states that this does not hold: a NOT row, or a frequency of "excluded"."""
    return relation.negated or relation.frequency == EXCLUDED


def how_often(recorded: str) -> str:
    """Return a recorded frequency in words, "" where none is stated.

    "7/12" is "in 7 of 12 patients", "HP:0040281" is "in 80-99 % of patients (very frequent)".
    """
    value = frequency.parse(recorded)
    if value is None:
        return ""
    if value.total is not None:
        return f"in {value.count} of {value.total} patient{'' if value.total == 1 else 's'}"
    share = f"{value.low:g}" if value.low == value.high else f"{value.low:g}-{value.high:g}"
    return f"in {share} % of patients" + (f" ({value.word})" if value.word else "")


def verbalise(graph: "Graph", relation: Relation, names: Mapping[str, str] | None = None) -> str:
    """Return the relation as one sentence with the concepts' names (their identifiers where the graph has no name).

    `names` are names by identifier that the caller has looked up already: many at once take a tenth of the time.

    >>> verbalise(graph, relation)
    'Marfan syndrome has the feature Arachnodactyly in 7 of 12 patients.'
    """
    ends = (relation.subject, relation.object)
    first, second = ((names or {}).get(curie) or _name(graph, curie) for curie in ends)
    if first.casefold() == second.casefold():  # namesakes in two vocabularies
        first, second = f"{first} ({ends[0]})", f"{second} ({ends[1]})"
    return sentence(relation, first, second, graph)


def sentence(relation: Relation, subject: str, target: str, graph: "Graph | None" = None) -> str:
    """Return the relation as one sentence about `subject` and `target`, as the caller names them."""
    words = phrase(relation.predicate)
    how = how_often(relation.frequency)
    if denied(relation):
        parts = [subject, words.negated, target]
        parts += [f"(recorded: {how})"] if how and relation.frequency != EXCLUDED else []
    elif how.startswith("in 0 "):  # looked for and not found: neither "has" nor the source's own "not"
        parts = [f"{target} was found {how} with {subject}"]
    else:
        parts = [subject, words.verb, target] + ([how] if how else [])
    if relation.sex:
        parts.append(f"(in {_SEX.get(relation.sex.lower(), relation.sex)})")
    if relation.onset:
        onset = relation.onset if graph is None else _name(graph, relation.onset)
        parts.append(f"(onset: {onset})")
    return " ".join(parts) + "."


_SEX = {"male": "males", "m": "males", "female": "females", "f": "females"}


def _name(graph: "Graph", curie: str) -> str:
    id_ = graph.resolve(curie)
    return curie if id_ is None else graph.concepts([id_])[0].name
