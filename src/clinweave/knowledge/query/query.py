"""The parsed form of a question, from which retrieval and composition work; its cleaning, and cues of a relation."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from clinweave.core import predicates
from clinweave.core.errors import UserError
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


LIMIT = 20_000  # characters; the longest questions of the published benchmarks have under 5,000

_CUES: tuple[tuple[str, str], ...] = (
    (
        predicates.INHERITANCE,
        r"\binherit(?:ed|ance|s)?\b|\bautosomal\b|\b[xy]-linked\b|\bmode of transmission\b",
    ),
    (predicates.CONTRAINDICATED, r"\bcontra-?indicat\w*|\bavoid(?:ed)?\b|\bmust not be (?:given|used)\b"),
    (
        predicates.TREATS,
        r"\btreat(?:s|ed|ment|ments|ing)?\b|\btherap\w+|\bindicat(?:ed|ion|ions)\b|\bdrugs? (?:for|of choice)\b"
        r"|\bmedications? (?:for|used)\b|\bprescrib\w+",
    ),
    (
        predicates.GENE,
        r"\bgenes?\b|\bmutat\w+|\bpathogenic variants?\b|\bvariants? in\b|\bgenetic (?:cause|basis)\b|\blocus\b",
    ),
    (
        predicates.HAS_PHENOTYPE,
        r"\bfeatures?\b|\bsymptoms?\b|\bsigns?\b|\bphenotyp\w+|\bfindings?\b|\bmanifest\w*|\bpresent(?:s|ing|ation)\b"
        r"|\babnormalit(?:y|ies)\b|\bclinical picture\b|\bcharacteri[sz]ed\b",
    ),
    (
        predicates.ROLE,
        r"\broles?\b|\b(?:drug|chemical|pharmacologic\w*|therapeutic) class(?:es)?\b|\bclass of (?:drug|medic)\w*"
        r"|\bkind of (?:drug|medicine|agent|chemical)s?\b|\btype of (?:drug|medicine|agent)s?\b"
        r"|\bmechanism of action\b|\bact(?:s)? as\b|\bused as\b|\bpharmacologic\w*",
    ),
    (
        predicates.SUBCLASS,
        r"\bparents?\b|\bkinds? of\b|\btypes? of\b|\bsub-?types?\b|\bsub-?class\w*|\bclassif\w+|\bclass\b"
        r"|\bcategor(?:y|ies)\b|\bform of\b|\bbelongs? to\b|\bis an? (?:sub\w+|form|instance)\b"
        r"|\bbroader\b|\bnarrower\b",
    ),
)
_CUES_COMPILED = tuple((predicate, re.compile(cue, re.IGNORECASE)) for predicate, cue in _CUES)


def clean(question: str) -> str:
    """Return the question without control characters, with plain spaces.

    Raises `UserError` where nothing is left, or where it is longer than `LIMIT`.
    """
    if len(question) > LIMIT:
        raise UserError(
            f"the question has {len(question):,} characters and the limit is {LIMIT:,}: shorten it "
            "(`clinweave link` reads long documents, `clinweave index add` makes them searchable)"
        )
    cleaned = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in question
        if unicodedata.category(letter) not in {"Cf", "Cs"}
    )
    cleaned = " ".join(cleaned.split())
    if not re.search(r"\w", cleaned):
        raise UserError("the question is empty: write it after the command, in quotes")
    return cleaned


def wanted_predicates(question: str) -> tuple[str, ...]:
    """Return the predicates that the question's words ask for, in order of appearance; () where none is plain."""
    matches = [(match.start(), name) for name, cue in _CUES_COMPILED if (match := cue.search(question))]
    names = tuple(name for _, name in sorted(matches))
    if predicates.ROLE in names and predicates.SUBCLASS in names:  # "kind of drug" also reads as "kind of"
        return tuple(name for name in names if name != predicates.SUBCLASS)
    return names


def is_cue(text: str) -> bool:
    """Tell whether a mention is only a word of asking ("inherited", "symptom"), not what is asked about."""
    return any(cue.fullmatch(text.strip()) for _, cue in _CUES_COMPILED)
