"""Identifying numbers: of persons, records, accounts, vehicles and devices."""

# ruff: noqa: E501 - a regular expression is one line
import re
from collections.abc import Iterator

from clinweave.patients.deid.spans import Kind, Span

_FLAGS = re.IGNORECASE
_WORDS = (
    r"MRN|MR|medical record|unit|account|acct|a/c|accession|policy|member|membership|insurance|patient|pt|visit|encounter|case|chart|record|file|"
    r"social security|SSN|licen[cs]e|DEA|NPI|GMC|specimen|order|device|serial|certificate|passport|NHS|CHI|hospital|hosp|study|sample|plate|claim|"
    r"medicare|medicaid|MBI|HICN|subscriber|group|beneficiary|health card|credit card|debit card|card|IBAN|driver'?s licen[cs]e|driving licen[cs]e|"
    r"registration|employee|badge|VIN|IMEI|implant|pacemaker|lot|invoice|reference|ref|referral|booking|episode|ticket|student|national insurance|NI|"
    r"aadhaar|DNI|NIE|CPF|BSN|INSEE|NIR|tax|barcode|wristband|locker|key|UHID|RAMQ|CURP|RFC|PAN|codice fiscale|C\.?F|SVNR|AHV|OHIP|Versichertennummer|historia cl[i\u00ed]nica|num[e\u00e9]ro de dossier"
)
_VALUE = r"(?P<it>(?:(?-i:[A-Z]{1,4})[ ](?=\d))?(?=[A-Z/.-]{0,6}\d)[A-Z0-9](?:[A-Z0-9/.-]|[ ](?=\d)){2,28}[A-Z0-9](?:[ ][A-Z](?=[.,;]))?)"
_IDS = (
    ("social security number", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
    ("uuid", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", _FLAGS)),
    ("number after its word", re.compile(
        rf"\b(?:{_WORDS})\b\.?\s*(?:number|no\b\.?|num\b\.?|nr\b\.?|id\b|identifier)?\s*(?:is\s+|[:#=]\s*){{1,2}}(?!\d{{1,3}}(?:-|th\b|st\b|nd\b|rd\b)[a-z]){_VALUE}(?!\w)", _FLAGS)),
    ("number after its word", re.compile(
        rf"\b(?:MRN|SSN|NPI|DEA|GMC|(?:driver'?s|driving) licen[cs]e|NI|IMEI|VIN|IBAN|BSN|DNI|NIE|CPF|UHID|RAMQ|CURP|RFC|Aadhaar|PAN|SVNR|AHV|OHIP|NHS(?: number| no\.?)?|Medicare|Medicaid|licen[cs]e plate|(?:{_WORDS})[ ]?(?:number|no\.?|nr\.?|id))\s+{_VALUE}(?!\w)", _FLAGS)),
    ("hash number", re.compile(rf"\b(?:{_WORDS})[ ]?#[ ]?(?P<it>[A-Z]{{0,3}}[ -]?\d[\dA-Z-]{{2,20}})(?!\w)", _FLAGS)),
    ("short number after its word", re.compile(r"\b(?:chart|MRN|file|record|hosp(?:ital)?|patient)\s?(?:number|no\.?|nr\.?|#)\s*:?\s*(?P<it>\d{3,})(?!\w)", _FLAGS)),
    ("serial number", re.compile(r"\b(?:SN|S/N|serial(?: no\.?| number)?)[-:# ]{1,2}(?P<it>[A-Z0-9][A-Z0-9-]{3,24})(?!\w)")),
    ("card number", re.compile(r"(?<![\w.])(?:\d{4}[ -]){3}\d{1,7}(?!\d)|(?<![\w.])\d{4}[ -]\d{6}[ -]\d{5}(?!\d)")),
    ("grouped number", re.compile(r"(?<![\w.,/-])\d{3} \d{3} \d{4}(?![\w/%]|[.,]\d)")),
    ("Medicare beneficiary", re.compile(r"\b[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}\b")),
    ("national insurance", re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")),
    ("vehicle", re.compile(r"\b(?=[A-HJ-NPR-Z\d]*\d[A-HJ-NPR-Z\d]*\d)(?=[A-HJ-NPR-Z\d]*[A-HJ-NPR-Z])[A-HJ-NPR-Z\d]{9}[A-HJ-NPR-Z\d]{2}\d{6}\b")),
    ("bank account", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("plate", re.compile(r"\b(?:plates?|registration|reg)\b[\s:#]{1,3}(?:no\.? |number )?(?P<it>[A-Z0-9]{1,4}[- ]?[A-Z0-9]{2,5})\b")),
    ("plate", re.compile(r"\b(?i:licen[cs]e plate|number plate|plate|reg)\s+(?:no\.? |number )?(?P<it>(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z\d]{5,8})\b")),
    ("spoken number", re.compile(
        r"\b(?:number|MRN|account|security|phone|zip|code|extension|license|policy)\s+(?:is\s+)?(?P<it>(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|dash)[ ,-]+){2,24}(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d{2,12})\b)", _FLAGS)),
    ("accession", re.compile(r"\b(?:accession|specimen|path(?:ology)?|case)\b\.?\s*(?:no\.?|number|#|:)?\s*(?P<it>(?:[A-Z]{1,3}-?)?\d{2}-\d{3,7})(?!\w)", _FLAGS)),
    ("laboratory number", re.compile(r"(?<![\w-])[A-Z]{1,2}\d{2}-\d{4,7}(?![\w-])")),
    ("Italian tax code", re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b")),
    ("Quebec health insurance", re.compile(r"\b[A-Z]{4}(?: \d{4} \d{4}|\d{8})\b")),
    ("Mexican population register", re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b")),
    ("Indian tax number", re.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b")),
    ("Spanish identity card", re.compile(r"\b(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]\b")),
    ("Brazilian tax number", re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")),
    ("Swiss social insurance", re.compile(r"(?<!\d)756\.\d{4}\.\d{4}\.\d{2}(?!\d)")),
    ("French social security", re.compile(r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3}(?: ?\d{2})?(?!\d)")),
    ("Chinese identity card", re.compile(r"(?<!\w)\d{6}(?:19|20)\d{9}[\dXx](?!\w)")),
    ("long number", re.compile(r"(?<![\w.,/-])\d{7,}(?![\w/]|[.,]\d)")),
    ("letters and a long number", re.compile(r"\b(?!NCT|PMID|PMC|SCT|ISRCTN|GSE|COSM|ENS)[A-Z]{1,4}-?\d{6,}[A-Z]?\b")),
)  # fmt: skip
# a code of a vocabulary is no person's number
CODE_BEFORE = re.compile(
    r"(?:SNOMED(?:[- ]?CT)?|SCTID|ICD[-\d A-Z]*|LOINC|RxNorm|RxCUI|NDC|CPT|code|PMID|UMLS|OMIM|NCT|ORPHA|HGNC|CHEBI)[\s:#(]*$",
    _FLAGS,
)
# "count 1500000", "platelets 1500000": a laboratory value of seven digits
_VALUE_BEFORE = re.compile(
    r"\b(?:count|platelets?|plt|wbc|rbc|copies|load|titer|titre|cfu|cells)[\s:=]*(?:of |is |was )?$", _FLAGS
)


def identifiers(text: str) -> Iterator[Span]:
    """Yield numbers that stand for a person, a record or a device; codes of vocabularies and values are left."""
    for rule, pattern in _IDS:
        group = "it" if "it" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            start, end = match.span(group)
            before = text[max(0, start - 24) : start]
            if start < end and not CODE_BEFORE.search(before) and not _VALUE_BEFORE.search(before):
                yield Span(start, end, Kind.ID, rule)
