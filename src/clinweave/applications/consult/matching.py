"""How well a statement answers a query: which of the things that the question names it speaks of, and where."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from clinweave.applications.consult.drug_classes import classes_of_topic, names_a_drug, speaks_of_class
from clinweave.applications.consult.limits import within_heads
from clinweave.applications.consult.rows import other_number, row_suits
from clinweave.applications.consult.units import Unit, normal
from clinweave.knowledge import (
    DrugClass,
    Intent,
    Kind,
    Query,
    Topic,
    broader_phrases,
    drug_classes,
    equivalents,
)

IN_TEXT, IN_LABEL, IN_NEAR_HEAD, IN_TITLE = 1.0, 0.9, 0.8, 0.7
NAME_WEIGHT, WORD_WEIGHT = 2.0, 1.0
MIN_PART = 6  # letters of a part of a joined name that stands alone
RARE_WEIGHT = 0.3  # of an everyday word that no document has
_AFTER = re.compile(
    r"^[\s-]+(?:allerg\w*|anaphyla\w*|hypersensitiv\w*|intoleran\w*|poisoning|overdose|toxicity|resistan\w*|levels?|concentration"
    r"|clearance|kinase)\b|^\s*(?:(?:is|was|of|=|level)\s+)*\d+(?:\.\d+)?\b"
    r"(?!\s*(?:mg|g|micrograms?|mcg|units?|tablets?|ml|%|(?:hour|hr|day|week|month|minute|year)s?)\b)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:allerg(?:y|ic) to|anaphylaxis to|serum|plasma|blood|taking|on|receiving|takes|after|before|following|during"
    r"|since|failed|despite|(?:one|two|three|four|\d) doses? of)\s+(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"\b(?:one|two|three|four|\d) doses? of\s+$", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:without|no|free of)\s+(?:any |known |an? )?$", re.IGNORECASE)
_AFTERWARDS = re.compile(
    r"\b(?:after|before|following|during|since|failed|despite)\s+(?:an?\s+|the\s+)?$", re.I
)
# "Can my husband have it while I take ...?": what holds for the patient does not hold for those around.
_RELATIVE = re.compile(
    r"\b(?:can|may|should|must|could) my (?:husband|wife|partner|son|daughter|children|child|kids|mother"
    r"|father|parents|family|grandchild\w*)\b.*\b(?:while|when|if|because|as|since) I\b",
    re.IGNORECASE,
)
_CONTACTS = re.compile(
    r"\b(?:contacts?|household|famil\w+|relatives?|carers?|partners?|visitors?)\b", re.IGNORECASE
)
# A dose or permission for one population is none for another.
_POPULATIONS = (
    (
        re.compile(
            r"\b(?:child|children|boys?|girls?|infants?|bab(?:y|ies)|newborns?|neonat\w+|toddlers?|pa?ediatrics?)\b"
            r"|\b(?:\d|1[0-7])[\s-]*(?:year|month|week|day)s?[\s-]*old",
            re.IGNORECASE,
        ),
        (
            "child",
            "children",
            "infant",
            "baby",
            "newborn",
            "neonate",
            "paediatric",
            "pediatric",
            "month",
            "year",
        ),
    ),
    (re.compile(r"\bpregnan\w+\b", re.IGNORECASE), ("pregnancy", "pregnant")),
    (
        re.compile(r"\b(?:breast-?feeding|lactati\w+)\b", re.IGNORECASE),
        ("breastfeeding", "breast feeding", "lactation"),
    ),
)
_ALLERGY = re.compile(r"\b(?:allerg\w*|anaphyla\w*|hypersensitiv\w*|intoleran\w*)\b", re.IGNORECASE)
# Measurements whose names in text differ: any of them speaks of the same.
_MEASURES = (
    (
        re.compile(
            r"\b(?:e-?gfr|gfr|crcl|(?:estimated )?glomerular filtration(?: rate)?|estimated gfr"
            r"|creatinine clearance)\b",
            re.IGNORECASE,
        ),
        (
            "egfr",
            "gfr",
            "estimated gfr",
            "glomerular filtration",
            "crcl",
            "creatinine clearance",
            "renal",
            "kidney",
        ),
    ),
)
# The place of a treatment in the order of choice: a statement about another place is none about this one.
_LINES = (
    (
        re.compile(r"\bsecond[- ](?:line|choice)\b|\bnext (?:line|step|choice)\b", re.IGNORECASE),
        (
            "second line",
            "second choice",
            "alternative",
            "next",
            "if no response",
            "fail",
            "not available",
            "not suitable",
        ),
    ),
)
# "What foods ...?": what is said of drugs is no answer.
_KIND_ASKED = re.compile(
    r"\b(?:what|which) (?:(?!is|are|do|does)\w+ )?(foods?|diets?|vaccin\w+|vitamins?|exercises?)\b",
    re.IGNORECASE,
)
# "above 5.5": a value, not a word that an answer shares.
_COMPARED = re.compile(
    r"\b(above|below|over|under|more|less|greater|higher|lower|exceed\w*)(?: than)?\s*\d", re.IGNORECASE
)
# "morphine sulfate": a document goes on with "morphine"; potassium, calcium and sodium alone are measured, not given.
_SALT = re.compile(
    r"(?!potassium|calcium|sodium)(\w{5,}) (?:sulfate|sulphate|hydrochloride|chloride|sodium|fumarate|tartrate"
    r"|succinate|maleate|acetate|phosphate|citrate|carbonate|mesilate|besilate|bromide|gluconate)"
)
_STEM = 5  # letters that two forms of a word share at least


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing that the question names: any of its forms will do."""

    forms: tuple[str, ...]  # normal forms
    weight: float
    required: bool  # a statement about something else in its place is no answer
    kind: str = "word"
    several: bool = False  # the forms are names of several drugs: "A or B", "A-B"
    classes: tuple[DrugClass, ...] = ()  # of the drug: what is said of all of a class is said of it

    def level(self, unit: Unit) -> float:
        """Return where the statement speaks of it: 1 in its text, less in what governs it, 0 nowhere."""
        if self.within(unit.norm):
            return IN_TEXT
        if self.within(unit.label_norm) or self.named(unit.referent_norm):
            return IN_LABEL
        if self.named(unit.head_norm):
            return self._head_level(unit)
        # A title names a class for what it is about; over single members it says nothing of the others.
        last = normal(unit.heads[-1]) if unit.heads else ""
        of_class = any(last == normal(name) for item in self.classes for name in item.names)
        if not of_class or names_a_drug(
            f"{unit.label_norm}{unit.norm}"
        ):  # said of that drug, not of the class
            return 0.0
        return IN_LABEL if self.by_class(f" {last} {unit.norm}") else 0.0

    def _head_level(self, unit: Unit) -> float:
        last = unit.heads[-1] if unit.heads else ""
        norm = normal(last)
        if not self.named(f" {norm} "):
            return IN_TITLE
        # A question that the statement answers, and a name alone over a list, are as good as a label.
        return IN_LABEL if last.rstrip().endswith("?") or norm in self.forms else IN_NEAR_HEAD

    def within(self, norm: str) -> bool:
        """Say whether a normalised text has one of the forms, or speaks of a class of the drug as a whole."""
        return self.named(norm) or self.by_class(norm) is not None

    def named(self, norm: str) -> bool:
        """Say whether a normalised text has one of the forms."""
        return any(_has(norm, form) for form in self.forms)

    def by_class(self, norm: str) -> DrugClass | None:
        """Return the class of the drug that a normalised text speaks of as a whole, not of another member alone."""
        return next((item for item in self.classes if speaks_of_class(norm, item)), None)


