"""The nouns that flow between rooms: release file -> records -> graph -> evidence -> answer -> score.

Identity is a CURIE (https://www.w3.org/TR/curie/) from a vocabulary, never a string. Categories and predicates
are Biolink's (https://biolink.github.io/biolink-model/). The classes are for single items and the public API;
large tables are Arrow with the schemas below, whose columns bear the same names.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict


class Grade(StrEnum):
    """How a relation came to be known. Only curated relations may support an answer."""

    CURATED = "curated"
    COOCCURRENCE = "co-occurrence"
    CLASS_INFERRED = "class-inferred"
    TEXT_MINED = "text-mined"
    SYNTHETIC = "synthetic"
    COMPUTED = "computed"  # by a program from structures or numbers, such as a similarity

    @classmethod
    def from_biolink(cls, knowledge_level: str, agent_type: str) -> "Grade":
        """Return a careful grade for Biolink's two slots: only what a person asserted is curated."""
        if agent_type == "text_mining_agent":
            return cls.TEXT_MINED
        if knowledge_level == "knowledge_assertion" and agent_type == "manual_agent":
            return cls.CURATED
        levels = {
            "statistical_association": cls.COOCCURRENCE,
            "logical_entailment": cls.CLASS_INFERRED,
        }
        return levels.get(knowledge_level, cls.TEXT_MINED)


class Tier(StrEnum):
    """Who may see a record; it travels with the record into indexes, runs and logs."""

    PUBLIC = "public"
    GATED = "gated"
    PSEUDONYMISED = "pseudonymised"  # private notes whose names and dates clinweave itself replaced
    PRIVATE = "private"


class Audience(StrEnum):
    """Who reads an answer. Doses and management are withheld from the public."""

    PUBLIC = "public"
    CLINICIAN = "clinician"


class Message(TypedDict):
    """One chat message, as in the OpenAI chat format."""

    role: str
    content: str


class Verdict(StrEnum):
    """What the citation checker says of one sentence and the evidence it points at."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNVERIFIED = "not verified"
    IRRELEVANT = "supported, but not an answer"  # only where the checker was given the question


@dataclass(frozen=True, slots=True)
class Source:
    """A release of a database: what every record points back to."""

    id: str  # "hpoa"
    name: str
    infores: str  # Biolink information resource, "infores:hpo-annotations"
    release: str
    licence: str
    homepage: str
    tier: Tier = Tier.PUBLIC


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing with an identity: a disease, a finding, a gene, a drug, a code."""

    id: str
    category: str  # "biolink:Disease"
    name: str
    source: str  # Source.id
    synonyms: tuple[str, ...] = ()
    definition: str = ""
    xrefs: tuple[str, ...] = ()  # identifiers of the same thing elsewhere, as the source states them
    related: tuple[str, ...] = ()  # identifiers that the source links less strictly (never merged)
    tier: Tier = Tier.PUBLIC  # the strictest of the sources that it was joined from


