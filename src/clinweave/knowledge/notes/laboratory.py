"""Findings that laboratory values and vital signs mean: high, low or positive, and what normal ones exclude."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import Ints, Tokens
from clinweave.knowledge.linking.selection import longest_first
from clinweave.knowledge.notes.lab_tests import HIGH, LOW, POSITIVE, LabTest, implied_tests, listed_tests
from clinweave.knowledge.notes.person import Person
from clinweave.knowledge.notes.values import NEGATIVE, NORMAL, Reading, read_value, read_words

_CASED, _SHORT = 3, 2  # letters of a name that needs its own capitals; and a value
_VALUED = frozenset(
    {"pulse", "pulses", "saturation", "urea", "sat", "sats", "eos", "mag", "alb", "chol", "lac", "glu"}
)
_TREATED = re.compile(
    r"\b(?:treatment|therapy|treated|supplement\w*|replacement|substitution|correct(?:ed|ion)|infusions?|on medication|"
    r"under medication|improved|recovered|resolved)\b",
    re.IGNORECASE,
)
# What was examined, where it is not blood: "urine sodium" is no sodium of the blood.
_SPECIMEN = re.compile(
    r"\b(?:urine|urinary|csf|cerebrospinal(?:\s+fluid)?|sweat|stool|faecal|fecal|pleural(?:\s+fluid)?|ascitic(?:\s+fluid)?|"
    r"synovial(?:\s+fluid)?|amniotic(?:\s+fluid)?|saliva(?:ry)?|semen|spot|24[\s-]?h(?:our)?|dipstick)[\s:]+(?:\w+\s+)?\Z",
    re.IGNORECASE,
)
_FLUID = 40  # characters before a test's name in which its specimen stands
_COMPOUND = re.compile(r"-[a-z]")  # "parathyroid hormone-related peptide"
_JOINED = re.compile(
    r"(?:\s*\([^()]{0,60}\))?(?:\s*(?:,|/|and|or|as well as|\+|,\s*and))\s*\Z", re.IGNORECASE
)
_END = re.compile(r"[.!?](?=\s|$)|\n|\x1e")
_SIGN = 3  # characters of an arrow before a sentence's first word
_MAX_DISTANCE = 200  # characters after a test's name that are looked at
_LIST = 90  # characters between the members of a list of tests


class Value(NamedTuple):
    """A finding that a value or words about a test mean. `[start, end)` are characters, `first` and `size` tokens."""

    start: int
    end: int
    first: int
    size: int
    finding: str  # HPO identifier
    absent: bool
    how: str
    measured: bool  # by a number, which words of denial do not touch
    otherwise: str = ""  # the finding without its degree, for a release that lacks the degree


class Laboratory:
    """Finds tests by name and reads what a note says of them."""

    def __init__(self, hpo_names: Iterable[tuple[str, str]]) -> None:
        """Take (name, id) of the findings of the HPO, whose names imply further tests."""
        names: dict[str, LabTest] = {}
        for words, test in listed_tests():
            names |= dict.fromkeys(words, test)
        lower = {name.lower() for name in names}
        names |= {name: test for name, test in implied_tests(hpo_names).items() if name.lower() not in lower}
        self._spelt = list(names)
        self._tests = list(names.values())
        self._dictionary, keys = Dictionary.build(self._spelt)
        self._of_key: list[list[int]] = [[] for _ in range(len(self._dictionary))]
        for number, key in enumerate(keys.tolist()):
            if key >= 0:
                self._of_key[key].append(number)

    def find(self, full_text: str, tokens: Tokens, people: Sequence[tuple[int, int, Person]]) -> list[Value]:
        """Return the findings of all values in `full_text`; `people` are (start, end, person) of each of its texts."""
        matches = self._dictionary.match(tokens)
        if not len(matches):
            return []
        chosen = longest_first(matches.first, matches.size, np.zeros(len(matches)))
        matches = matches.at_rows(chosen)
        columns = (matches.first, matches.size, matches.key)
        rows = zip(*(column.tolist() for column in columns), _begins(tokens, matches.first), strict=True)
        mentions = []
        for first, size, key, begin in rows:
            start, end = int(tokens.start[first]), int(tokens.end[first + size - 1])
            test = self._test(key, full_text[start:end])
            if test is not None and not _COMPOUND.match(full_text, end) and not _elsewhere(full_text, start):
                mentions.append(
                    _Mentioned(
                        test,
                        start,
                        end,
                        first,
                        size,
                        begin,
                        _stop(full_text, end),
                        _needs_value(full_text[start:end]),
                    )
                )
        return _Readings(full_text, mentions, people).values()

    def _test(self, key: int, surface: str) -> LabTest | None:
        """Return the test that a key names in these letters; a short name needs its own capitals."""
        for number in self._of_key[key]:
            name = self._spelt[number]
            if (
                len(name.rstrip("+-")) > _CASED
                or name in {surface, surface.rstrip("s")}
                or name.rstrip("+-") == surface
            ):
                return self._tests[number]
        return None


class _Mentioned(NamedTuple):
    test: LabTest
    start: int
    end: int
    first: int
    size: int
    begin: int  # the sentence's first character
    stop: int  # and its end
    short: bool


class _Readings:
    """Readings of the tests of one batch, in order: a list of tests shares the words before its first."""

    def __init__(
        self, full_text: str, mentions: list[_Mentioned], people: Sequence[tuple[int, int, Person]]
    ) -> None:
        self.whole, self.mentions, self.people = full_text, mentions, people
        self._named: dict[
            tuple[int, tuple[str, ...]], bool
        ] = {}  # by note and treatment: whether it names it
        self._note = (-1, "")  # where the last note begins, and its text in lower case

    def values(self) -> list[Value]:
        notes: list[tuple[int, int, Person]] = []
        document = 0
        readings: list[Reading | None] = []
        previous: tuple[_Mentioned, Reading] | None = None
        for number, item in enumerate(self.mentions):
            while self.people[document][1] <= item.start:
                document += 1
            following = (
                self.mentions[number + 1].start if number + 1 < len(self.mentions) else len(self.whole)
            )
            stop = min(item.stop, following) if following > item.end else item.stop
            reading = self._read(item, stop, self.people[document][2], previous)
            previous = (item, reading) if reading is not None else None
            notes.append(self.people[document])
            readings.append(reading)
        self._share(readings)
        return [
            value
            for item, reading, note in zip(self.mentions, readings, notes, strict=True)
            if reading is not None
            for value in self._findings(item, reading, note)
        ]

    def _share(self, readings: list[Reading | None]) -> None:
        """Give what is said after the last test of a list to those before it: "glycine and alanine were elevated"."""
        for number in range(len(readings) - 1, 0, -1):
            reading, before, item = readings[number], self.mentions[number - 1], self.mentions[number]
            if reading is None or readings[number - 1] is not None or before.short:
                continue
            if reading.words == "after" and self._listed(before, item):
                readings[number - 1] = reading._replace(end=before.end)

    def _read(
        self, item: _Mentioned, stop: int, person: Person, previous: tuple[_Mentioned, Reading] | None
    ) -> Reading | None:
        # "Ketones were raised and insulin was low": what is said of the test before is not said of this one.
        first = max(0, item.begin - _SIGN, previous[1].end if previous is not None else 0)
        words = read_words(self.whole, item.start, item.end, (first, stop))
        value = read_value(self.whole, item.end, item.test, person, stop)
        if value is not None and value.result:
            if not value.own and words is not None and words.result != value.result:
                return words._replace(end=max(words.end, value.end))
            return value
        if item.short and value is None:
            return None
        if words is not None:
            return words
        if previous is not None and previous[1].words == "before" and self._listed(previous[0], item):
            return previous[1]._replace(end=value.end if value else item.end)
        return None

    def _listed(self, before: _Mentioned, item: _Mentioned) -> bool:
        between = self.whole[before.end : item.start]
        return len(between) <= _LIST and before.begin == item.begin and _JOINED.match(between) is not None

    def _findings(self, item: _Mentioned, reading: Reading, note: tuple[int, int, Person]) -> list[Value]:
        kinds = item.test.findings
        measured = not reading.words
        if reading.graded:
            value = self._value(item, reading, reading.graded, absent=False, measured=True)
            return [value._replace(otherwise=kinds[LOW])]
        if reading.result in {HIGH, LOW, POSITIVE}:
            kind = reading.result if reading.result in kinds else POSITIVE if reading.result == HIGH else ""
            absent, chosen = reading.denied, [kinds[kind]] if kind in kinds else []
        elif reading.result in {NORMAL, NEGATIVE} and not reading.denied and not self._treated(item, note):
            names = (POSITIVE,) if reading.result == NEGATIVE else (HIGH, LOW, POSITIVE)
            absent, chosen = True, [kinds[name] for name in names if name in kinds]
        else:
            return []
        return [self._value(item, reading, finding, absent=absent, measured=measured) for finding in chosen]

    @staticmethod
    def _value(item: _Mentioned, reading: Reading, finding: str, *, absent: bool, measured: bool) -> Value:
        end = max(reading.end, item.end)
        return Value(item.start, end, item.first, item.size, finding, absent, reading.how, measured)

    def _treated(self, item: _Mentioned, note: tuple[int, int, Person]) -> bool:
        """Say whether a normal value may be the work of a treatment that the sentence or the note names."""
        if _TREATED.search(self.whole, item.begin, item.stop):
            return True
        named = (note[0], item.test.treatment)
        if named not in self._named:
            lower = self._lower(note)
            self._named[named] = any(word.lower() in lower for word in item.test.treatment)
        return self._named[named]

    def _lower(self, note: tuple[int, int, Person]) -> str:
        """Return a note in lower case; kept for its next value."""
        if self._note[0] != note[0]:
            self._note = note[0], self.whole[note[0] : note[1]].lower()
        return self._note[1]


def _elsewhere(full_text: str, start: int) -> bool:
    """Say whether the name of a test of the blood follows another specimen."""
    return _SPECIMEN.search(full_text[max(0, start - _FLUID) : start]) is not None


def _needs_value(surface: str) -> bool:
    """Say whether a name counts only with a value: two letters, or what words say of something else ("no pulses")."""
    return len(surface) <= _SHORT or surface.lower() in _VALUED


def _begins(tokens: Tokens, first: Ints) -> list[int]:
    """Return the characters at which the sentence of each token begins."""
    begins: list[int] = tokens.start[np.searchsorted(tokens.sentence, tokens.sentence[first])].tolist()
    return begins


def _stop(full_text: str, end: int) -> int:
    """Return where the sentence after `end` ends; a semicolon in brackets ends none."""
    match = _END.search(full_text, end, end + _MAX_DISTANCE)
    return match.start() if match else end + _MAX_DISTANCE
