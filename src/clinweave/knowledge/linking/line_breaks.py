"""Where a line of a clinical note ends a sentence, and where a full stop does not."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_WRAPPED = 45  # characters: a shorter line was ended on purpose
_SENTENCE = 1000  # characters of a wrapped sentence
# A sentence goes on after a line that ends in one of these, and before a line that begins with one.
_OPEN = frozenset(
    b"and or nor of the a an with without for in on to by from any his her their no is was are were has had "
    b"denies denied including about as that which at than into between".split()
)
_JOINING = frozenset(b"and or nor but with of".split())
_ITEM = re.compile(rb"\(?(?:\d{1,3}|[a-z])[.)]\s")
_FIRST = re.compile(rb"[a-z]+")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_PARAGRAPH_END = re.compile(rb"\n\s*\n|\x1e")
_FULL_STOP = re.compile(rb"[.!?;](?:[\s\x1e]|$)")
# A full stop after these ends no sentence: always; before "for"; before a lower-case letter.
_ALWAYS = ("dr", "mr", "mrs", "prof", "vs", "poss", "prob", "susp", "approx", "e.g", "i.e", "eg", "ie")
_BEFORE_FOR = ("neg", "pos")
_BEFORE_LOWER = (
    "pt",
    "pts",
    "hx",
    "fx",
    "cf",
    "incl",
    "assoc",
    "bilat",
    "resp",
    "hosp",
    "fam",
    "mat",
    "pat",
    "hist",
)


def ends_line(
    folded: NDArray[np.uint8], capital: NDArray[np.bool_], breaks: Iterable[int]
) -> NDArray[np.bool_]:
    """Return which of the line breaks (offsets in the lower-case bytes, by place) end a sentence.

    A break inside a wrapped paragraph does not: after a comma or a word that needs another, before "and", or where a
    long line goes on in lower case and a full stop follows.
    """
    raw = folded.tobytes()
    return np.fromiter((_ends(raw, capital, offset) for offset in breaks), np.bool_)


def _ends(raw: bytes, capital: NDArray[np.bool_], offset: int) -> bool:
    begin, stop = raw.rfind(b"\n", 0, offset) + 1, raw.find(b"\n", offset + 1)
    line, following = raw[begin:offset].rstrip(), raw[offset + 1 : stop if stop >= 0 else len(raw)]
    after = following.lstrip()
    if not line or not after or line[-1] in b".!?;:" or _ITEM.match(after):
        return True
    return not _open_ended(line) and not _continued(raw, capital, offset, len(line), following)


def _open_ended(line: bytes) -> bool:
    """Say whether a line ends in a comma or a word that needs another, and not in an answer ("Allergies: no")."""
    if line[-1] == ord(","):
        return True
    before = line.rstrip(_LETTERS)
    if line[len(before) :] not in _OPEN or before[-1:] not in {b"", b" "}:
        return False
    return before.rstrip()[-1:] not in {b":", b"-", b"=", b"?", b"|"}


def _continued(raw: bytes, capital: NDArray[np.bool_], offset: int, length: int, following: bytes) -> bool:
    """Say whether the next line goes on with the sentence of this one, of `length` characters."""
    after = following.lstrip()
    if capital[offset + 1 + len(following) - len(after)]:
        return False
    first = _FIRST.match(after)
    if first and first[0] in _JOINING:
        return True
    if length < _WRAPPED:
        return False
    stop = _FULL_STOP.search(raw, offset + 1, offset + _SENTENCE)
    return stop is not None and _PARAGRAPH_END.search(raw, offset + 1, stop.start()) is None


def goes_on(
    folded: NDArray[np.uint8], capital: NDArray[np.bool_], stops: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of the full stops (offsets in the lower-case bytes) belong to an abbreviation, as in "Neg. for"."""
    result = np.zeros(len(stops), np.bool_)
    if not len(stops):
        return result
    packed = np.zeros(len(stops), np.uint64)  # the seven bytes before the full stop, the last one lowest
    for back in range(7, 0, -1):
        packed = (packed << np.uint64(8)) | folded[np.maximum(stops - back, 0)].astype(np.uint64)
    follows = np.minimum(stops + 2, len(folded) - 1)
    lower = (folded[follows] >= ord("a")) & (folded[follows] <= ord("z")) & ~capital[follows]
    is_for = (
        lower & (folded[follows] == ord("f")) & (folded[np.minimum(stops + 3, len(folded) - 1)] == ord("o"))
    )
    for words, allowed in ((_ALWAYS, None), (_BEFORE_FOR, is_for), (_BEFORE_LOWER, lower)):
        for word in words:
            same = _ends_in(packed, stops, word)
            result |= same if allowed is None else same & allowed
    return result


def _ends_in(packed: NDArray[np.uint64], stops: NDArray[np.int64], word: str) -> NDArray[np.bool_]:
    """Return where the bytes before the full stop end in `word` and no letter stands before it."""
    size = 8 * len(word)
    value = int.from_bytes(word.encode(), "big")
    same = (packed & np.uint64((1 << size) - 1)) == np.uint64(value)
    before = (packed >> np.uint64(size)) & np.uint64(0xFF)
    inside = (before >= ord("a")) & (before <= ord("z")) & (stops > len(word))
    return np.asarray(same & ~inside & (stops >= len(word)))
