"""Passages that speak to a language model. Nothing in such a passage supports a sentence, and it is reported."""

import base64
import binascii
import re
import unicodedata
from functools import lru_cache

from clinweave.knowledge.citations.patterns import instructions

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_ORDERS = instructions()
_ENCODED = re.compile(
    r"(?<![\w/+])(?:[A-Za-z0-9+/]{20,}={0,2}|(?:[0-9a-fA-F]{2}[\s:]?){16,}|(?:%[0-9a-fA-F]{2}){8,}|(?:\\x[0-9a-fA-F]{2}){6,}|(?:\\u[0-9a-fA-F]{4}){6,}|(?:&#x?[0-9a-fA-F]{2,5};){6,})(?![\w/+])"
)
_SQUEEZED = re.compile(
    r"(?:ignore|disregard|forget|override)(?:all|any|the|your|every)*(?:previous|prior|above|earlier|preceding|of|these|other)*(?:instructions?|rules|prompts?|guidelines|directions)"
    r"|systemprompt|youarenow|donotfollow(?:your|the)",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LOOKALIKES = str.maketrans("аеорсухіѕјԁһӏοαερτυνικ", "aeopcyxisjdhloaeptuvik")


@lru_cache(maxsize=2048)
def gives_orders(text: str) -> bool:
    """Tell whether a text speaks to a language model ("ignore previous instructions"), in any script or disguise."""
    if not text:
        return False
    if _TAGS.search(text) or _ORDERS.search(text):
        return True
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if shown != text and (_ORDERS.search(shown) or _SQUEEZED.search(_letters(shown))):
        return True
    latin = shown.lower().translate(_LOOKALIKES)
    if latin != shown.lower() and _ORDERS.search(latin):
        return True
    if _SQUEEZED.search(_letters(latin)) or _SQUEEZED.search(_letters(latin.translate(_LEET))):
        return True
    return any(_written_text(match.group()) for match in _ENCODED.finditer(shown))


def _letters(text: str) -> str:
    """Return the letters alone: "i g n o r e" and "i.g.n.o.r.e" as "ignore"."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z]", "", plain)


def _written_text(piece: str) -> bool:
    """Tell whether a stretch is written text in base64, hexadecimal or an escape: a guideline has none."""
    if re.match(r"(?:%|\\x|\\u|&#)", piece):
        return True
    packed = re.sub(r"[\s:]", "", piece)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", packed) and _readable(bytes.fromhex(packed)):
        return True
    try:
        return _readable(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError):
        return False


def _readable(data: bytes) -> bool:
    """Tell whether bytes are text with spaces or letters throughout."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(text) >= 8 and sum(letter.isalpha() or letter in " .,:!?'-\n" for letter in text) >= 0.9 * len(
        text
    )