def facets_of(query: Query, *, by_class: bool = False) -> tuple[Facet, ...]:
    """Return the things that a question names, its topics first.

    With `by_class`, what is said of all of a class of drugs counts as said of a drug of the question, and what is said
    of drugs is no answer to "What foods ...?".
    """
    measured = [(match.span(), forms) for cue, forms in _MEASURES for match in cue.finditer(query.text)]
    facets = [Facet(forms, NAME_WEIGHT, False, "measure") for _, forms in measured[:1]]
    topical = _topic_facets(query, [span for span, _ in measured])
    facets += topical if by_class else [replace(facet, classes=()) for facet in topical]
    spoken = {normal(word) for (start, end), _ in measured for word in query.text[start:end].split()}
    decisive = query.intent in {Intent.DOSE, Intent.SAFETY}
    facets += [
        Facet(forms, WORD_WEIGHT, decisive, "population")
        for cue, forms in _POPULATIONS
        if cue.search(query.text)
    ]
    facets += [Facet(forms, NAME_WEIGHT, True, "line") for cue, forms in _LINES if cue.search(query.text)]
    text = f" {normal(query.text)} "
    covered: set[str] = set()
    for phrase, others in broader_phrases().items():
        if f" {phrase} " not in text:
            continue
        inside = [
            index
            for index, facet in enumerate(facets)
            if any(f" {phrase} " in f" {form} " for form in facet.forms[:3])
        ]
        for index in inside:
            facets[index] = replace(facets[index], forms=(*facets[index].forms, *others))
        covered.update(phrase.split(" "))
        if not inside:
            facets.append(Facet((phrase, *others), NAME_WEIGHT, False, Kind.DISEASE.value))
    wanted = {normal(match[1]) for match in _KIND_ASKED.finditer(query.text)} if by_class else set[str]()
    facets += _word_facets(query, covered | spoken, wanted)
    return tuple(facets)


