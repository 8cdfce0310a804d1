"""The parsed form of a question: what retrieval and composition work from."""

from dataclasses import dataclass, field
from enum import StrEnum

from clinweave.records import Mention


class Intent(StrEnum):
    """What kind of answer a question asks for."""

    GENES = "genes"  # the genes of a disease
    GENE_DISEASES = "gene_diseases"  # the diseases of a gene
    FEATURES = "features"
    RELATED = "related"  # yes or no: is X recorded with Y
    HOW_OFTEN = "how_often"  # of a finding in a disease
    PREVALENCE = "prevalence"  # of a disease in a population
    INHERITANCE = "inheritance"
    ONSET = "onset"
    CODE = "code"  # ICD-10-CM code of a name
    CODE_NAME = "code_name"  # name of an ICD-10-CM code
    DRUG_CLASS = "drug_class"
    CLASS_DRUGS = "class_drugs"  # the drugs of a class
    INDICATIONS = "indications"
    DOSE = "dose"
    SAFETY = "safety"  # may something be used or done
    TREATMENT = "treatment"
    DIAGNOSIS = "diagnosis"
    DIFFERENTIAL = "differential"  # the diseases that have these findings
    CAUSES = "causes"
    PREVENTION = "prevention"
    OUTLOOK = "outlook"
    COMPLICATIONS = "complications"
    SUBTYPES = "subtypes"
    DEFINITION = "definition"
    GENERAL = "general"


class Kind(StrEnum):
    """What kind of thing a topic is."""

    DISEASE = "disease"
    FINDING = "finding"
    DRUG = "drug"
    GENE = "gene"
    ROLE = "role"
    CODE = "code"
    ORGAN = "organ"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Topic:
    """A concept that the question names: `text == query.text[start:end]`."""

    text: str
    start: int
    end: int
    id: str
    name: str
    kind: Kind
    names: tuple[str, ...] = ()  # label, synonyms and abbreviations of all senses
    senses: tuple[str, ...] = ()  # ids of the same name in other vocabularies (disease and finding)
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question as understood. `text` is the question with spelling corrected; offsets of topics count in it."""

    question: str
    text: str
    language: str = "en"  # ISO 639-1
    intent: Intent = Intent.GENERAL
    yes_no: bool = False
    topics: tuple[Topic, ...] = ()
    words: tuple[str, ...] = ()  # content words outside the topics, lower case, in order
    names_wanted: tuple[str, ...] = ()  # content words that are no everyday English: likely names
    codes: tuple[str, ...] = ()  # ICD-10-CM codes in the question, as CURIEs
    corrections: tuple[tuple[str, str], ...] = ()  # (as written, as read)
    mentions: tuple[Mention, ...] = ()
    notes: tuple[str, ...] = field(default=())
    unread: tuple[str, ...] = ()  # words of another language that narrow a topic and were not understood

    def of_kind(self, *kinds: Kind) -> tuple[Topic, ...]:
        """Return the topics of these kinds, in the order of the question."""
        return tuple(topic for topic in self.topics if topic.kind in kinds)

    @property
    def disease(self) -> Topic | None:
        """Return the first disease of the question, if any."""
        return next(iter(self.of_kind(Kind.DISEASE)), None)
