"""The sentences of a note or dialogue with their places in it; broken lines and hyphenated words are joined.

`clean` is the text that is read and shown; `Sentence.start` and `end` are places in the note as it was given.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from clinweave.applications.summary.note_cues import sections
from clinweave.knowledge import heading_reach, split_sentences, tick_marks

_HEADING = re.compile(
    r"[ \t]*(?:[#*>=-]+[ \t]*)?(?:\d{1,2}[.)][ \t]+)?([A-Za-z][A-Za-z/& -]{0,45}?)[ \t]*(:|\**[ \t]*$)"
)
_TURN = re.compile(
    r"[ \t]*(?:\[([A-Za-z][\w -]{0,25})\]|(doctor|patient|physician|clinician|nurse|provider|dr|pt|guest[\w -]{0,12}"
    r"|mother|father|parent)"
    r"[ \t]*(?:\d)?:)[ \t]*",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[ \t]*(?:[-*\u2022\u00b7\u25aa>]|#+|\(?\d{1,2}[.)])[ \t]+")
_BULLET = re.compile(r"[ \t]*[-*\u2022\u00b7\u25aa>][ \t]+")
_LABEL = re.compile(r"[ \t]*[A-Za-z][\w /()-]{0,40}:(?:[ \t]|$)")
_TABLE = re.compile(r"\t|\||\S {3,}\S.* {3,}\S")
_HYPHEN = re.compile(r"[A-Za-z]{2,}-$")
_KEEPS_HYPHEN = re.compile(
    r"(?:non|anti|pre|post|self|well|co|re|semi|multi|mid|follow|long|short|low|high|x|beta|alpha|one|two|three|left|right)-$",
    re.IGNORECASE,
)
_SPACED_STOP = re.compile(r" [.?!](?= )")
# Sections that a heading with text on its line opens for that line alone.
_ONE_LINE = frozenset({"Family history", "Social history", "Allergies"})
_ALLERGY_WORDS = 3
_NONE = re.compile(r"\b(?:none|nil|no|nkda|nka)\b", re.IGNORECASE)
_WRAPPED = 45  # characters: a shorter line was ended on purpose
_OPEN = re.compile(
    r"(?:,|\b(?:and|or|of|the|a|an|with|for|in|on|to|by|from|his|her|no|is|was|are|were|has|had|at|as|than|that))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `text` cleaned, its place in the note, its place in the clean text, and where it stands."""

    text: str
    start: int
    end: int
    clean_start: int
    clean_end: int
    section: str = ""  # of the summary, by the heading above; "" for none that is known
    speaker: str = ""  # in a dialogue, lower case
    turn: int = -1
    alone: bool = False  # the whole of its paragraph or item
    block: int = -1  # the number of its paragraph or item
    item: bool = False  # of a list with dashes or bullets, which numbers are not


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note taken apart."""

    clean: str
    sentences: tuple[Sentence, ...]
    dialogue: bool
    ticks: tuple[
        tuple[int, str, bool], ...
    ] = ()  # place in the note, words, and whether a mark says "present"


@dataclass(slots=True)
class _Block:
    """Lines that belong together: pieces of the note as (start, words)."""

    pieces: list[tuple[int, str]]
    section: str = ""
    speaker: str = ""
    turn: int = -1
    table: bool = False


def read_sentences(text: str) -> NoteText:
    """Return the sentences of a note, in order."""
    lines = _lines(text)
    dialogue = _is_dialogue(lines)
    blocks = _turns(lines) if dialogue else _blocks(text, lines)
    parts: list[str] = []
    sentences: list[Sentence] = []
    length = 0
    for number, block in enumerate(blocks):
        words, places = _joined(block)
        bullet = _BULLET.match(block.pieces[0][1]) is not None
        spans = [(0, len(words))] if block.table else list(_spans(words))
        for begin, end in spans:
            sentence = _sentence(words, places, begin, end, length, block, len(spans) == 1)
            if sentence is not None:
                sentences.append(replace(sentence, block=number, item=bullet))
        parts.append(words)
        length += len(words) + 1
    ticks = tuple((start, text[start:end], present) for start, end, present in tick_marks(text))
    return NoteText("\n".join(parts), tuple(sentences), dialogue, ticks)


def _spans(words: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a block; transcripts set a full stop apart (" . ") and go on in lower case."""
    for span in split_sentences(words):
        begin = span.start
        for match in _SPACED_STOP.finditer(words, span.start, span.end):
            yield begin, match.end()
            begin = match.end()
        yield begin, span.end


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, line.rstrip()))
        start += len(line) + 1
    return lines