def _word_facets(query: Query, covered: Collection[str], wanted: Collection[str]) -> list[Facet]:
    facets: list[Facet] = []
    compared = {match[1].lower() for match in _COMPARED.finditer(query.text)}
    for word in query.words:
        if (
            normal(word) in covered
            or word.lower() in compared
            or any(cue.search(word) for cue, _ in _LINES)
            or any(cue.fullmatch(word) for cue, _ in _POPULATIONS)
        ):
            continue
        form = normal(word)
        same = tuple(dict.fromkeys([form, *sorted(equivalents().get(form, ()))]))
        if form in drug_classes():
            facets.append(Facet(same, WORD_WEIGHT, query.yes_no or form in wanted, "class"))
            continue
        name = word in query.names_wanted or form in wanted
        if name and "-" in word:  # "piperacillin-tazobactam": what is said of one part is to be shown
            parts = tuple(normal(part) for part in word.split("-") if len(part) >= MIN_PART)
            facets.append(Facet((*same, *parts), NAME_WEIGHT, True, several=True))
            continue
        facets.append(Facet(same, NAME_WEIGHT if name else WORD_WEIGHT, name))
    return facets


def _joined(text: str, first: Topic, second: Topic) -> bool:
    """Say whether two drugs stand as "A or B", "A/B" or "A-B": what is said of either answers."""
    between = text[first.end : second.start]
    return first.end <= second.start and bool(re.fullmatch(r"\s*(?:-|/|,?\s*or)\s*", between, re.IGNORECASE))


def _topic_facets(query: Query, measured: Sequence[tuple[int, int]]) -> list[Facet]:
    """Return the facets of the topics outside the measurements; denied ones ("without allergy") are left out."""
    topics = [
        topic
        for topic in query.topics
        if topic.kind != Kind.CODE
        and not any(start <= topic.start < end for start, end in measured)
        and not _DENIED.search(query.text[: topic.start])
    ]
    facets: list[Facet] = []
    for topic in topics:
        facet = _topic_facet(query, topic)
        joined = any(_joined(query.text, other, topic) for other in topics)
        if joined and facets and facets[-1].kind == facet.kind == Kind.DRUG:
            facets[-1] = replace(facets[-1], forms=(*facets[-1].forms, *facet.forms), several=True)
        else:
            facets.append(facet)
    return facets


def facets_in(facets: Sequence[Facet], drugs: Iterable[str], text: str) -> tuple[Facet, ...]:
    """Return the facets as they count in a document: a member speaks of its class, a word it never has counts little.

    `drugs` are the names of drugs in the document, `text` all of its text in normal form.
    """
    members = tuple(normal(name) for name in drugs)
    vaccines = tuple(name for name in members if "vaccin" in name)
    return tuple(
        replace(facet, forms=(*facet.forms, *(vaccines if "vaccine" in facet.forms else members)))
        if facet.kind == "class"
        else replace(facet, weight=RARE_WEIGHT)
        if facet.kind == "word" and not facet.required and not facet.within(text)
        else facet
        for facet in facets
    )


def _topic_facet(query: Query, topic: Topic) -> Facet:
    forms = list(dict.fromkeys(normal(name) for name in topic.names))
    forms += [other for form in forms[:4] for other in _swapped(form)]
    if topic.kind == Kind.DRUG:
        forms += [base[1] for form in forms[:4] if (base := _SALT.fullmatch(form))]
    condition = topic.kind == Kind.DRUG and is_condition(query.text, topic)
    given = bool(_GIVEN.search(query.text[: topic.start]))  # neither asked about nor an allergen
    allergy = condition and not given and bool(_ALLERGY.search(query.text))
    others = any(other.kind == Kind.DRUG and other.id != topic.id for other in query.topics)
    alone = bool(_AFTERWARDS.search(query.text[: topic.start])) and not others
    required = topic.kind in {Kind.DRUG, Kind.GENE} and (not condition or allergy or alone)
    kind = "condition" if condition else topic.kind.value
    organ = topic.kind == Kind.ORGAN and query.intent == Intent.FEATURES
    classes = classes_of_topic(query, topic) if topic.kind == Kind.DRUG else ()
    weight = RARE_WEIGHT if given else WORD_WEIGHT if organ else NAME_WEIGHT
    return Facet(tuple(form for form in forms if form), weight, required, kind, classes=classes)


