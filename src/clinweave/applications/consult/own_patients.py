"""Questions about one patient's record, which general sources cannot answer: a result, a date, what was given."""

import re

NOT_SEARCHED = (
    "this asks about one patient's record; no patient records are searched here, look in the record itself"
)
_PATIENT = (
    r"(?:\b(?:the|my|our|this|that) (?:\w+ )?patient(?:'s|s')? (?:that |who |whom )?"
    r"(?:(?:i|we|you) (?:just )?(?:admitted|saw|operated|discharged|treated|examined|reviewed|clerked|sent))"
    r"|\b(?:my|our|this|that) (?:\w+ )?patient(?:'s)?\b|\bthe patient(?:'s\b| in (?:bed|room|bay|cubicle)\b)"
    r"|\b(?:bed|room|bay|cubicle) \d+\w?\b)"
)
_WHEN = (
    r"\b(?:yesterday|last night|this morning|overnight|earlier today"
    r"|last (?:week|month|monday|tuesday|wednesday|thursday|friday))\b"
)
_PAST = re.compile(
    r"^(?:(?:and|so|hi|hello|please)\W+)?"
    r"(?:what (?:was|were)|when (?:was|were|did)|who (?:was|is|saw)|which \w+ (?:was|were|did)|how much \w+ did|did|"
    r"what(?:'s| is) the (?:latest|last|most recent|current)|(?:show|give|tell) me the (?:latest|last|most recent))\b",
    re.IGNORECASE,
)
_ONE_PATIENT = re.compile(_PATIENT, re.IGNORECASE)
_DATED = re.compile(_WHEN, re.IGNORECASE)
_LATEST = re.compile(r"\b(?:latest|last|most recent|current)\b", re.IGNORECASE)


def asks_of_a_record(question: str) -> bool:
    """Return whether a question asks what stands in the record of one patient of the asker.

    "What was the potassium of the patient I admitted yesterday?" does; "My patient has a potassium of 6.8: what should
    I give?" does not.
    """
    if (
        len(question) > 300
        or not _PAST.search(question.strip())
        or not (match := _ONE_PATIENT.search(question))
    ):
        return False
    asks_for_value = bool(re.match(r"\W*(?:what|when|which|how|show|give|tell)", question, re.IGNORECASE))
    if re.search(r"\b(?:i|we|you) (?:just )?\w+", match[0], re.IGNORECASE):
        return True
    return bool(_DATED.search(question)) or (asks_for_value and bool(_LATEST.search(question)))
