"""Rows of tables, and what is numbered: are they for the values, kinds and numbers that a question states?

A row reads as its columns ("INR: 5.0 to 8.0; Bleeding: minor; Action: ..."). Every column but the last may say whom the
row is for: by a range of values, or by one of a few words.
"""

import re
from collections.abc import Sequence

from clinweave.applications.consult.limits import asked_of, limits_of, meets
from clinweave.applications.consult.units import Unit, normal

MAX_KIND = 3  # words of a cell that names a kind
MAX_MORE = 5  # words of a cell besides its range ("5.5 to 5.9 once stable")
_COLUMN = re.compile(r"(?:^|; )([^:;]{1,80}): ")
_UNIT = re.compile(r"\s*\(([^)]*)\)\s*$")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_ABSENT = frozenset({"none", "no", "absent", "nil", "without"})
_ALL = frozenset({"any", "all", "every", "either"})
_NOT = r"(?:no|not|without|absence of|denies|free of)"
_IS = r"(?:is|are|was|of|being|classed as|that is|which is)"
_ONE = r"(\d{1,3}[a-c]?|[ivx]{1,4})"
_NUMBERED = re.compile(
    r"\b(stages?|grades?|types?|class(?:es)?|categor(?:y|ies)|groups?|levels?|steps?|phases?|tiers?|zones?|protocols?|regimens?"
    r"|options?|cycles?|factors?|numbers?)\W{1,2}" + _ONE + r"\b(?!\s*(?:%|\.\d|mg|ml|mmol|g\b))"
    + r"(?:\s*(?:to|-|\u2013)\s*" + _ONE + r"\b)?",
    re.IGNORECASE,
)  # fmt: skip
_STRENGTH = re.compile(r"\b([a-z]{4,})\s+(\d+(?:\.\d+)?)\s*()%", re.IGNORECASE)  # "glucose 10 %"

# "two doses", "first episode": what is counted
_COUNTS = ("one|first|single|once", "two|second|twice", "three|third", "four|fourth")
_COUNTED = re.compile(
    rf"\b({'|'.join(_COUNTS)}|[1-4])\s+(?:\w+\s+)?"
    r"(doses?|episodes?|attacks?|seizures?|relapses?|recurrences?|courses?|criteri(?:a|on)|risk factors?|symptoms?"
    r"|signs?)\b",
    re.IGNORECASE,
)


def row_suits(question: str, row: Unit, units: Sequence[Unit]) -> bool | None:
    """Say whether a row of a table is for what a question states; None if its columns say nothing of that.

    `units` are all statements of the passage: a word decides only where other rows have another one in its column.
    """
    if row.kind != "row":
        return None
    table = [_cells(unit.text) for unit in units if unit.kind == "row" and unit.heads == row.heads]
    cells = _cells(row.text)
    verdicts = []
    whom = _columns_of_values(question, table)
    for column, cell in list(cells.items())[:-1]:
        values = [other[column] for other in table if column in other]
        if normal(cell) in _ALL:
            continue
        if (within := _in_range(question, column, cell)) is not None:
            if within or not whom or column in whom:  # a level to aim at is no condition of a clearance
                verdicts.append(within)
        elif stated := _stated(question, column, values):
            verdicts.append(normal(cell) in stated)
    return False if False in verdicts else True if verdicts else None


def _columns_of_values(question: str, table: Sequence[dict[str, str]]) -> set[str]:
    """Return the columns with limits whose words or unit are those of a value that the question states."""
    words = {word for _, asked in asked_of(question) for word in (asked.of, asked.unit) if word}
    return {
        column
        for cells in table
        for column, cell in list(cells.items())[:-1]
        if limits_of(cell) and any(_speaks(f"{column} {cell}".lower(), word) for word in words)
    }


def _speaks(text: str, word: str) -> bool:
    return bool(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text))


def condition_of(unit: Unit, question: str = "") -> str:
    """Return the part of a statement that may say whom it is for: of a row, the columns before the last one.

    That is the whole statement unless a cell of these columns has a limit and no column is headed by one. Of several
    columns with limits those count that speak of a value of the question.
    """
    cells = _cells(unit.text) if unit.kind == "row" else {}
    whom = list(cells.items())[:-1]
    if any(limits_of(column) for column in cells) or not any(limits_of(cell) for _, cell in whom):
        return unit.text
    if question and (named := _columns_of_values(question, [cells])):
        whom = [(column, cell) for column, cell in whom if column in named or not limits_of(cell)]
    return "; ".join(f"{column}: {cell}" for column, cell in whom)


