"""Whom a question is about: one patient's record, which general sources cannot answer, or someone in need now.

Both are recognised in English; a question in another language is searched for as any other, and only questions of
prevention are taken as about nobody in need.
"""

import re

from clinweave.knowledge import Intent, Query

NOT_SEARCHED = (
    "this asks about one patient's record; no patient records are searched here: `clinweave ask --patient ID QUESTION`"
    " answers from a loaded record (`clinweave patients load`)"
)
_LONGEST = 300  # characters; a longer question tells a case
_BED = r"(?:bed|room|bay|cubicle) \d+\w?\b"
_MET = (
    r"\b(?:the|my|our|this|that) (?:\w+ )?patient (?:that |who |whom )?(?:i|we|you) (?:just )?"
    r"(?:admitted|saw|operated|discharged|treated|examined|reviewed|clerked|sent)\b"
)
_OWN = (
    r"(?:(?:my|our|this|that) (?:\w+ )?patient\b(?! (?:population|group|age|safety|education)s?\b)"
    rf"|the patient in {_BED}|{_BED})"
)
_PATIENT = rf"(?:{_MET}|\b{_OWN}(?:'s)?\b|\bthe patient(?:'s\b| in (?:bed|room|bay|cubicle)\b))"
_WHEN = (
    r"(?:yesterday|last night|this morning|overnight|earlier today"
    r"|last (?:week|month|monday|tuesday|wednesday|thursday|friday))"
)
_LAST = r"(?:latest|last|most recent|current)"
_MEASURED = (
    r"(?:potassium|sodium|creatinine|e?gfr|inr|ha?emoglobin|hb|hba1c|glucose|troponin|lactate|crp|d-dimer|ferritin|tsh"
    r"|cholesterol|platelets?|platelet count|white (?:blood )?(?:cell )?count|(?:blood )?(?:pressure|group|type|sugar)"
    r"|heart rate|pulse|temperature|saturation|weight|height|medications?|allerg(?:y|ies)"
    r"|(?:(?:blood|lab|urine|test|scan|ct|mri|x-ray|biopsy) )+results?|(?:blood|urine) tests?|ct|mri|ecg|x-ray)"
)
_IS = r"(?:'s| is| are| was| were)"
_GIVEN = re.compile(r"\b(?:gave|given?|prescribed?|administered|received?)\b", re.IGNORECASE)
_PAST = re.compile(
    r"^(?:what (?:was|were)|when (?:was|were|did)|who (?:was|is|saw)|which \w+ (?:was|were|did)|how much \w+ did|did"
    rf"|what(?:'s| is) the {_LAST}|(?:show|give|tell) me the (?:latest|last|most recent))\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    rf"^what{_IS} (?:the (?:{_LAST} )?{_MEASURED} (?:of|for|in) (?:{_MET}|{_OWN})\b(?!')"
    rf"|(?:(?:{_OWN}|the patient)'s|my) (?:{_LAST} )?{_MEASURED}(?: (?:today|now|on admission|{_WHEN}))?\W*$)",
    re.IGNORECASE,
)
_COURSE = re.compile(
    rf"^(?:(?:is|was|has) {_OWN} (?:(?:been )?given\b|received\b|(?:allergic to|on|taking) [\w-]+\W*$)"
    r"|(?:what|which) (?:medications?|medicines?|drugs?|antibiotics?|allerg(?:y|ies)|vaccines?) "
    rf"(?:is|was|does|did) {_OWN} (?:taking|on|given|take|have|get|receive)\W*$"
    rf"|when(?:'s| is| was) (?:my|our|{_OWN}'s) (?:next (?:appointment|visit)|last)\b)",
    re.IGNORECASE,
)
_ONE_PATIENT = re.compile(_PATIENT, re.IGNORECASE)
_DESCRIBED = re.compile(rf"{_PATIENT}.{{0,20}} (?:with|who (?:has|had)|whose|aged)\b", re.IGNORECASE)
_DATED = re.compile(rf"\b{_WHEN}\b", re.IGNORECASE)
_LATEST = re.compile(rf"\b(?:latest|last|most recent|current (?:\w+ )?{_MEASURED})\b", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"\b(?:guidelines?|guidance|trials?|stud(?:y|ies)|published|approved|evidence|recommend\w*|consensus)\b",
    re.IGNORECASE,
)
_OF_CARE = re.compile(
    r"\b(?:treatments?|therap(?:y|ies)|management|choice|options?|advice|targets?|goals?|risks?|prognosis|best"
    r"|first[- ]line|should|could|would|can|may|might|likely|causes?|criteria|approach|strateg(?:y|ies)|definition"
    r"|standard|classification|name|drugs?|supposed|normal|aim|latest (?:on|in))\b",
    re.IGNORECASE,
)
_GREETING = re.compile(r"^\W*(?:(?:and|so|hi|hello|please)\W+)?", re.IGNORECASE)


def asks_of_a_record(question: str) -> bool:
    """Return whether a question asks what stands in the record of one patient of the asker, or in the asker's own.

    "What was the potassium of the patient I admitted yesterday?" does; "My patient has a potassium of 6.8: what should
    I give?" and "What is the current treatment for my patient with gout?" do not.
    """
    text = _GREETING.sub("", question)
    if len(question) > _LONGEST or _PUBLISHED.search(text):
        return False
    of_care = bool(_OF_CARE.search(text))
    if _COURSE.search(text) or (_VALUE.search(text) and not of_care):
        return True
    if not _PAST.search(text) or not (patient := _ONE_PATIENT.search(text)):
        return False
    if _DATED.search(text) or _GIVEN.search(text):
        return True
    if of_care or _DESCRIBED.search(text):
        return False
    met = re.match(_MET, patient[0], re.IGNORECASE)
    return bool(met) or (not text.lower().startswith(("did", "who")) and bool(_LATEST.search(text)))


_ASKER = re.compile(
    r"\b(?:can|could|do|should|would|might|to) (?:i|we|you|one)\b|\b(?:my|our|your) (?:own )?risk\b",
    re.IGNORECASE,
)
# A treatment, a dose or a vignette may be asked for somebody's state now, whatever the words.
_OF_STATES = frozenset({Intent.TREATMENT, Intent.DOSE, Intent.DIFFERENTIAL})
# A complaint, an event or a time: what is asked may be happening.
_ACUTE = re.compile(
    r"\b(?:pain\w*|hurts?|hurting|aches?|aching|sore|bleed\w*|blood (?:in|from)|breath\w*|chok\w*|faint\w*|collaps\w*"
    r"|unconscious|dizz\w*|fever\w*|temperature|vomit\w*|throwing up|seizures?|fits?|convuls\w*|confus\w*|drows\w*"
    r"|numb\w*|weak\w*|swell\w*|swollen|rash|hives|palpitations?|racing|swallowed|took|taken|overdose\w*|poison\w*|allergic"
    r"|reaction|stung|bitten|burn\w*|injur\w*|fell|hit|broke\w*|worse|worsening|sudden\w*|severe\w*|emergency|urgent\w*"
    r"|danger\w*|dying|die|now|today|tonight|yesterday|since|hours?|minutes?|right away|immediately|hospital|ambulance"
    r"|help me|worried|scared|pregnan\w*|chest|stroke|heart attack|can'?t (?:breathe|move|speak|see|wake)"
    r"|sleepy|limp|floppy|blue|pale|yellow|grey|gray|unresponsive|shak(?:es|ing|y)|stiff|lump|discharge|cough\w*|diarrh\w*"
    r"|dehydrat\w*|crying|won'?t|stopped|trouble|difficult\w*|cramps?|bloody|clots?|infected|suicid\w*|self-harm"
    r"|miscarr\w*|contractions|panic\w*"
    r"|not (?:breathing|eating|drinking|moving)|what (?:should|do|can) (?:i|we) do|feel\w*)\b",
    re.IGNORECASE,
)


def without_asker(question: str, query: Query) -> str:
    """Return the words of a question by which it may be about someone at hand; "" if it asks for knowledge alone.

    "My letter says he has synophrys: what is that?" and "How can I prevent ...?" are about nobody in danger. In other
    languages than English only questions of prevention are recognised.
    """
    if query.intent == Intent.PREVENTION:
        return _ASKER.sub(" ", question)
    if query.language != "en" or query.intent in _OF_STATES or _ACUTE.search(question):
        return question
    return ""
