"""Text to normalised tokens that remember where they stood in the original, whole texts at a time with NumPy.

One code path serves both the dictionary's names and the texts: they can only agree. A token is a run of
letters and digits after folding: lower case, Unicode compatibility forms (NFKD without combining marks, UAX #15),
Greek letters by name, typographic hyphens and apostrophes as ASCII, possessive 's dropped, the ligature spellings
ae/oe as e, and a light plural stem.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.line_breaks import ends_line, goes_on

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SEPARATOR = "\n\x1e\n"  # between the texts of one batch: ends every sentence and every match
_SPACE = 32
_APOSTROPHES = "\u2018\u2019\u02bc\u02b9\u2032\u00b4\uff07"
_STOPS = {
    "\u3002": ".",
    "\u2026": ".",
    "\u2028": "\x1e",
    "\u2029": "\x1e",
    "\u2022": "\x1e",
    "\u25aa": "\x1e",
}


def _table(members: str) -> Flags:
    flags = np.zeros(256, np.bool_)
    flags[[ord(character) for character in members]] = True
    return flags


_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[65:91] += 32
_WORD = _table("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD[128:] = True  # UTF-8 bytes of letters that have no ASCII form
_LETTER = _table("abcdefghijklmnopqrstuvwxyz")
_BLANK = _table(" \t\n\r\x0b\x0c\x1e\x00")
_ENDS_MATCH = _table(".;:!?")
_ENDS_SENTENCE = _table(".!?;")
_COMMA = _table(",")
_BRACKET = _table("()[]")
_ENDS_LINE = _table("\n\r-*#")
_ENDS_CLAUSE = _ENDS_MATCH | _COMMA | _BRACKET | _table("\n\x1e")


def mix(values: Hashes) -> Hashes:
    """Return well-spread 64-bit hashes of 64-bit values (the finaliser of splitmix64, Steele et al. 2014)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