def first_cell(row: Unit) -> str:
    """Return the normal form of the first cell of a row, with a space at either end."""
    return f" {normal(next(iter(_cells(row.text).values()), ''))} "


def _cells(text: str) -> dict[str, str]:
    """Return the cells of a row by their column."""
    columns = list(_COLUMN.finditer(text))
    ends = [match.start() for match in columns[1:]] + [len(text)]
    return {match[1]: text[match.end() : end].strip() for match, end in zip(columns, ends, strict=True)}


def _in_range(question: str, column: str, cell: str) -> bool | None:
    """Say whether the value of the question is in the range that a cell consists of."""
    unit = _UNIT.search(column)
    if bare := _NUMBER.fullmatch(cell):
        measure = normal(_UNIT.sub("", column)).split()[-1:]
        values = [value for value, asked in asked_of(question) if normal(asked.of).split()[-1:] == measure]
        return float(bare[1]) in values if values else None
    statement = f"{_UNIT.sub('', column)} {cell} {unit[1] if unit else ''}".strip()
    words = [word for word in normal(cell).split() if word.isalpha()]
    return meets(question, statement) if limits_of(cell) and len(words) <= MAX_MORE else None


def _stated(question: str, column: str, values: Sequence[str]) -> set[str]:
    """Return those of the few values of a column that the question states of it ("major" of bleeding)."""
    kinds = {normal(value) for value in values} - _ALL
    if len(kinds) < 2 or any(len(kind.split()) > MAX_KIND or re.search(r"\d", kind) for kind in kinds):
        return set()
    asked, of = f" {normal(question)} ", re.escape(normal(_UNIT.sub("", column)))
    if re.search(rf" {_NOT} (?:\S+ ){{0,2}}{of} ", asked) and kinds & _ABSENT:
        return kinds & _ABSENT
    named = f" {normal(_UNIT.sub('', column))} " in asked
    return {
        kind
        for kind in kinds - _ABSENT
        if re.search(
            rf" {re.escape(kind)} (?:\S+ )?{of} | {of} (?:{_IS} )?{re.escape(kind)} "
            if named
            else f" {re.escape(kind)} ",
            asked,
        )
    }


def other_number(question: str, text: str) -> bool:
    """Say whether a statement is about another number of what the question numbers ("stage 3", "glucose 10 %").

    A statement that has the asked number too, or a range with it ("stages 3 to 5"), is not. "One dose" is another
    number of doses than "two doses".
    """
    counted = _counted(text)
    if any(noun in counted and not counts & counted[noun] for noun, counts in _counted(question).items()):
        return True
    for pattern in (_NUMBERED, _STRENGTH):
        stated: dict[str, list[tuple[str, str]]] = {}
        for match in pattern.finditer(text):
            stated.setdefault(_singular(match[1]), []).append((match[2].lower(), (match[3] or "").lower()))
        for match in pattern.finditer(question):
            others = stated.get(_singular(match[1]), [])
            if others and not any(_covers(first, last, match[2].lower()) for first, last in others):
                return True
    return False


def same_count(question: str, text: str) -> bool:
    """Say whether a statement counts what the question counts, to the same number ("two doses")."""
    counted = _counted(text)
    return any(counts & counted.get(noun, set()) for noun, counts in _counted(question).items())


def _counted(text: str) -> dict[str, set[int]]:
    """Return what a text counts with its numbers, 1 to 4."""
    counted: dict[str, set[int]] = {}
    for match in _COUNTED.finditer(text):
        word = match[1].lower()
        number = next((place for place, words in enumerate(_COUNTS, 1) if word in words.split("|")), 0)
        counted.setdefault(_singular(match[2]), set()).add(number or int(word))
    return counted


def _singular(word: str) -> str:
    word = word.lower()
    return word[:-1] if word.endswith("s") and word != "class" else word


def _covers(first: str, last: str, number: str) -> bool:
    """Say whether a number, or the first and the last of a range, cover another one; "3" covers "3b"."""
    if number in {first, last} or number.rstrip("abc") == first or first.rstrip("abc") == number:
        return True
    return last.isdigit() and first.isdigit() and number.isdigit() and int(first) <= int(number) <= int(last)
