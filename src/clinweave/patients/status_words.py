"""What the name of a problem says of its status: "No known allergy" is an absence, "Suspected sepsis" a doubt."""

import re

from clinweave.patients.batches import ABSENT, PRESENT, UNCERTAIN

_NONE_WORDS = re.compile(
    r"\s*(?:no|nil|non|none)[- ](?:known|current|active|significant|relevant|history of|evidence of|reported|"
    r"documented|(?:drug |food |medication |medicine |latex |environmental |other )*allerg)|"
    r"\s*(?:nka|nkda|nkfa)\b|\s*none known\b|\s*not (?:known to|allergic)|.*\b(?:ruled out|excluded)\s*$|"
    r"\s*(?:denies|denied|negative for|never had|ruled out|absence of allerg|allergies?:? *(?:none|nil|no)\b)",
    re.I,
)
_DOUBT_WORDS = re.compile(
    r"\s*(?:suspected|suspicion of|possible|probable|likely|presumed|presumptive|provisional|questionable|"
    r"query|rule[- ]out|r/o|differential diagnosis|\?)(?![- ]free)",
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


def status_of_term(term: str) -> str:
    """Return the status that a term of a status vocabulary means: "Preliminary diagnosis" is uncertain."""
    if _ABSENT_STATUS.search(term):
        return ABSENT
    return UNCERTAIN if _DOUBTED_STATUS.search(term) else PRESENT