def _is_dialogue(lines: list[tuple[int, str]]) -> bool:
    filled = [line for _, line in lines if line.strip()]
    speakers = [match for line in filled if (match := _TURN.match(line))]
    names = {(match[1] or match[2]).lower() for match in speakers}
    return len(speakers) >= 2 and len(names) >= 2 and len(speakers) >= 0.4 * len(filled)


def _turns(lines: list[tuple[int, str]]) -> list[_Block]:
    blocks: list[_Block] = []
    for start, line in lines:
        match = _TURN.match(line)
        if match:
            blocks.append(
                _Block(
                    [(start + match.end(), line[match.end() :])],
                    speaker=(match[1] or match[2]).lower(),
                    turn=len(blocks),
                )
            )
        elif line.strip() and blocks:
            blocks[-1].pieces.append((start, line))
        elif line.strip():
            blocks.append(_Block([(start, line)], turn=0))
    return blocks


def _blocks(text: str, lines: list[tuple[int, str]]) -> list[_Block]:
    """Return paragraphs, items and rows of a note, each with the section that it stands in."""
    blocks: list[_Block] = []
    section, open_block, until = "", False, len(text)
    for start, line in lines:
        if not line.strip():
            open_block = False
            continue
        if start >= until and not (section == "Allergies" and _is_allergy(blocks, line)):
            section, open_block, until = "", False, len(text)
        heading, rest = _heading(line)
        if heading is not None:
            section, open_block = heading, False
            until = heading_reach(text, start) if heading in _ONE_LINE else len(text)
            if not line[rest:].strip(" :*"):
                continue
        piece = (start + rest, line[rest:])
        table = _TABLE.search(line) is not None
        if (
            open_block
            and not table
            and blocks[-1].section == section
            and _goes_on(blocks[-1].pieces[-1][1], line)
        ):
            blocks[-1].pieces.append(piece)
        else:
            blocks.append(_Block([piece], section, table=table))
        open_block = not table
    return blocks


def _is_allergy(blocks: list[_Block], line: str) -> bool:
    """Say whether a short line goes on with a list of allergies: a drug left out there would look like a treatment."""
    above = blocks[-1].pieces[-1][1] if blocks else ""
    short = len(line.split()) <= _ALLERGY_WORDS and not re.search(r"\d|:|\.\s*$", line)
    return short and not _NONE.search(above)


def _heading(line: str) -> tuple[str | None, int]:
    """Return (section, where the line goes on) of a line with a known heading, (None, 0) for another line."""
    match = _HEADING.match(line)
    if match is None:
        return None, 0
    name = " ".join(match[1].lower().split())
    if name in sections():
        return sections()[name], match.end()
    # an unknown heading in capitals on a line of its own ends the section before it
    alone = match[2] == "" and match[1].isupper() and len(match[1]) > 3
    return ("", match.end()) if alone else (None, 0)


def _goes_on(before: str, line: str) -> bool:
    """Say whether a line continues the one before it."""
    if _ITEM.match(line) or (_LABEL.match(line) and not _OPEN.search(before)):
        return False
    if _HYPHEN.search(before) or _OPEN.search(before):
        return True
    if before.rstrip()[-1:] in ".!?:;":
        return len(before) >= _WRAPPED
    return len(before) >= _WRAPPED or line.lstrip()[:1].islower()


def _joined(block: _Block) -> tuple[str, list[tuple[int, int]]]:
    """Return the words of a block on one line, and (place in them, place in the note) of each piece."""
    words, places = "", list[tuple[int, int]]()
    for start, piece in block.pieces:
        item = None if places else _ITEM.match(piece)
        lead = item.end() if item else len(piece) - len(piece.lstrip())
        bare = piece[lead:]
        if words and _HYPHEN.search(words) and bare[:1].islower():
            words = words if _KEEPS_HYPHEN.search(words) else words[:-1]
        elif words:
            words += " "
        offset = start + lead
        for part in bare.split("\u00ad"):
            places.append((len(words), offset))
            words += part
            offset += len(part) + 1
    return words, places


def _sentence(  # noqa: PLR0917
    words: str, places: list[tuple[int, int]], begin: int, end: int, before: int, block: _Block, alone: bool
) -> Sentence | None:
    text = words[begin:end]
    begin += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    if end <= begin or not re.search(r"\w", words[begin:end]):
        return None
    start, stop = _place(places, begin), _place(places, end - 1) + 1
    words_shown = " ".join(words[begin:end].split())
    clean = (before + begin, before + end)
    return Sentence(words_shown, start, stop, *clean, block.section, block.speaker, block.turn, alone)


def _place(places: list[tuple[int, int]], index: int) -> int:
    """Return the place in the note of a character of the joined words."""
    number = bisect_right(places, (index, 1 << 60)) - 1
    clean, raw = places[max(number, 0)]
    return raw + index - clean
