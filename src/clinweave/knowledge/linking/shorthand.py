"""Short forms of clinical notes that a text does not define: "PS" beside a murmur is a stenosis of a valve.

A form is read by the words of its field around it (clinical_abbreviations.toml). A form of two letters, or one with
several meanings, is left out where no such word supports it or two fields tie.
"""

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.abbreviations import definitions
from clinweave.knowledge.linking.normalise import Flags, Hashes, Ints, Tokens, hashes_of, tokenise, words_of
from clinweave.knowledge.linking.picked import Picked
from clinweave.knowledge.linking.vocabulary import Scope, Vocabulary
from clinweave.knowledge.linking.word_sets import DEFINED, SHORT_FORM

_AROUND = 150  # tokens on either side that tell the field
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
    hashes: Hashes


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Return the listed forms."""
    text = files("clinweave.knowledge.linking").joinpath("clinical_abbreviations.toml").read_text("utf-8")
    table = tomllib.loads(text)
    senses = {form: tuple(map(_sense, rows)) for form, rows in table["forms"].items()}
    fields = {name: frozenset(words_of(words)) for name, words in table["fields"].items()}
    hashes = np.unique(hashes_of([word for form in senses for word in words_of(form)]))
    return Forms(senses, fields, hashes)


def with_short_forms(
    text: Text, tokens: Tokens, picked: Picked, vocabulary: Vocabulary, scope: Scope
) -> Picked:
    """Return the matches with the short forms that the words around them explain, and without unsupported ones.

    What a document defines itself (abbreviations.py) is left as it is.
    """
    known = forms()
    whole, begins = text.whole, text.begins
    defined: dict[int, set[str]] = {}
    full = _named_in_full(begins, tokens, picked, vocabulary)
    gone = _unsupported(tokens, picked, vocabulary, full)
    if scope.row is not None and not set(scope.prefixes) & _FINDINGS:
        return picked.without(gone)
    added: list[tuple[int, int, int, float]] = []  # token, sense, key, score
    stops = (picked.at + picked.size).tolist()
    for token in np.flatnonzero(np.isin(tokens.hash, known.hashes) & tokens.capital).tolist():
        form = whole[tokens.start[token] : tokens.end[token]]
        if form not in known.senses or _no_finding(whole, int(tokens.start[token]), int(tokens.end[token])):
            continue
        row = int(np.searchsorted(picked.at, token, side="right")) - 1
        covered = row >= 0 and stops[row] > token
        if covered and (picked.size[row] > 1 or picked.how[row] == DEFINED or full[row]):
            continue
        document = int(np.searchsorted(begins, tokens.start[token], side="right")) - 1
        if document not in defined:
            defined[document] = {item.short for item in definitions(text.texts[document])}
        if form in defined[document]:
            continue
        sense = _chosen(known, form, _words_around(tokens, begins[document : document + 2], token, form))
        meant = _looked_up(sense.names, vocabulary, scope) if sense else None
        if covered and (meant is not None or _needs_support(known, form)):
            gone.add(row)
        if meant is not None:
            added.append((token, *meant))
    stay = picked.without(gone)
    if not added:
        return stay
    at, sense_, key = np.array([row[:3] for row in added], np.int64).reshape(-1, 3).T
    score = np.array([row[3] for row in added], np.float64)
    new = Picked(at, np.ones_like(at), sense_, key, score, np.full(len(at), SHORT_FORM))
    return stay.joined(new)


def _sense(row: str) -> Sense:
    field, _, names = row.partition(":")
    return Sense(field.strip(), tuple(name.strip() for name in names.split("|")))


def _needs_support(known: Forms, form: str) -> bool:
    return len(form) <= _SHORT or len(known.senses[form]) > 1


def _no_finding(whole: str, start: int, end: int) -> bool:
    """Say whether the form heads a line ("PE: ...") or is part of a code or a compound ("PS-1", "MS-based")."""
    if (
        whole[end : end + 1] == ":"
        and whole[max(0, start - 8) : start].rpartition("\n")[2].strip(" -*") == ""
    ):
        return True
    return (whole[end : end + 1] == "-" and whole[end + 1 : end + 2].isalnum()) or (
        whole[max(0, start - 1) : start] == "-" and whole[max(0, start - 2) : start - 1].isalnum()
    )


def _words_around(tokens: Tokens, bounds: Ints, token: int, form: str) -> frozenset[str]:
    low, high = np.searchsorted(tokens.start, bounds).tolist()
    words = tokens.words(max(low, token - _AROUND), min(high, token + _AROUND))
    return frozenset(words) - frozenset(words_of(form))


def _chosen(known: Forms, form: str, words: frozenset[str]) -> Sense | None:
    """Return the sense that the words support best, None where they support none or tie."""
    support = [
        (len(words & known.fields[sense.field]) if sense.field != _ANY else 0, sense)
        for sense in known.senses[form]
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
        found = vocabulary.dictionary.match(tokens)
        whole = found.key[(found.at == 0) & (found.size == len(tokens))]
        if not len(whole):
            continue
        key = int(whole[0])
        sense = int(scope.best[0, key])
        if sense >= 0 and vocabulary.score[sense] >= ranking.MINIMUM:
            score = float(vocabulary.score[sense] - scope.price[vocabulary.concept[sense]])
            return sense, key, min(score, ranking.BASE["abbreviation"])
    return None


def _named_in_full(begins: Ints, tokens: Tokens, picked: Picked, vocabulary: Vocabulary) -> Flags:
    """Return for each match whether its document names its concept by more than a short form elsewhere."""
    last = picked.at + picked.size - 1
    long = tokens.end[last] - tokens.start[picked.at] > _LONGEST
    document = np.searchsorted(begins, tokens.start[picked.at], side="right")
    key = document * (1 << 32) + vocabulary.concept[picked.sense]
    return np.asarray(~long & np.isin(key, key[long]))


def _unsupported(tokens: Tokens, picked: Picked, vocabulary: Vocabulary, full: Flags) -> set[int]:
    """Return the rows of two-letter abbreviations whose concept the document does not name in full."""
    last = picked.at + picked.size - 1
    short = (tokens.end[last] - tokens.start[picked.at] <= _SHORT) & (picked.how != DEFINED) & ~full
    short &= vocabulary.kind[picked.sense] == ranking.KINDS.index("abbreviation")
    return set(np.flatnonzero(short).tolist())
