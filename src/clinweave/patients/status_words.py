"""Status stated by a problem's name: "No known allergy" is absent, "Suspected sepsis" is uncertain."""

import re

from clinweave.patients.batches import ABSENT, PRESENT, UNCERTAIN

# "no sense of smell" and the like are findings that are present
_PRESENT_LACK = (
    r"(?:perception|light|sense|speech|response|reflex|reaction|pulse|urine|stool|bowel|movement|fetal|foetal|"
    r"heart ?beat|head control|eye contact|hair|tears|teeth|menstrua)"
)
_NONE_WORDS = re.compile(
    rf"\s*(?:no|nil|non|none)[ ](?!{_PRESENT_LACK})|\s*(?:no|nil|non|none)[- ]known\b|\s*none (?:known|reported)\b|"
    r"\s*(?:nka|nkda|nkfa)\b|\s*not (?:known to|allergic|pregnant|diabetic|hypertensive|present|detected)|"
    r".*\b(?:ruled out|excluded|refuted|not present|not detected)\W*$|"
    r"\s*(?:patient |pt )?(?:denies|denied|negative (?:for|history)|never had|ruled out|without)\b|"
    r"\s*absence of allerg",
    re.I,
)
_DOUBT_WORDS = re.compile(
    r"\s*(?:suspected|suspicion of|suspect|possible|possibly|probable|probably|likely|presumed|presumptive|provisional|"
    r"questionable|query|rule[- ]out|r/o|differential diagnosis|\?)(?![- ]free)|"
    r".*(?:\((?:suspected|probable|possible|provisional|presumed|differential|query|unconfirmed|rule[- ]out|r/o|\?)\)"
    r"|[,;:] ?(?:suspected|probable|possible|provisional|presumed|unconfirmed)|\bsuspected|\?)\s*$",
    re.I,
)
_NO_ALLERGY = re.compile(
    r"\W*(?:none|nil|no|nka|nkda)\W*$|.*\ballerg\w*\W+(?:none|nil|denied|negative)\b|.*\ballerg\w*\W+no\W*$|.*\bden(?:y|ies|ied)\b.*\ballerg|"
    r".*\b(?:keine|aucune|sin|ninguna|nessuna|geen|nenhuma|pas d.|ingen)\b.*\b(?:al+erg|uczule)",
    re.I,
)
_UNKNOWN = re.compile(
    r"\W*(?:unknown|not known|n/k|unk|not (?:asked|assessed|recorded|available)|no information.*|"
    r"unable to (?:assess|obtain).*|"
    r"allerg\w* (?:status )?(?:unknown|not (?:asked|assessed|known)))\W*$",
    re.I,
)
# OMOP's condition_status and the like
_ABSENT_STATUS = re.compile(r"\b(?:refuted|excluded|ruled out|negated|absent)\b", re.I)
_DOUBTED_STATUS = re.compile(
    r"\b(?:preliminary|provisional|suspected|differential|rule[- ]out|probable|possible|working|unconfirmed)\b",
    re.I,
)


def status_of_words(name: str, status: str = PRESENT) -> str:
    """Return the status that the name of a problem states, or `status` where it states none."""
    if _NONE_WORDS.match(name):
        return ABSENT
    return UNCERTAIN if status == PRESENT and _DOUBT_WORDS.match(name) else status


def status_of_allergy(name: str) -> str:
    """Return the status that the words of an allergy state ("None" is absent), or "" if it is stated to be unknown."""
    if _UNKNOWN.match(name):
        return ""
    return ABSENT if _NO_ALLERGY.match(name) else PRESENT


def status_of_term(term: str) -> str:
    """Return the status that a term of a status vocabulary means: "Preliminary diagnosis" is uncertain."""
    if _ABSENT_STATUS.search(term):
        return ABSENT
    return UNCERTAIN if _DOUBTED_STATUS.search(term) else PRESENT
