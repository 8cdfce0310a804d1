"""Questions about what is to be done, whose words alone read as questions about a disease."""

import re

# "How often should sodium be checked in ...?": an interval, not how common the disease is
_INTERVAL = re.compile(
    r"\bhow (?:often|frequently|regularly) (?:should|must|shall|can|may|do (?:i|we|you)|does one|is|are)\b[^?]*"
    r"\b(?:check|measur|monitor|review|repeat|scan|test|screen|weigh|examin|need|chang|follow|assess|record|observ)\w*",
    re.IGNORECASE,
)
# "Bridge a patient with AF and a stroke?": an order to confirm, not findings in search of a diagnosis
_ORDER = re.compile(
    r"^\W*(?:(?:so|ok|and|please|do (?:i|we)|should (?:i|we)) )*(?:bridge|give|start|stop|hold|continue|anticoagulate"
    r"|transfuse|admit|refer|discharge|scan|ventilate|intubate|cardiovert|thrombolyse|operate|treat|use|repeat|restart"
    r"|withhold|omit|reverse|sedate|catheteri[sz]e|isolate|vaccinate)\b",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"\b(?:can|may|could|should|is it (?:ok\w*|safe|fine) for) (?:she|he|they|it|we|i|my \w+|the \w+|her|him|them) "
    r"(?:to )?(?:still )?(?:have|take|use|get|be given|receive)\b",
    re.IGNORECASE,
)
_DESCENT = re.compile(
    r"\b(?:inherit\w*|hered\w*|genes?|genetic\w*|pass(?:es|ed)? (?:it|on|down|this)|carri\w+|chances?|risk|born)\b",
    re.IGNORECASE,
)


def asks_interval(text: str) -> bool:
    """Say whether a question asks how often something is to be done."""
    return bool(_INTERVAL.search(text))


def is_order(text: str) -> bool:
    """Say whether a question begins with an act to confirm ("Admit a patient with ...?")."""
    return bool(_ORDER.match(text))


def asks_permission(text: str) -> bool:
    """Say whether a question asks if somebody may have a drug, and nothing of descent."""
    return bool(_PERMISSION.search(text)) and not _DESCENT.search(text)
