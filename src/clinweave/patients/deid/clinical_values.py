"""Clinical values that look like dates, ages or telephone numbers: they are never changed.

"Strength 4/5", "murmur 2/6", "24 2/7 weeks" and "1/2 tablet" have the form of a day and month; "T 98 F" that of an age.
"""

# ruff: noqa: E501 - a regular expression is one line
import re
from collections.abc import Iterator

_SCALE = (
    r"strength|power|motor|reflex(?:es)?|DTRs?|jerks?|murmur|SEM|pain|apgars?|GCS|coma scale|MMSE|MoCA|VAS|NRS|PHQ-?\d?|GAD-?\d?|scores?|scored|scale|"
    r"grade[ds]?|EF|pulses?|edema|oedema|ascites|nodes?|cores?|bottles?|cultures?|sensation|tone|acuity|vision|ratio|titers?|titres?|dose|half|"
    r"tablets?|tabs?|pills?|positive|negative|severity|intensity|rated|rates|rating|biopsies|samples?|segments?|criteria|effort|"
    r"extremit(?:y|ies)|limbs?|arms?|legs?|deltoids?|biceps|triceps|quadriceps|hamstrings?|grip|iliopsoas|dorsiflexion|RUE|LUE|RLE|LLE|UE|LE|"
    r"concentration|strain|gauge|volume|teaspoons?|cups?|patellar?|Achilles|ankles?|knees?|orientation|oriented|recall|AAOx?|attention"
)
_AFTER = (
    r"weeks?|wks?|days|tablets?|tabs?|caps(?:ules)?|pills?|bottles?|sets?|nodes?|lymph|cores?|murmur|SEM|systolic|diastolic|strength|power|motor|"
    r"NS|normal saline|saline|sternal|positive|negative|pos|neg|of|dose[sd]?|pulses?|reflex(?:es)?|throughout|bilaterally|hours?|hrs?|mg|mcg|g|mL|%|"
    r"quadrants?|fields?|samples?|specimens?|responses?|sites?|limbs?|extremit|criteria|pain|daily|bid|tid|qid|qd|qhs|prn|PO|by mouth|every|per|"
    r"teaspoons?|tsp|cups?|inch(?:es)?|in(?= (?:all|both|the (?:left|right|upper|lower)))|on (?:the )?(?:left|right)|strain|thirds?|recall|words|items|points?|teeth|"
    r"apgars?|edema|oedema|with (?:ROM|resistance)|full|intact|symmetric|equal|grade|and (?:symmetric|equal|intact)"
)
_FRACTION = r"\d{1,2}\+?/\d{1,2}(?![\d/]|\.\d)"
_VALUES = (
    # a scale up to 40 characters before, in the same sentence
    re.compile(rf"\b(?:{_SCALE})\b(?:(?![.;\n]\s)[^;\n]){{0,40}}?(?<![\d/.])(?P<it>{_FRACTION}(?:\s*(?:,|and|to|or|then|before|after|&|[-\u2013])\s*{_FRACTION})*)", re.IGNORECASE),
    # what is counted stands behind
    re.compile(rf"(?<![\d/.])(?P<it>{_FRACTION})[\s-]*(?:{_AFTER})(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<![\d/.])(?P<it>{_FRACTION}\s*(?:,|and|to|or|[-\u2013])\s*{_FRACTION})[\s-]*(?:{_AFTER})(?!\w)", re.IGNORECASE),
    # what is counted, in the plural: "4/5 on 3/4 trials"; not "3/4 labs" or a verb
    re.compile(rf"(?<![\d/.])(?P<it>{_FRACTION}) (?!labs|was|is|has|his|does|this|us|as|shows|notes|plus|says|needs|visits|x-?rays|results|minus)[a-z]{{3,}}s\b(?! (?:show|were|are|pending))"),
    # weeks and days of gestation, mixed numbers, visual acuity, blood pressure, discs
    re.compile(r"(?<![\d/.])(?P<it>[1-4]?\d[ +][0-6]/7)(?![\d/])"),
    re.compile(r"(?<![\d/.])(?P<it>\d{1,3} (?:1/2|1/4|3/4|1/3|2/3))(?![\d/])"),
    re.compile(r"(?<![\d/.])(?P<it>20/\d{2,3})(?![\d/])"),
    re.compile(r"\b[CTLS](?P<it>\d{1,2}[-/](?:[CTLS])?\d{1,2})\b"),
    # temperatures
    re.compile(r"\b(?:T|Tm|Tmax|temp(?:erature)?|febrile|fever)\b[^\n.;]{0,12}?(?P<it>\d{2,3}(?:\.\d)?\s?\u00b0?\s?[FC])\b", re.IGNORECASE),
    re.compile(r"(?P<it>\d{2,3}(?:\.\d)?\s?\u00b0\s?[FC]?)\b"),
    re.compile(r"(?P<it>\d{2,3}(?:\.\d)?\s?\u00b0?\s?C\b\s?[(/,]?\s?\d{2,3}(?:\.\d)?\s?\u00b0?\s?F\b)"),
    re.compile(r"(?P<it>\d{2,3}(?:\.\d)?\s?\u00b0?\s?F\b\s?[(/,]?\s?\d{2,3}(?:\.\d)?\s?\u00b0?\s?C\b)"),
    # measured numbers: a value with its unit, a range, a dimension, a titre
    re.compile(r"(?P<it>\b\d+(?:[.,]\d+)?(?:\s*[-\u2013x\u00d7]\s*\d+(?:[.,]\d+)?){0,2}\s*(?:mg|mcg|\u00b5g|ug|ng|pg|g|kg|mL|ml|dL|L|l|mmol|\u00b5mol|umol|mEq|meq|IU|units?|U|mm|cm|Hz|bpm|mmHg|%|cells|copies|kcal|joules?)\b(?:\s*/\s*[\w.\u00b2\u00b3]+)?)"),
    re.compile(r"\b(?P<it>1\s?:\s?\d{1,5})\b"),
)  # fmt: skip


def clinical_values(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the values in a note that look like something else and must stay as they are."""
    for pattern in _VALUES:
        for match in pattern.finditer(text):
            yield match.span("it")