def is_condition(text: str, topic: Topic) -> bool:
    """Say whether a drug or chemical of the question is a condition or a measurement, not what is asked about."""
    return bool(_AFTER.match(text[topic.end :]) or _BEFORE.search(text[: topic.start]))


def _swapped(form: str) -> list[str]:
    """Return a name with one of its words replaced by an equivalent: "renal failure" for "kidney failure"."""
    words = form.split(" ")
    return [
        " ".join([*words[:index], other, *words[index + 1 :]])
        for index, word in enumerate(words)
        for other in sorted(equivalents().get(word, ()))
        if other != word
    ]


def _has(norm: str, form: str) -> bool:
    if f" {form} " in norm:
        return True
    if " " in form or len(form) < _STEM or form.isdigit():
        return False
    stem = form[: max(_STEM, len(form) - (4 if len(form) >= 10 else 3))]
    return f" {stem}" in norm and any(
        word.startswith(stem) and abs(len(word) - len(form)) <= 4
        for word in norm.split()
        if word[:_STEM] == stem[:_STEM]
    )


@dataclass(frozen=True, slots=True)
class Match:
    """How a statement fits a query."""

    unit: Unit
    coverage: float  # weighted share of the facets, 0 to 1
    in_text: float  # the same, of the statement's own words and label alone
    complete: bool  # every required facet is met by the statement or what governs it
    all_met: bool


def match(unit: Unit, facets: Sequence[Facet]) -> Match:
    """Return how a statement fits the facets of a query."""
    total = sum(facet.weight for facet in facets) or 1.0
    levels = [facet.level(unit) for facet in facets]
    coverage = sum(facet.weight * level for facet, level in zip(facets, levels, strict=True)) / total
    own = sum(facet.weight for facet, level in zip(facets, levels, strict=True) if level >= IN_LABEL) / total
    complete = all(level > 0 for facet, level in zip(facets, levels, strict=True) if facet.required)
    return Match(unit, round(coverage, 4), round(own, 4), complete, all(level > 0 for level in levels))


AMOUNT = re.compile(
    r"\d[\d.,]*(?:\s*(?:to|-|–)\s*\d[\d.,]*)?\s*(?:%|mg|mcg|micrograms?|µg|ug|ng|g|grams?|kg|mL|ml|litres?|liters?|L|units?|IU|mmol|mEq"
    r"|tablets?|capsules?|puffs?|drops?|sprays?|doses?)\b(?:/(?:kg|h|hour|min|day|m2|dose)\b)*",
)


def drug_facets(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    """Return the facets that a dose or a safety statement must be about."""
    return tuple(
        facet for facet in facets if facet.kind == Kind.DRUG or (facet.required and facet.kind == "word")
    )


def beside_the_point(query: Query, whole: Match, facets: Sequence[Facet]) -> bool:
    """Say whether a yes/no question on a drug asks about an act or event that a statement does not mention at all."""
    words = [facet for facet in facets if facet.kind == "word"]
    named = [facet for facet in facets if facet.kind != "word"]
    return (
        query.yes_no
        and len(named) == 1
        and bool(drug_facets(facets) and words)
        and not any(facet.level(whole.unit) for facet in words)
    )


def of_other_patients(query: Query, unit: Unit, units: Sequence[Unit]) -> bool:
    """Say whether a statement is about stage 4 where the question is about stage 3, or stands under another range.

    `units` are all statements of its passage: so is a row of a table for another range or kind.
    """
    own = " ".join((*unit.heads[-1:], unit.label, unit.text))
    of_another = other_number(query.text, own) or (_RELATIVE.search(query.text) and not _CONTACTS.search(own))
    return (
        bool(of_another)
        or headed_by_value(query, unit) is False
        or row_suits(query.text, unit, units) is False
    )


def headed_by_value(query: Query, unit: Unit) -> bool | None:
    """Say whether the heads of a statement set a limit that a value of the question meets; None if they set none."""
    return within_heads(query.text, (*unit.heads, unit.label))
