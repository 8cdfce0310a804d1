"""Signs of clinical shorthand written out at equal length: "-ve" is "neg", "(+)" is "yes", "+/-" is a cue of doubt,
and an empty box is "no"."""

import re

_PLAIN = {
    "(-)": " no",
    "(\u2013)": " no",
    "(\u2212)": " no",
    "(+)": "yes",
    "[-]": " no",
    "[+]": "yes",
    "(?)": "unc",
    "+/-": "unc",
    "-/+": "unc",
}
_VE = re.compile(r"([-+\u2013\u2212])ve\b")
_AFTER = re.compile(r"(?<=\w) [-+](?=[,;.])")  # "vomiting +, fever -"
_BOXES = re.compile(
    r"^[ \t]*(?:[-*\u2022] )?\[[ xX]\] .*$", re.MULTILINE
)  # a form: each box stands before its item
_BOX = re.compile(r"\[([ xX])\](?= )")
_EMPTY = re.compile(r":\s[-\u2013\u2212](?=[\s,;.]|$)")  # "Fever: -"


def written_out(text: str) -> str:
    """Return `text` with signs of presence, absence and doubt as words; offsets stay as they are."""
    for sign, word in _PLAIN.items():
        if sign in text:
            text = text.replace(sign, word)
    if "ve" in text and any(f"{sign}ve" in text for sign in "-+\u2013\u2212"):
        text = _VE.sub(_word, text)
    if any(f" {sign}{stop}" in text for sign in "-+" for stop in ",;."):
        text = _AFTER.sub(_value, text)
    if "[ ] " in text:
        text = _BOXES.sub(lambda line: _BOX.sub(lambda box: ";no" if box[1] == " " else ";  ", line[0]), text)
    if any(f": {sign}" in text for sign in "-\u2013\u2212"):
        text = _EMPTY.sub(" no", text)
    return text


def _word(sign: re.Match[str]) -> str:
    before = sign.string[max(0, sign.start() - 1) : sign.start()]
    return sign[0] if before.isalnum() else "pos" if sign[1] == "+" else "neg"


def _value(sign: re.Match[str]) -> str:
    return "=y" if sign[0] == " +" else "=n"
