"""What was read in a letter: its findings in their places, and how much of the text bore none."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clinweave.knowledge import EITHER_REASON
from clinweave.records import Mention, to_json

_SENTENCE = re.compile(r"[^.!?;\n\u3002\uff01\uff1f]*(?:[.!?;](?=\s|$)|[\u3002\uff01\uff1f]|\n|$)|[.!?;]")
_WORD = re.compile(
    r"[\u3040-\u30ff\u4e00-\u9fff]{2}|\w+"
)  # two signs of Chinese or Japanese are about a word
_WORDS = 3  # fewer words without a finding are no sentence that could bear one
_FEW = 3  # findings of the patient; fewer say little
_LITTLE = 0.2  # share of sentences with a finding
_SENTENCES = 5  # in a shorter text the share says nothing
VALUE = "value:"  # how the reason of a finding begins that was read from a measured value
KINDS = ("present", "absent", "uncertain", "relative")
_SIGNS = {"present": "+", "absent": "-", "uncertain": "?", "relative": "family:"}


@dataclass(frozen=True)
class Letter:
    """A text and the findings read in it, sorted by place; `sentences` is the number of them, `silent` have none."""

    text: str
    mentions: tuple[Mention, ...]
    sentences: int
    silent: int

    @property
    def coverage(self) -> float:
        """Return the share of sentences that bore a finding, 0 to 1."""
        return 1 - self.silent / self.sentences if self.sentences else 0.0

    def warnings(self) -> list[str]:
        """Return what to check before a ranking from this text is believed."""
        present = {mention.id for mention in self.mentions if kind_of(mention) == "present"}
        present_names = {mention.name for mention in self.mentions if kind_of(mention) == "present"}
        counted = f"{len(present)} finding{'' if len(present) == 1 else 's'} present"
        bare = unread_share(self.silent, self.sentences)
        warnings = []
        if len(present) < _FEW or (self.sentences >= _SENTENCES and self.coverage < _LITTLE):
            warnings.append(
                f"little was read: {counted}, {bare}; check the marked text and add findings with --hpo"
            )
        unclear = sorted({mention.name for mention in self.mentions if is_unclear(mention)} - present_names)
        if unclear:
            names = ", ".join(unclear)
            warnings.append(
                f"not used, as a pronoun may mean the patient or a relative: {names}; give the patient's with --hpo"
            )
        return warnings

    def summary(self) -> dict[str, Any]:
        """Return the text, its marks, and counts of them and of sentences, for JSON."""
        marks = [{**to_json(mention), "kind": kind_of(mention)} for mention in self.mentions]
        return {
            "text": self.text,
            "marks": marks,
            "counts": {kind: sum(mark["kind"] == kind for mark in marks) for kind in KINDS},
            "sentences": self.sentences,
            "sentences_without": self.silent,
        }


def read_letter(text: str, mentions: Sequence[Mention]) -> Letter:
    """Return a text with its findings, sorted, and count the sentences without any."""
    ordered = tuple(sorted(mentions, key=lambda mention: (mention.start, -mention.end)))
    starts = [mention.start for mention in ordered]
    bearing = silent = 0
    for match in _SENTENCE.finditer(text):
        if bisect_left(starts, match.start()) < bisect_left(starts, match.end()):
            bearing += 1
        else:
            silent += len(_WORD.findall(match.group())) >= _WORDS
    return Letter(text, ordered, bearing + silent, silent)


def unread_share(silent: int, sentences: int) -> str:
    """Return how much of a text bore no finding, in words."""
    if not sentences:
        return f"the text has no sentence of {_WORDS} words or more"
    return f"no finding in {silent} of {sentences} sentence{'' if sentences == 1 else 's'}"


def kind_of(mention: Mention) -> str:
    """Return how a finding counts: "present", "absent", "uncertain" (or hypothetical) or "relative"."""
    if mention.experiencer:
        return "relative"
    if mention.of_patient:
        return "present"
    return "absent" if mention.status == "absent" else "uncertain"


def is_value(mention: Mention) -> bool:
    """Return whether the finding was read from a measured value; the mention's reason then says how."""
    return mention.reason.startswith(VALUE)


def denied_of_relatives(mention: Mention) -> bool:
    """Return whether a finding is said to be absent in relatives ("no family history of ...")."""
    return bool(mention.experiencer) and mention.status == "absent"


def segments(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[str, tuple[Mention, ...]]]:
    """Yield the text in pieces, each with the findings that begin there; findings that overlap share a piece."""
    end = 0
    for low, high, group in _groups(mentions):
        if low > end:
            yield text[end:low], ()
        yield text[low:high], group
        end = high
    if end < len(text):
        yield text[end:], ()


def _groups(mentions: Sequence[Mention]) -> Iterator[tuple[int, int, tuple[Mention, ...]]]:
    group: list[Mention] = []
    high = 0
    for mention in mentions:
        if group and mention.start >= high:
            yield group[0].start, high, tuple(group)
            group = []
        high = max(high, mention.end) if group else mention.end
        group.append(mention)
    if group:
        yield group[0].start, high, tuple(group)


def marked_text(letter: Letter) -> str:
    """Return the text with every finding in brackets: "[+ long fingers = Arachnodactyly HP:0001166]".

    `+` is present, `-` absent, `?` uncertain, `family:` a relative's, `family: -` absent in relatives.
    Ends with a count of what was read.
    """
    pieces = [
        f"[{'; '.join(_label(mention) for mention in group)}]" if group else piece
        for piece, group in segments(letter.text, letter.mentions)
    ]
    bare = unread_share(letter.silent, letter.sentences)
    legend = "+ present, - absent, ? uncertain, family: a relative's, family: - absent in relatives"
    return f"{''.join(pieces).rstrip()}\n\n-- {legend}. {bare}.\n"


def _label(mention: Mention) -> str:
    words = " ".join(mention.text.split())
    named = "" if words.casefold() == mention.name.casefold() else f" = {mention.name}"
    why = f" ({note})" if (note := note_of(mention)) else ""
    sign = _SIGNS[kind_of(mention)] + (" -" if denied_of_relatives(mention) else "")
    return f"{sign} {words}{named} {mention.id}{why}"


def note_of(mention: Mention) -> str:
    """Return what to know of how a finding was read: its value and range, or a pronoun that may mean a relative."""
    notes = [mention.reason.removeprefix(VALUE).strip()] if is_value(mention) else []
    if is_unclear(mention):
        notes = [note.partition(f"; {EITHER_REASON}")[0] for note in notes] + [EITHER_REASON]
    return "; ".join(notes)


def is_unclear(mention: Mention) -> bool:
    """Return whether a finding follows a pronoun that may mean the patient or a relative."""
    return mention.reason.endswith(EITHER_REASON)
