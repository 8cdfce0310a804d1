"""Clinical shorthand: signs written out at equal length, and short forms that a text does not define.

"-ve" is "neg". "PS" near a murmur is a stenosis of a valve: a form is read by the words of its field around it
(clinical_abbreviations.toml). A form of two letters, or one with several meanings, is left out where no such word
supports it or two fields tie.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.abbreviations import definitions
from clinweave.knowledge.linking.bag_of_words import DEFINED, SHORT_FORM
from clinweave.knowledge.linking.dictionary import HashSet
from clinweave.knowledge.linking.normalise import Flags, Ints, Tokens, hashes_of, tokenise, words_of
from clinweave.knowledge.linking.selection import Selection
from clinweave.knowledge.linking.vocabulary import Scope, Vocabulary

_AROUND = 150  # tokens on either side that tell the field
_BLOCK = 50  # tokens that share their surroundings
_ANY = "any"
_FINDINGS = frozenset({"HP"})  # elsewhere the learned model of mentions decides
_LONGEST = 5  # letters of a short form
_SHORT = 2  # letters of a form that always needs support


class Text(NamedTuple):
    """A batch: its texts, the same as one, and where each begins there."""

    texts: Sequence[str]
    whole: str
    begins: Ints


class Sense(NamedTuple):
    """One meaning of a form: the field whose words support it, and its names."""

    field: str
    names: tuple[str, ...]


class Forms(NamedTuple):
    """The forms with their senses, the words of each field, and the hashes of the forms."""

    senses: dict[str, tuple[Sense, ...]]
    fields: dict[str, frozenset[str]]
    hashes: HashSet
    words: dict[str, frozenset[str]]  # of the form itself


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Return the listed forms."""
    text = files("clinweave.knowledge.linking").joinpath("clinical_abbreviations.toml").read_text("utf-8")
    table = tomllib.loads(text)
    senses = {form: tuple(map(_sense, rows)) for form, rows in table["forms"].items()}
    fields = {name: frozenset(words_of(words)) for name, words in table["fields"].items()}
    hashes = HashSet(hashes_of([word for form in senses for word in words_of(form)]))
    return Forms(senses, fields, hashes, {form: frozenset(words_of(form)) for form in senses})


def with_short_forms(
    text: Text, tokens: Tokens, picked: Selection, vocabulary: Vocabulary, scope: Scope
) -> Selection:
    """Return the matches with the short forms that the words around them explain, and without unsupported ones.

    What a document defines itself (abbreviations.py) is left as it is.
    """
    table, context = forms(), _Context(text, tokens)
    full = _named_in_full(text.begins, tokens, picked, vocabulary)
    gone = _unsupported(tokens, picked, vocabulary, full)
    if scope.row is not None and not set(scope.prefixes) & _FINDINGS:
        return picked.without(gone)
    meanings: dict[tuple[str, ...], tuple[int, int, float] | None] = {}
    added: list[tuple[int, int, int, float]] = []  # token, sense, key, score
    stops = (picked.first + picked.size).tolist()
    for token, form in context.forms():
        row = int(np.searchsorted(picked.first, token, side="right")) - 1
        covered = row >= 0 and stops[row] > token
        if covered and (picked.size[row] > 1 or picked.how[row] == DEFINED or full[row]):
            continue
        sense = _chosen(table, form, context.words(token) - table.words[form])
        names = sense.names if sense else ()
        if names not in meanings:
            meanings[names] = _looked_up(names, vocabulary, scope)
        meant = meanings[names]
        if covered and (meant is not None or _needs_support(table, form)):
            gone.add(row)
        if meant is not None:
            added.append((token, *meant))
    stay = picked.without(gone)
    if not added:
        return stay
    first_token, sense_, key = np.array([row[:3] for row in added], np.int64).reshape(-1, 3).T
    score = np.array([row[3] for row in added], np.float64)
    return stay.joined(
        Selection(
            first_token, np.ones_like(first_token), sense_, key, score, np.full(len(first_token), SHORT_FORM)
        )
    )


