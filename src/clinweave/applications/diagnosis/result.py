"""The line that `clinweave diagnose` writes for a case, as typed dictionaries: the keys are the published contract."""

from typing import Any, NotRequired, TypedDict


class Term(TypedDict):
    """An HPO term."""

    id: str
    name: str


class FindingTerm(Term):
    """A finding of the case, with its neighbours in the ontology for correcting it."""

    parents: list[Term]
    children: list[Term]


class Annotation(TypedDict):
    """The row of a disease that is nearest to a finding. `match`: "own" or "related"."""

    match: str
    annotated: str
    annotated_name: str
    disease: str
    frequency: str
    sources: list[str]


class Reason(TypedDict):
    """What one finding adds to a score (`says`, natural units), and the nearest annotation of the disease."""

    finding: str  # "" for what is no finding, such as the breadth of the profile
    name: str
    says: float
    match: NotRequired[str]  # "own", "related", "same gene" or "none"
    annotated: NotRequired[str]
    annotated_name: NotRequired[str]
    disease: NotRequired[str]
    frequency: NotRequired[str]
    sources: NotRequired[list[str]]
    excluded: NotRequired[bool]


class RankedDisease(TypedDict):
    """One rank."""

    rank: int
    id: str
    members: list[str]
    name: str
    score: float
    genes: list[str]
    inheritance: list[str]
    onset: list[str]
    prevalence: str
    mondo: str
    links: dict[str, str]
    share: NotRequired[float]  # of belief among all ranked diseases
    reasons: NotRequired[list[Reason]]


class NextFinding(TypedDict):
    """A finding to look for: expected information in bits, and its frequency in each of the first diseases."""

    finding: str
    name: str
    bits: float
    frequency: dict[str, float]
    order_if_present: NotRequired[list[str]]


class RankedGene(TypedDict):
    """A gene by its best disease."""

    rank: int
    gene: str
    disease: str
    score: float


class DiagnosisResult(TypedDict):
    """The ranked and explained line of one case."""

    id: str
    ranking: list[RankedDisease]
    none_fits: bool
    none_of_these: float | None  # share of a disease that is not listed
    prior: str
    observed: list[FindingTerm]
    excluded: list[FindingTerm]
    next: list[NextFinding]
    problems: list[str]
    subtypes: list[list[str]]  # ids among the first ranks that are of one series, whose order says little
    read: NotRequired[dict[str, Any]]  # of a letter: `Letter.summary`
    genes: NotRequired[list[RankedGene]]


def subtype_notes(line: DiagnosisResult) -> list[str]:
    """Return a sentence for each series of diseases among the first ranks that the findings hardly tell apart."""
    entries = {entry["id"]: entry for entry in line["ranking"]}
    notes = []
    for ids in line["subtypes"]:
        named = ", ".join(f"{entries[id_]['rank']} {entries[id_]['name']}" for id_ in ids)
        notes.append(
            f"Ranks {named} are forms of one disorder that the findings hardly tell apart; their order is no evidence "
            "for one of them: a genetic test decides."
        )
    return notes