@dataclass(frozen=True, slots=True)
class Relation:
    """One typed assertion, with where it comes from."""

    subject: str
    predicate: str  # "biolink:has_phenotype"
    object: str
    source: str  # Source.id
    publications: tuple[str, ...] = ()
    frequency: str = ""  # as the source writes it: "HP:0040281", "7/12", "45%"
    onset: str = ""
    sex: str = ""
    negated: bool = False
    evidence: str = ""  # the source's evidence code: PCS, TAS, IEA
    grade: Grade = Grade.CURATED
    knowledge_level: str = "knowledge_assertion"
    agent_type: str = "manual_agent"
    original_subject: str = ""  # the identifier in the file, where joining changed it
    original_object: str = ""
    release: str = ""  # filled from the Source when the graph is built
    licence: str = ""
    tier: Tier = Tier.PUBLIC


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text that can be found and quoted: `text == document[start:end]`."""

    id: str
    text: str
    title: str
    document: str  # document id: a file path, a concept's CURIE
    start: int
    end: int
    source: str
    section: str = ""
    concepts: tuple[str, ...] = ()  # what the passage is about, by CURIE
    release: str = ""
    licence: str = ""
    tier: Tier = Tier.PUBLIC


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of the original text linked to a concept: `text == original[start:end]`."""

    start: int
    end: int
    text: str
    id: str
    name: str
    category: str
    score: float
    negated: bool
    reason: str
    experiencer: str = ""  # "family" where a relative has it, else the patient
    status: str = ""  # "present", "absent" (where negated), "uncertain", "hypothetical", "historical"

    def __post_init__(self) -> None:
        """Fill a status that was not given; raises `ValueError` where it contradicts `negated`."""
        if not self.status:
            object.__setattr__(self, "status", "absent" if self.negated else "present")
        elif (self.status == "absent") != self.negated:
            raise ValueError(f"a mention with the status {self.status!r} has negated={self.negated}")

    @property
    def of_patient(self) -> bool:
        """Say whether the patient has the finding now or had it: not denied, doubted, feared or a relative's."""
        return not self.experiencer and self.status in {"present", "historical"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One numbered item shown to the model. `relations` or `passage` hold what it stands on."""

    id: str  # "1", printed as [1]
    kind: str  # "relation" | "path" | "passage" | "structure"
    text: str
    score: float
    relations: tuple[Relation, ...] = ()
    passage: Passage | None = None
    about: str = ""  # the concept that the relations are grouped around
    names: tuple[
        tuple[str, str], ...
    ] = ()  # (CURIE, name) of the ends of relations, or of the drugs of a passage


RULES = "rules"  # what supports a sentence, where no model judged it


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, the evidence ids it points at, and what the checker found."""

    text: str
    evidence: tuple[str, ...]
    verdict: Verdict
    reason: str
    quotation: str = ""  # what the evidence says in the place of a sentence that it does not state
    quotation_heading: str = ""  # the headings that belong to the quotation: whom it is about, "Do not"
    supported_by: str = ""  # RULES, or the model that judged a sentence which the rules leave open


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing the sources say, as it is shown: a verbalised relation, a quotation, a code, a place in a ranking."""

    text: str  # without citation marks
    kind: str  # "relation" | "quotation" | "code" | "ranking", or the kind of another retriever's evidence
    evidence: tuple[str, ...]  # Evidence.id
    heading: str = ""  # the headings and conditions that a quotation stands under
    date: str = ""  # of the release or document, shown where sources disagree
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class LocalName:
    """The name of a concept in another language, as a source has it."""

    id: str
    name: str  # English
    label: str
    language: str  # ISO 639-1


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and everything it was made from: `statements` of the sources, and checked `sentences` of a model.

    `text` is what a user is shown: the supported sentences, then the statements. A model never changes `statements`.
    """

    question: str
    text: str
    abstained: bool
    statements: tuple[Statement, ...] = ()
    sentences: tuple[Sentence, ...] = ()  # of the model, each with its verdict; () without a model
    evidence: tuple[Evidence, ...] = ()
    mentions: tuple[Mention, ...] = ()
    notes: tuple[str, ...] = ()  # gaps and faults, in plain words
    retrievers: tuple[str, ...] = ()  # whose evidence was used, by name
    audience: Audience = Audience.PUBLIC
    language: str = "en"  # of the question (ISO 639-1)
    labels: tuple[LocalName, ...] = ()  # names of concepts in that language, as they stand in `text`
    guardrail: str = ""  # the risk category whose fixed reply this is, or ""
    model: str = "none"
    judge: str = ""  # the model that judged sentences which the rules leave open, or ""
    model_error: str = (
        ""  # the back end's own words where the model failed; may quote the prompt, so never log it
    )
    finish_reason: str = "stop"  # "length" where the model was cut at the limit of tokens
    prompt: tuple[Message, ...] = ()  # exactly what the model was sent; () without a model
    timings: dict[str, float] = field(default_factory=dict)  # seconds by step
    tokens: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A multiple-choice item. `options[answer]` is right; retrieval sees `question` alone (MIRAGE's rule)."""

    id: str
    task: str
    question: str
    options: tuple[str, ...]
    answer: int
    kind: str = ""  # stratum: "feature", "gene", ...
    concepts: tuple[str, ...] = ()  # what it asks about
    gold: tuple[str, str, str] | None = None  # (subject, predicate, object) where a graph relation answers it
    option_ids: tuple[str, ...] = ()
    cluster: str = ""  # items that share it are not independent (same disease, same abstract)
    origin: str = ""
    split: str = "test"
    context: tuple[str, ...] = ()  # gold passages, hidden from every arm


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a patient, in the shape of MEDS (https://medical-event-data-standard.github.io)."""

    subject_id: int
    time: datetime | None  # None: true of the patient at all times (sex, for example)
    code: str  # a CURIE ("SNOMEDCT:44054006"), MEDS_BIRTH, MEDS_DEATH, or "GROUP//detail"
    numeric_value: float | None = None
    text_value: str | None = None
    kind: str = ""  # problem | drug | lab | procedure | observation | visit | note | person
    unit: str = ""
    status: str = (
        "present"  # or "absent" (ruled out, not given), "uncertain" (suspected), "historical" (superseded)
    )
    entry: str = ""  # the entry of the source: "Observation/abc", "measurement/12", "hosp/labevents:1234"


class Dropped(NamedTuple):
    """A row that a reader refused."""

    file: str
    row: int
    reason: str


def to_json(record: Any) -> dict[str, object]:
    """Return a record as plain JSON values (enums as strings, tuples as lists)."""
    from dataclasses import asdict

    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(record).items()}
