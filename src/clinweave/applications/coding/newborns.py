"""Weeks of gestation and birth weight of a newborn born too early (guideline I.C.16.d)."""

import re

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.reading import Finding, finding_at
from clinweave.knowledge import person_of

_NEWBORN = re.compile(
    r"\b(?:neonat\w*|newborn|baby (?:girl|boy)|nicu|scbu|apgars?|days? of life|premature|preterm|prematurity)\b",
    re.IGNORECASE,
)
_WEEKS = re.compile(
    r"\b(?:born|deliver\w*|birth|ex)\b[^.;\n]{0,50}?(?<![\d.])(?P<weeks>2\d|3[0-6])"
    r"(?:\s?\+\s?[0-6](?:/7)?|\s[0-6]/7)?(?:[\s-]?(?:completed )?(?:weeks?|wks?)\b|\s?/40)"
    r"(?! (?:old|of age|ago|later))",
    re.IGNORECASE,
)
_WEIGHT = re.compile(
    r"\b(?:birth ?weight|bw|weight|weighing|weighed)\b[ :=(]*(?:of |was |at birth )*"
    r"(?P<n>\d,\d{3}(?=\s?g)|\d(?:[.,]\d{1,3})?|\d{3,4})\s?(?P<unit>kg|g)\b",
    re.IGNORECASE,
)
_CHILD = re.compile(
    r"\b(?:\d{1,2}[- ](?:month|week|day)s?[- ]old|(?:[1-9]|1[0-7])[- ](?:year|yr)s?[- ]old|"
    r"(?:girl|boy|baby|infant|child)[ ,:(]+(?:aged |of )?\d{1,2} ?(?:months?|weeks?|days?|m|mo|y|years?)\b|"
    r"p(?:a)?ediatric\w*|children's ward|infant|toddler)",
    re.IGNORECASE,
)
_OWN_BIRTH = re.compile(
    r"\bborn (?:here|in (?:this|our|the same) (?:hospital|unit))|\bin-?born\b|"
    r"\b(?:birth|newborn|neonatal) (?:record|note|discharge|summary)|"
    r"\bpostnatal ward\b|\bbaby check\b|\bnewborn (?:examination|check|exam)\b|\bdays? \d\b[^.\n]{0,30}\bof life",
    re.IGNORECASE,
)
_CAME_LATER = re.compile(
    r"\b(?:readmi\w+|transferred (?:in|from)|retrieved|ex-?utero|born (?:at|in) (?!this|our|term|the same|\d)|"
    r"(?:presented|brought in|admitted) (?:from home|at (?:\d+|age)|aged|on day))",
    re.IGNORECASE,
)
_SECTION = re.compile(r"\b(?:c(?:a)?esarean|c-section|lscs|emcs|elcs)\b", re.IGNORECASE)
_VAGINAL = re.compile(r"\b(?:vaginal\w*|svd|nvd|forceps|ventouse|kiwi|vacuum)\b", re.IGNORECASE)
_MANY = re.compile(r"\btwin (?:1|2|one|two|i|ii)\b|\b(?:first|second) twin\b", re.IGNORECASE)
_MOTHER_DIABETIC = re.compile(r"\bgestational diabetes\b|\bgdm\b", re.IGNORECASE)
_AROUND = 120  # characters after the week of birth in which a weight is that at birth
_BY_WEEK = {week: f"P07.{week - 1 if week < 28 else week + 3}" for week in range(23, 37)}
_BY_WEIGHT = (
    (500, "P07.01"), (750, "P07.02"), (1000, "P07.03"), (1250, "P07.14"), (1500, "P07.15"), (1750, "P07.16"),
    (2000, "P07.17"), (2500, "P07.18"),
)  # fmt: skip


def code_newborn(drafts: Drafts, text: str, book: Codebook) -> None:
    """Code the weeks of a preterm newborn that the note states, and with them its birth weight below 2,500 g."""
    if "R62.7" in drafts.codes and _CHILD.search(text):
        drafts.replace(["R62.7"], "R62.51", "the patient is a child", "I.B.2")
    _born_here(drafts, text)
    if (person_of(text).age or 0.0) >= 1.0:
        return
    weeks = _WEEKS.search(text)
    if weeks is None or not _NEWBORN.search(text) or drafts.having(["O", "Z34", "Z33.1"]):
        return
    code = _BY_WEEK.get(int(weeks["weeks"]), "")
    if code in book.billable:
        if stated := drafts.having(["P07.30"]):
            drafts.replace(stated, code, "the weeks of gestation are stated", "I.C.16.d")
        drafts.add(Draft(code, [_finding(code, text, weeks)], ["I.C.16.d"], chronic=True))
    weight = _WEIGHT.search(text, weeks.start(), weeks.end() + _AROUND)
    if weight is None:
        return
    in_grams = weight["unit"].lower() == "g"
    number = weight["n"].replace(",", "" if in_grams else ".")
    grams = float(number) * (1.0 if in_grams else 1000.0)
    code = next((code for limit, code in _BY_WEIGHT if grams < limit), "")
    if code in book.billable:
        drafts.add(Draft(code, [_finding(code, text, weight)], ["I.C.16.d"], chronic=True))


def _born_here(drafts: Drafts, text: str) -> None:
    """Code the birth itself in the newborn's own note of that stay, and what a diabetic mother means for the baby."""
    match = _OWN_BIRTH.search(text)
    if match is None or not _NEWBORN.search(text) or person_of(text).age or _CAME_LATER.search(text):
        return
    around = text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
    section = _SECTION.search(around) is not None
    if not section and not _VAGINAL.search(around):
        return
    many = _MANY.search(text)
    code = ("Z38.31" if section else "Z38.30") if many else ("Z38.01" if section else "Z38.00")
    drafts.add(Draft(code, [_finding(code, text, match)], ["I.C.16.a"], chronic=True))
    low_sugar = drafts.having(["P70.4", "E16.2"])
    if low_sugar and _MOTHER_DIABETIC.search(text):
        drafts.replace(low_sugar, "P70.0", "the mother has gestational diabetes", "I.C.16")


def _finding(code: str, text: str, match: re.Match[str]) -> Finding:
    begin = text.rfind("\n", 0, match.start()) + 1
    stop = text.find("\n", match.end())
    sentence = (max(begin, match.start() - 100), min(stop if stop >= 0 else len(text), match.end() + 100))
    finding = finding_at(code, text, match.span(), sentence)
    finding.section = ""
    return finding