_OF_BYTE = mix(np.arange(1, 257, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
_OF_BYTE[_SPACE] = 0
_OF_PLACE = mix(np.arange(1, 65, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)) | np.uint64(1)
_AT_PLACE = (_OF_PLACE[:, None] * _OF_BYTE[None, :]).ravel()  # of a byte at a place within its token

_NAME = 80  # characters of a short text
_THORACES = 7  # letters: "thoraces", "pneumothoraces"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one or several joined texts. All arrays but `buffer` have one entry per token."""

    buffer: Bytes  # the normalised tokens, each followed by one space
    first: Ints  # where a token starts in `buffer`
    last: Ints  # where it ends, exclusive
    start: Ints  # offset of its first character in the original (code points, as in a str)
    end: Ints  # offset after its last character, plural ending included
    clause: Ints  # a segment's stretch between commas
    segment: (
        Ints  # a match stays within one value: changes after . ; : ! ? and where a line ends (line_breaks.py)
    )
    sentence: Ints  # changes after . ; ! ? and at the end of a line
    hash: Hashes
    capital: Flags  # the token's first character is an upper-case ASCII letter or not ASCII
    # words of all tokens, once one was asked for
    _words: list[str] = field(default_factory=list, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.first)

    def words(self, begin: int, end: int) -> list[str]:
        """Return the normalised forms of the tokens `begin` to `end` (exclusive)."""
        if begin >= end:
            return []
        if not self._words:
            self._words.extend(self.buffer.tobytes().decode("utf-8", "replace").split(" "))
        return self._words[begin:end]


def join(texts: Sequence[str]) -> tuple[str, Ints]:
    """Return the texts as one, and the offset at which each starts (one more entry: the end)."""
    lengths = np.fromiter((len(text) + len(SEPARATOR) for text in texts), np.int64, len(texts))
    return SEPARATOR.join(texts), np.concatenate([[0], np.cumsum(lengths)])


def tokenise(text: str) -> Tokens:
    """Return the tokens of any Unicode text (control characters and lone surrogates included); linear time."""
    folded, origin, capital = _fold(text)
    word = _WORD[folded]
    word &= ~_possessive(folded, word)
    edges = np.flatnonzero(np.diff(word, prepend=False, append=False))
    begin, end = edges[::2], edges[1::2]
    clause, segment, sentence = (np.searchsorted(border, begin) for border in _borders(folded, capital))
    starts = begin if origin is None else origin.offsets(begin)
    ends = end if origin is None else origin.offsets(end - 1) + 1
    capitals = capital[begin]
    _stem(folded, word, begin, end)
    buffer, first, last = _compact(folded, word, begin)
    return Tokens(
        buffer, first, last, starts, ends, clause, segment, sentence, _hashes(buffer, first), capitals
    )


def normal_form(text: str) -> str:
    """Return the normalised tokens of `text`, separated by spaces."""
    return " ".join(words_of(text))


def words_of(text: str) -> list[str]:
    """Return the normalised tokens of `text`."""
    return list(_words_of_name(text)) if len(text) <= _NAME else _words(text)


def _words(text: str) -> list[str]:
    tokens = tokenise(text)
    return tokens.words(0, len(tokens))


@lru_cache(maxsize=1 << 14)
def _words_of_name(text: str) -> tuple[str, ...]:
    """Return the tokens of a short text: a question reads the same names and phrases hundreds of times."""
    return tuple(_words(text))


def hashes_of(words: Sequence[str]) -> Hashes:
    """Return the hashes of tokens that are normalised already."""
    raw = [word.encode() + b" " for word in words]
    size = np.fromiter(map(len, raw), np.int64, len(raw))
    begin: Ints = np.cumsum(size) - size
    return _hashes(np.frombuffer(b"".join(raw), np.uint8), begin)


def _fold(text: str) -> "tuple[Bytes, _Origin | None, Flags]":
    """Return folded bytes, where each stood in the original (None: where it is), and whether each is a capital."""
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        return _LOWER[codes], None, (codes >= 65) & (codes <= 90)
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    odd = np.flatnonzero(wide >= 128)
    kinds, which = np.unique(wide[odd], return_inverse=True)
    forms = [_folded_character(int(code)) for code in kinds]
    sizes = np.array([len(form) for form in forms], np.int64)[which]
    folded = _LOWER[wide.astype(np.uint8)]
    folded[odd] = _SPACE
    capital = (wide >= 65) & (wide <= 90) | (wide >= 128)
    begin, origin = odd, None
    if (sizes != 1).any():
        every = np.ones(len(wide), np.int64)
        every[odd] = sizes
        folded, capital = np.repeat(folded, every), np.repeat(capital, every)
        begin = odd + np.cumsum(sizes - 1) - (sizes - 1)
        origin = _Origin.of(odd, begin, sizes)
    # Group the odd characters by kind in one sort, then write each kind's bytes in place.
    order = np.argsort(which, kind="stable")
    counts = np.bincount(which, minlength=len(kinds))
    for form, starts in zip(forms, np.split(begin[order], np.cumsum(counts)[:-1]), strict=True):
        for shift, byte in enumerate(form):
            folded[starts + shift] = byte
    return folded, origin, capital


class _Origin(NamedTuple):
    """Where folded bytes stood in the original: the characters that have not one byte each, by place."""

    original: Ints  # their offsets
    begin: Ints  # of their first byte
    end: Ints  # of their last byte, exclusive
    shift: Ints  # the offset in the folded bytes less that in the original, of what follows

    @classmethod
    def of(cls, original: Ints, begin: Ints, sizes: Ints) -> "_Origin":
        """Return the characters at offsets `original`, whose `sizes` bytes begin at `begin`."""
        rows = np.flatnonzero(sizes != 1)
        return cls(original[rows], begin[rows], (begin + sizes)[rows], np.cumsum(sizes - 1)[rows])

    def offsets(self, folded: Ints) -> Ints:
        """Return the original offsets of folded bytes."""
        last = np.searchsorted(self.begin, folded, side="right") - 1
        row = np.maximum(last, 0)
        shifted = folded - np.where(last >= 0, self.shift[row], 0)
        return np.asarray(np.where((last >= 0) & (folded < self.end[row]), self.original[row], shifted))


@lru_cache(maxsize=65536)
def _folded_character(code: int) -> bytes:
    """Return the bytes that stand for one non-ASCII character: none for a mark, its ASCII form where it has one."""
    character = chr(code)
    if 0xD800 <= code <= 0xDFFF:
        return b" "
    if character in _APOSTROPHES:
        return b"'"
    if character in _STOPS:
        return _STOPS[character].encode()
    plain = "".join(
        part
        for part in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        if not unicodedata.combining(part)
    )
    return b"".join(_folded_part(part) for part in plain)


def _folded_part(part: str) -> bytes:
    kind = unicodedata.category(part)
    name = unicodedata.name(part, "")
    if name.startswith("GREEK SMALL LETTER "):
        # Set apart by spaces: the names "IFN\u03b1" and "IFN-alpha" meet.
        return f" {name.split()[3].lower()} ".encode()
    if part.isascii():
        return part.encode()
    if kind in {"Mn", "Me", "Cf"}:
        return b""
    if kind[0] == "L" or kind == "Nd":
        return {"\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0142": "l"}.get(part, part).encode()
    return b"-" if kind == "Pd" else b" "


def _possessive(folded: Bytes, word: Flags) -> Flags:
    """Return flags of each s that follows a word and an apostrophe and ends there (Marfan's)."""
    mask = np.zeros(len(folded), np.bool_)
    if len(folded) < 3:
        return mask
    after = np.append(~word[3:], True) if len(folded) > 3 else np.array([True])
    mask[2:] = (folded[2:] == ord("s")) & (folded[1:-1] == ord("'")) & word[:-2] & after[: len(folded) - 2]
    return mask


def _borders(folded: Bytes, capital: Flags) -> tuple[Ints, Ints, Ints]:
    """Return the places after which a new clause, a new match segment, and a new sentence begins."""
    marks = np.flatnonzero(_ENDS_CLAUSE[folded])
    after = folded[np.minimum(marks + 1, len(folded) - 1)] if len(marks) else folded[:0]
    kind = folded[marks]
    # A new line ends the sentence before a blank line or a list item, and where the line was ended on purpose.
    new_line = kind == ord("\n")
    line = new_line & _ENDS_LINE[after]
    breaks = np.flatnonzero(new_line & ~line)
    line[breaks] = ends_line(folded, capital, marks[breaks].tolist())
    # . ; : ! ? end it before a blank, but for the full stop of an abbreviation.
    before_blank = _BLANK[after] | (marks == len(folded) - 1)
    stops = np.flatnonzero((kind == ord(".")) & before_blank)
    before_blank[stops[goes_on(folded, capital, marks[stops])]] = False
    before_blank |= _glued(folded, capital, marks, kind)
    hard = (kind == 0x1E) | line
    sentence = hard | (_ENDS_SENTENCE[kind] & before_blank)
    segment = hard | (_ENDS_MATCH[kind] & before_blank)
    clause = segment | (_COMMA[kind] & before_blank) | _BRACKET[kind]
    return marks[clause], marks[segment], marks[sentence]


def _glued(folded: Bytes, capital: Flags, marks: Ints, kind: Bytes) -> Flags:
    """Return which stops, semicolons and commas a hasty writer set without a blank ("scoliosis.No", "fever,cough").

    Three small letters stand before, a capital and a small letter follow a stop, three small letters the others.
    """
    inner = np.flatnonzero(((kind == ord(".")) | (kind == ord(";")) | (kind == ord(","))) & (marks >= 3))
    inner = inner[marks[inner] + 3 < len(folded)]
    place = marks[inner]

    def small(at: Ints) -> Flags:
        return _LETTER[folded[at]] & ~capital[at]

    glued = small(place - 1) & small(place - 2) & small(place - 3) & small(place + 2)
    glued &= np.where(
        kind[inner] == ord("."),
        capital[place + 1] & _LETTER[folded[place + 1]],
        small(place + 1) & small(place + 3),
    )
    flags = np.zeros(len(marks), np.bool_)
    flags[inner[glued]] = True
    return flags


def _stem(folded: Bytes, word: Flags, begin: Ints, end: Ints) -> None:
    """Take plural endings off, in place: -ies to -y, -es after a hiss, -s but not -ss, -us, -is.

    Also -oraces to -orax, and -ae to -a but for species.
    """
    size = end - begin
    latin = np.flatnonzero((size > 4) & (folded[end - 1] == ord("e")))  # vertebrae: vertebra
    latin = end[latin[folded[end[latin] - 2] == ord("a")]]
    # Species keep theirs: Streptococcus pneumoniae, Haemophilus influenzae and C. diphtheriae are no diseases.
    third, fourth, fifth = folded[latin - 3], folded[latin - 4], folded[latin - 5]
    named = (third == ord("i")) & (fourth == ord("n")) & (fifth == ord("o"))
    named |= (third == ord("i")) & (fourth == ord("r")) & (fifth == ord("e"))
    word[latin[~named & (third != ord("z"))] - 1] = False
    candidates = np.flatnonzero((size > 3) & (folded[end - 1] == ord("s")))
    if not len(candidates):
        return
    stop = end[candidates]
    second, third, fourth = folded[stop - 2], folded[stop - 3], folded[stop - 4]
    plural_e = second == ord("e")
    ies = plural_e & (third == ord("i")) & (size[candidates] > 4)
    hiss = (third == ord("h")) & ((fourth == ord("c")) | (fourth == ord("s")))
    hiss |= (third == ord("x")) | ((third == ord("s")) & (fourth == ord("s")))
    hiss &= plural_e
    keeps_s = (second == ord("s")) | (second == ord("u")) | (second == ord("i"))
    folded[stop[ies] - 3] = ord("y")
    # Pneumothoraces: pneumothorax.
    thoraces = plural_e & (third == ord("c")) & (fourth == ord("a")) & (size[candidates] > _THORACES)
    thoraces[thoraces] &= folded[stop[thoraces] - 5] == ord("r")
    folded[stop[thoraces] - 3] = ord("x")
    word[stop[~keeps_s] - 1] = False
    word[stop[ies | hiss | thoraces] - 2] = False


def _compact(folded: Bytes, word: Flags, begin: Ints) -> tuple[Bytes, Ints, Ints]:
    """Return the tokens' bytes with one space after each, and where each token starts and ends there."""
    if not len(begin):
        return np.zeros(0, np.uint8), begin, begin
    keep = word.copy()
    following = np.append(word[1:], False)
    keep &= ~(
        ((folded == ord("a")) | (folded == ord("o"))) & np.append(folded[1:] == ord("e"), False) & following
    )
    after = np.append(False, word[:-1]) & ~word  # the byte after a token becomes its space
    offsets = np.cumsum(keep | after)
    first: Ints = offsets[begin] - keep[begin]
    taken = np.where(word, folded, _SPACE)[keep | after]
    buffer = np.append(taken, np.uint8(_SPACE)) if word[-1] else taken
    last = np.append(first[1:], len(buffer)) - 1
    return buffer.astype(np.uint8, copy=False), first, last


def _hashes(buffer: Bytes, first: Ints) -> Hashes:
    """Return a 64-bit hash of each token. Equal hashes are a hint: matches are compared byte by byte."""
    if not len(first):
        return np.zeros(0, np.uint64)
    size = np.diff(first, append=len(buffer))
    at = np.arange(len(buffer))
    at -= np.repeat(first, size)
    at &= 63
    at <<= 8
    at |= buffer
    sums: Any = np.add.reduceat(_AT_PLACE[at], first)
    return mix(sums ^ size.astype(np.uint64))