class _Context:
    """The short forms of a batch, what its documents define, and the words of fields near a token."""

    def __init__(self, text: Text, tokens: Tokens) -> None:
        self.text, self.tokens = text, tokens
        self._defined: dict[int, set[str]] = {}
        self._around: dict[tuple[int, int], frozenset[str]] = {}
        self._words = frozenset().union(*forms().fields.values())

    def forms(self) -> Iterator[tuple[int, str]]:
        """Yield the token and spelling of each listed form that its document does not define."""
        table, tokens, whole = forms(), self.tokens, self.text.whole
        for token in np.flatnonzero(table.hashes.holds(tokens.hash) & tokens.capital).tolist():
            start, end = int(tokens.start[token]), int(tokens.end[token])
            form = whole[start:end]
            if form not in table.senses or _no_finding(whole, start, end):
                continue
            document = self._document(token)
            if document not in self._defined:
                self._defined[document] = {item.short for item in definitions(self.text.texts[document])}
            if form not in self._defined[document]:
                yield token, form

    def words(self, token: int) -> frozenset[str]:
        """Return the words of any field near a token, within its document."""
        block = self._document(token), token // _BLOCK
        if block not in self._around:
            bounds = self.text.begins[block[0] : block[0] + 2]
            low, high = np.searchsorted(self.tokens.start, bounds).tolist()
            first = block[1] * _BLOCK
            words = self.tokens.words(max(low, first - _AROUND), min(high, first + _BLOCK + _AROUND))
            self._around[block] = self._words.intersection(words)
        return self._around[block]

    def _document(self, token: int) -> int:
        return int(np.searchsorted(self.text.begins, self.tokens.start[token], side="right")) - 1


_IMAGE = re.compile(
    r"[ -](?:angio\w*|imaging|images?|veno\w*|scans?|spectroscopy|enterography|cholangio\w*|intervals?|segments?|"
    r"\d+ ?ms\b)",
    re.IGNORECASE,
)


def _sense(row: str) -> Sense:
    field, _, names = row.partition(":")
    return Sense(field.strip(), tuple(name.strip() for name in names.split("|")))


def _needs_support(table: Forms, form: str) -> bool:
    return len(form) <= _SHORT or len(table.senses[form]) > 1


def _no_finding(whole: str, start: int, end: int) -> bool:
    """Say whether the form heads a line ("PE: ..."), is part of a code ("PS-1"), or a measure ("PR 224 ms")."""
    if _IMAGE.match(whole, end):
        return True
    if (
        whole[end : end + 1] == ":"
        and whole[max(0, start - 8) : start].rpartition("\n")[2].strip(" -*") == ""
    ):
        return True
    return (whole[end : end + 1] == "-" and whole[end + 1 : end + 2].isalnum()) or (
        whole[max(0, start - 1) : start] == "-" and whole[max(0, start - 2) : start - 1].isalnum()
    )


def _chosen(table: Forms, form: str, words: frozenset[str]) -> Sense | None:
    """Return the sense that the words support best, None where they support none or tie."""
    support = [
        (len(words & table.fields[sense.field]) if sense.field != _ANY else 0, sense)
        for sense in table.senses[form]
    ]
    most = max(count for count, _ in support)
    best = [sense for count, sense in support if count == most]
    if most == 0:
        usual = [sense for sense in best if sense.field == _ANY]
        return usual[0] if usual else None
    return best[0] if len({sense.names for sense in best}) == 1 else None


def _looked_up(names: tuple[str, ...], vocabulary: Vocabulary, scope: Scope) -> tuple[int, int, float] | None:
    """Return the sense, key and score of the first name that the scope knows."""
    for name in names:
        tokens = tokenise(name)
        matches = vocabulary.dictionary.match(tokens)
        whole = matches.key[(matches.first == 0) & (matches.size == len(tokens))]
        if not len(whole):
            continue
        key = int(whole[0])
        sense = int(scope.best[0, key])
        if sense >= 0 and vocabulary.score[sense] >= ranking.MINIMUM:
            score = float(vocabulary.score[sense] - scope.price[vocabulary.concept[sense]])
            return sense, key, min(score, ranking.BASE["abbreviation"])
    return None


def _named_in_full(begins: Ints, tokens: Tokens, picked: Selection, vocabulary: Vocabulary) -> Flags:
    """Return for each match whether its document names its concept by more than a short form elsewhere."""
    last = picked.first + picked.size - 1
    long = tokens.end[last] - tokens.start[picked.first] > _LONGEST
    document = np.searchsorted(begins, tokens.start[picked.first], side="right")
    key = document * (1 << 32) + vocabulary.concept[picked.sense]
    return np.asarray(~long & np.isin(key, key[long]))


def _unsupported(tokens: Tokens, picked: Selection, vocabulary: Vocabulary, full: Flags) -> set[int]:
    """Return the rows of two-letter abbreviations whose concept the document does not name in full."""
    last = picked.first + picked.size - 1
    short = (tokens.end[last] - tokens.start[picked.first] <= _SHORT) & (picked.how != DEFINED) & ~full
    short &= vocabulary.kind[picked.sense] == ranking.KINDS.index("abbreviation")
    return set(np.flatnonzero(short).tolist())


