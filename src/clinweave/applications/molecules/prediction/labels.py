"""Parse a column of measured values: numbers, words for yes and no, decimal commas, censored values."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.core.errors import UserError

BOUNDS = ("leave-out", "as-value")
_MISSING = frozenset({"", "na", "nan", "n/a", "nd", "n.d.", "null", "none", "?", "-"})
_WORDS = (
    ("active", "inactive"),
    ("yes", "no"),
    ("true", "false"),
    ("positive", "negative"),
    ("pos", "neg"),
    ("y", "n"),
)
_BOUND = re.compile(r"\s*(<=?|>=?|[≤≥~≈])\s*(?=[\d.,+-])")
_COMMA = re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?")


class Answers(NamedTuple):
    """`values` (rows,) with NaN where nothing is known; `notes` describes how the cells were read."""

    values: NDArray[np.float64]
    notes: list[str]


def read_answers(
    cells: Sequence[str | None], separator: str = ",", bounds: str = "leave-out", *, prefix: str = ""
) -> Answers:
    """Return the answers of a column; None is a row without a structure, which is not read.

    Words such as active and inactive become 1 and 0 where all cells are such. Decimal commas are read where another
    character separates the cells and no cell has a point. A bound such as ">10" is no value: it is left out, or taken
    as the number itself (`bounds` "as-value"). Raises `UserError` at any other text; `place` is put before its row.
    """
    if bounds not in BOUNDS:
        raise UserError(f"unknown treatment of bounds {bounds!r}: choose from {', '.join(BOUNDS)}")
    stated = {row: cell.strip() for row, cell in enumerate(cells) if cell is not None and not _missing(cell)}
    values, notes = np.full(len(cells), np.nan), []
    if pair := _pair(stated.values()):
        for row, cell in stated.items():
            values[row] = float(cell.lower() == pair[0])
        return Answers(values, [f"{pair[0]} = 1, {pair[1]} = 0"])
    bound = {row: match for row, cell in stated.items() if (match := _BOUND.match(cell))}
    plain = {row: cell[bound[row].end() :] if row in bound else cell for row, cell in stated.items()}
    if separator != "," and _decimal_commas(plain.values()):
        plain = {row: cell.replace(",", ".") for row, cell in plain.items()}
        notes.append("decimal commas")
    for row, cell in plain.items():
        try:
            values[row] = _number(cell)
        except ValueError:
            raise UserError(f"{prefix}row {row + 1}: {stated[row]!r} {_why_not(cell, separator)}") from None
    if bound:
        notes.append(_left_out(bound, stated, values, out=bounds == "leave-out"))
    return Answers(values, notes)


def _number(cell: str) -> float:
    value = float(cell)
    if "_" in cell or not np.isfinite(value):  # Python reads 1_000 and inf
        raise ValueError(cell)
    return value


def _missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING


def _pair(cells: Iterable[str]) -> tuple[str, str] | None:
    """Return the two words that all cells are made of, the one that means yes first."""
    words = {cell.lower() for cell in cells}
    return next((pair for pair in _WORDS if words and words <= set(pair)), None)


def _decimal_commas(cells: Iterable[str]) -> bool:
    texts = list(cells)
    return any("," in text for text in texts) and all(_COMMA.fullmatch(text) for text in texts)


def _why_not(cell: str, separator: str) -> str:
    if separator == "," and _COMMA.fullmatch(cell):
        return "has a decimal comma; write a point, or separate the cells by semicolons or tabs"
    return (
        "is not a number; leave the cell empty where nothing is known (of words, active and inactive, yes and no, "
        "true and false, positive and negative are understood, where the whole column has them)"
    )


def _left_out(
    bound: dict[int, re.Match[str]], stated: dict[int, str], values: NDArray[np.float64], *, out: bool
) -> str:
    first = next(iter(bound))
    summary = f"{len(bound)} of {len(stated)} cells are bounds (row {first + 1}: {stated[first]})"
    if not out:
        return f"{summary}, each used as its number"
    values[list(bound)] = np.nan
    return f"{summary} and were left out; --censored as-value uses their numbers"
