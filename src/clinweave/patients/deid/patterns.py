"""Identifiers, contacts, places and high ages, by their shape and the words before them."""

# ruff: noqa: E501 - a regular expression is one line
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import lists, places

_FLAGS = re.IGNORECASE
_CONTACTS = (
    ("e-mail", re.compile(r"[\w.+'’-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("address of the web", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+", _FLAGS)),
    ("address of a computer", re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")),
    ("telephone", re.compile(r"(?<![\d.])(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?!\d)", _FLAGS)),
    ("telephone abroad", re.compile(r"(?<!\w)\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}")),
    ("telephone after its word", re.compile(
        r"\b(?:phone|tel|telephone|fax|pager|beeper|cell|mobile|extension|ext)\b[.:# ]{0,3}(?:number |no\.? |is |at )?"
        r"(?P<it>\(?\d[\d().-]{2,14}\d(?:[ -]\d{3,4})*)", _FLAGS)),
)  # fmt: skip
_ID_WORDS = (
    r"MRN|MR|medical record|unit|account|acct|accession|policy|member|insurance|patient|visit|encounter|case|chart|record|"
    r"social security|SSN|licen[cs]e|DEA|NPI|specimen|order|device|serial|certificate|passport|NHS|hospital|study|sample|plate|claim"
)
_IDS = (
    ("social security number", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
    ("uuid", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", _FLAGS)),
    ("number after its word", re.compile(
        rf"\b(?:{_ID_WORDS})\b\.?\s*(?:number|no\b\.?|num\b\.?|id\b|identifier)?\s*(?:is\s+|[:#=]\s*){{1,2}}"
        r"(?P<it>(?=[A-Z/-]*\d)[A-Z0-9][A-Z0-9/-]{2,24})\b", _FLAGS)),
    ("number after its word", re.compile(
        r"\b(?:MRN|SSN|NPI|DEA|NHS(?: number)?|(?:medical record|account|accession|policy|licen[cs]e|serial|member) (?:number|no\.?|id))"
        r"\s+(?P<it>(?=[A-Z/-]*\d)[A-Z0-9][A-Z0-9/-]{3,24})\b", _FLAGS)),
    ("long number", re.compile(r"(?<![\w.,/-])\d{7,}(?![\w/]|[.,]\d)")),
    ("letters and a long number", re.compile(r"\b[A-Z]{1,4}-?\d{6,}\b")),
)  # fmt: skip
# a code of a vocabulary is no person's number
_CODE_BEFORE = re.compile(
    r"(?:SNOMED(?:[- ]?CT)?|SCTID|ICD[-\d A-Z]*|LOINC|RxNorm|RxCUI|NDC|CPT|code|PMID|UMLS|OMIM|NCT)[\s:#(]*$",
    _FLAGS,
)

_NAME = r"(?:(?:St|Ste|Mt|Ft)\.[ ])?[A-Z][\w'’-]*"
_STREET = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Parkway|Pkwy|Circle|"
    r"Highway|Hwy|Square|Sq|Trail|Crescent|Close"
)
_STATE = r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_FACILITY = (
    r"Hospital|Medical Cent(?:er|re)|Health Cent(?:er|re)|Cancer Cent(?:er|re)|Clinic|Nursing Home|Rehabilitation(?: Cent(?:er|re))?|"
    r"Hospice|University|College|School|Church|Infirmary|Healthcare|Health System|Medical Group|Senior Living|Nursing Facility|Manor"
)
_MONTHS = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)


@lru_cache(maxsize=1)
def _places() -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = places()
    return (
        ("street", re.compile(
            rf"\b\d{{1,6}}[A-Z]?\s+(?:[NSEW]\.?\s+)?(?:{_NAME}[ ]+){{1,4}}(?:{_STREET})\b\.?"
            r"(?:,?\s*(?:Apt|Apartment|Suite|Ste|Unit|#)\.?\s*#?\w+)?")),
        ("post box", re.compile(r"\bP\.?\s?O\.?\s?Box\s+\d+", _FLAGS)),
        ("town and state", re.compile(rf"\b{_NAME}(?: {_NAME}){{0,2}},\s*(?:{_STATE}|{known})\b(?:,?\s*\d{{5}}(?:-\d{{4}})?)?")),
        ("state and zip", re.compile(rf"\b(?:{_STATE})\s+\d{{5}}(?:-\d{{4}})?\b")),
        ("zip", re.compile(r"\b(?:zip(?: ?code)?|postcode|postal code)\b\s*:?\s*(?P<it>[A-Z0-9]{2,5}(?:[ -][A-Z0-9]{3,4})?)\b", _FLAGS)),
        ("facility", re.compile(rf"\b(?:(?:{_NAME}|of|and|the|&)[ ]+){{1,5}}(?:{_FACILITY})\b")),
        ("known place", re.compile(rf"\b(?:{known})\b(?!\s+(?:Heart|Scale|Score|Classification|criteria))")),
        ("place after its word", re.compile(
            r"\b(?:lives? in|living in|resid(?:es?|ing) in|moved (?:to|from)|born in|travell?ed to|travels? to|resident of|native of|"
            r"visit(?:ed|ing) (?:family |relatives |friends )?in|trip to|transferred from|works (?:at|for|in)|employed (?:at|by)|"
            rf"worked (?:at|for)|originally from|comes from|retired from|hometown of|city of|town of|county of)\s+(?:the\s+)?(?P<it>{_NAME}(?:[ ]+{_NAME}){{0,3}})")),
        ("county", re.compile(rf"\b{_NAME}(?: {_NAME})? (?:County|Township|Parish|Village)\b")),
    )  # fmt: skip


def contacts(text: str) -> Iterator[Span]:
    """Yield telephone numbers, e-mail and web addresses."""
    yield from _found(text, _CONTACTS, Kind.CONTACT)


def identifiers(text: str) -> Iterator[Span]:
    """Yield numbers that stand for a person, a record or a device; codes of vocabularies are left."""
    for span in _found(text, _IDS, Kind.ID):
        if not _CODE_BEFORE.search(text, max(0, span.start - 24), span.start):
            yield span


def places_in(text: str) -> Iterator[Span]:
    """Yield addresses, towns, states with zip codes, and institutions with a name of their own."""
    for span in _found(text, _places(), Kind.PLACE):
        start, end = span.start, span.end
        words = text[start:end].split()
        if span.rule in {"facility", "place after its word", "town and state"}:
            while words and _plain(words[0]) in lists()["generic_places"] | lists()["common"]:
                start += (
                    len(words[0])
                    + len(text[start + len(words[0]) : end])
                    - len(text[start + len(words[0]) : end].lstrip())
                )
                words = text[start:end].split()
            if not words or start >= end:
                continue
            if span.rule == "facility" and all(
                _plain(word) in lists()["generic_places"] for word in words[:-1]
            ):
                continue
            if span.rule == "facility" and len(words) == 1:
                continue
            if span.rule == "place after its word" and _plain(words[0]) in _MONTHS:
                continue
        yield span._replace(start=start, end=end)


_UNITS = {"ninety": 90, "one hundred": 100, "a hundred": 100}
_AGES = (
    re.compile(r"\b(?P<it>\d{2,3})[\s-]*(?:years?|yrs?\.?|y)[\s/-]*(?:old|o(?:ld)?\b|of age)", _FLAGS),
    re.compile(r"\b(?P<it>\d{2,3})\s*(?:y/?o|yo[mfw]?)\b", _FLAGS),
    re.compile(r"\b(?:aged?|age is|age of|turn(?:ed|ing|s)|at)\s*:?\s*(?P<it>\d{2,3})(?!\s*(?:%|mg|bpm|mm|/|\.\d|mcg|units?|degrees))\b(?=\s*(?:years|yrs|y\b|[,.;)]|$|and|from|of|with|when|in|on|last|this|next|\n))", _FLAGS),
    re.compile(r"\b(?P<it>\d{2,3})\s?[MF]\b(?!\w)"),
    re.compile(r"\b(?P<it>\d{2,3})[\s-]years?(?=\s+(?:of age|young|gentleman|lady|man|woman|male|female))", _FLAGS),
    re.compile(r"\b(?P<it>(?:ninety|one hundred|a hundred)(?:[\s-](?:and[\s-])?(?:one|two|three|four|five|six|seven|eight|nine))?)(?=[\s-]+years?\b)", _FLAGS),
    re.compile(r"\b(?P<it>nonagenarian|centenarian)\b", _FLAGS),
)  # fmt: skip


def high_ages(text: str) -> Iterator[Span]:
    """Yield ages over 89, to be written as 90+."""
    for pattern in _AGES:
        for found in pattern.finditer(text):
            said = found["it"]
            years = int(said) if said.isdigit() else 90
            if 89 < years < 130 or (not said.isdigit()):
                yield Span(found.start("it"), found.end("it"), Kind.AGE, "age over 89", "90+")


def literal(text: str, values: Sequence[str], kind: Kind, rule: str) -> Iterator[Span]:
    """Yield where a value of the patient's own record stands in the text, whatever its case."""
    for value in values:
        if len(value.strip()) >= 4:
            for found in re.finditer(rf"(?<!\w){re.escape(value.strip())}(?!\w)", text, _FLAGS):
                yield Span(found.start(), found.end(), kind, rule)


def _found(text: str, patterns: Sequence[tuple[str, re.Pattern[str]]], kind: Kind) -> Iterator[Span]:
    for rule, pattern in patterns:
        group = "it" if "it" in pattern.groupindex else 0
        for found in pattern.finditer(text):
            if found.start(group) < found.end(group):
                yield Span(found.start(group), found.end(group), kind, rule)


def _plain(word: str) -> str:
    return word.strip(".,;:()").lower()