_PLAIN = {
    "(-)": " no",
    "(\u2013)": " no",
    "(\u2212)": " no",
    "(+)": "yes",
    "[-]": " no",
    "[+]": "yes",
    "(?)": "unc",
    " \u2717": "=n",  # crosses and check marks
    " \u2718": "=n",
    " \u2713": "=y",
    " \u2714": "=y",
    "+/-": "unc",
    "-/+": "unc",
}
_VE = re.compile(r"([-+\u2013\u2212])ve\b")
_AFTER = re.compile(r"(?<=\w) [-+](?=[,;.])")  # "vomiting +, fever -"
_BOXES = re.compile(
    r"^[ \t]*(?:[-*\u2022] )?\[[ xX]\] .*$", re.MULTILINE
)  # a form: each box stands before its item
_BOX = re.compile(r"\[([ xX])\](?= )")
# "Fits" are seizures only after such words: "the picture fits".
_FITS = re.compile(
    r"\b(?:no|any|of|his|her|these|those|further|more|several|frequent|febrile|nocturnal|two|three|four|\d+|had|have|has|"
    r"having)\Z",
    re.IGNORECASE,
)
_BEFORE_FITS = 12  # characters that hold the longest of these words
_SEIZURES = re.compile(r" fits\b", re.IGNORECASE)
# "Fever Y  Vomiting N  Rash N": two marks and more in a line answer the words before them.
_MARK = re.compile(r"(?<=[a-z]) ([YN])(?:([ \t])(?=[ \t]{0,20}[A-Z])|(?=[ \t]*$))")
_MARKS = 2
# "Fever: -" at the end of a line, before a stop or before the next field; "Findings: - rash" begins a list.
_EMPTY = re.compile(r":[ \t][-\u2013\u2212](?=[,;.]|[ \t]*(?:[\r\n\x1e]|\Z)|[ \t]+[A-Za-z][\w ]{0,30}:)")


def written_out(text: str) -> str:
    """Return `text` with signs of presence, absence and doubt as words; offsets stay as they are."""
    for sign, word in _PLAIN.items():
        if sign in text:
            text = text.replace(sign, word)
    text = _replaced(text, [f"{sign}ve" for sign in "-+\u2013\u2212"], _VE, _word)
    text = _replaced(text, [f" {sign}{stop}" for sign in "-+" for stop in ",;."], _AFTER, _value)
    if " N " in text or " Y " in text:
        text = "\n".join(map(_with_marks, text.split("\n")))
    if "[ ] " in text:
        text = _BOXES.sub(lambda line: _BOX.sub(lambda box: ";no" if box[1] == " " else ";  ", line[0]), text)
    text = _replaced(text, [" fits", " Fits", " FITS"], _SEIZURES, _fits)
    return _replaced(
        text, [f":{blank}{sign}" for sign in "-\u2013\u2212" for blank in " \t"], _EMPTY, lambda _: "=n;"
    )


@lru_cache(maxsize=1)
def tokenised(text: str) -> tuple[str, Tokens]:
    """Return `text` written out, and its tokens; the last one is remembered, for a note is read in several steps."""
    whole = written_out(text)
    return whole, tokenise(whole)


def _replaced(
    text: str, beginnings: Sequence[str], pattern: re.Pattern[str], word: Callable[[re.Match[str]], str]
) -> str:
    """Return `text` with each match of `pattern` replaced; a match begins with one of `beginnings`."""
    parts, end = [], 0
    for at in places(text, beginnings):
        match = pattern.match(text, at)
        if match is not None and at >= end:
            parts += [text[end:at], word(match)]
            end = match.end()
    return "".join([*parts, text[end:]]) if parts else text


def places(text: str, letters: Iterable[str]) -> list[int]:
    """Return the offsets at which any of `letters` begins in `text`, in order."""
    return sorted(at for each in letters for at in _each(text, each))


def stretches(text: str, letters: Iterable[str], before: int, after: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches `[first, stop)` of `text` around `letters`: so many characters before and after them."""
    first, stop = 0, -1
    for at in places(text, letters):
        if at - before > stop:
            if stop >= 0:
                yield first, stop
            first = max(0, at - before)
        stop = min(len(text), at + after)
    if stop >= 0:
        yield first, stop


def _each(text: str, letters: str) -> Iterator[int]:
    at = text.find(letters)
    while at >= 0:
        yield at
        at = text.find(letters, at + 1)


def _word(sign: re.Match[str]) -> str:
    before = sign.string[max(0, sign.start() - 1) : sign.start()]
    return sign[0] if before.isalnum() else "pos" if sign[1] == "+" else "neg"


def _with_marks(line: str) -> str:
    """Return a line with its marks Y and N as answers, where it has two or more."""
    return _MARK.sub(_closed, line) if len(_MARK.findall(line)) >= _MARKS else line


def _closed(mark: re.Match[str]) -> str:
    return f"={mark[1].lower()}{';' if mark[2] else ''}"


def _value(sign: re.Match[str]) -> str:
    return "=y" if sign[0] == " +" else "=n"


def _fits(noun: re.Match[str]) -> str:
    start = noun.start()
    before = _FITS.search(noun.string, max(0, start - _BEFORE_FITS), start)
    return " szes" if before is not None else noun[0]
