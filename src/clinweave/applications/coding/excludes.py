"""Excludes1 and code-first notes of the tabular list, applied to the codes of a note."""

import re
from collections.abc import Iterator
from functools import lru_cache

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Drafts

_IN_BRACKETS = re.compile(r"\(([A-Z]\d[^()]*)\)")
_ONE = re.compile(
    r"([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?)(?:\.?-)?(?:\s*-\s*([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?))?"
)


def apply_excludes(drafts: Drafts, book: Codebook) -> None:
    """Drop one of two codes that exclude each other; where neither is vaguer, keep both and warn."""
    codes = list(drafts.codes)
    for number, first in enumerate(codes):
        for second in codes[number + 1 :]:
            if first not in drafts.codes or second not in drafts.codes:
                continue
            holder = first if _notes(first, second, "excludes1", book) else second
            other = second if holder == first else first
            if not _notes(holder, other, "excludes1", book):
                continue
            ranks = _rank(first, drafts, book), _rank(second, drafts, book)
            if ranks[0] == ranks[1]:
                drafts.warnings.append(
                    f"{holder} excludes {other} (Excludes1): both only if the conditions are unrelated"
                )
                continue
            gone = first if ranks[0] < ranks[1] else second
            drafts.remove([gone], f"Excludes1 at {holder}: {other} is not coded with it", "I.A.12.a")


def in_sequence(codes: list[str], book: Codebook) -> list[str]:
    """Return codes in order, each behind the codes that its code-first note names."""
    result = list(codes)
    for code in codes:
        before = [item for item in result if item != code and _notes(code, item, "codeFirst", book)]
        if before and (last := max(result.index(item) for item in before)) > result.index(code):
            result.remove(code)
            result.insert(last, code)
    return result


def _rank(code: str, drafts: Drafts, book: Codebook) -> int:
    """Return 0 for a symptom, 1 for an unspecified condition, 3 for a malformation, 2 for others."""
    if code.startswith("R") or drafts.codes[code].symptom:
        return 0
    if code.startswith("Q"):
        return 3  # a malformation or chromosomal disorder is the cause of what it excludes
    return 1 if "unspecified" in book.title(code).lower() else 2


def _notes(code: str, other: str, kind: str, book: Codebook) -> bool:
    """Return whether a note of `kind` at `code` or above it names `other`."""
    for above in book.ancestors(code):
        for note in book.entries[above].notes.get(kind, ()):
            for low, high in _ranges(note):
                if _within(other, low, high) and not code.startswith(low):
                    return True
    return False


def _within(code: str, low: str, high: str) -> bool:
    return code.startswith(low) if not high else low <= code[: len(low)] and code[: len(high)] <= high


@lru_cache(maxsize=16384)
def _ranges(note: str) -> tuple[tuple[str, str], ...]:
    return tuple(_codes(note))


def _codes(note: str) -> Iterator[tuple[str, str]]:
    for bracket in _IN_BRACKETS.findall(note):
        for match in _ONE.finditer(bracket):
            yield match[1], match[2] or ""
