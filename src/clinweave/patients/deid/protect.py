"""Protect clinical terms that look like names: those found by the project's linker, and eponyms from a list."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from clinweave.patients.deid.names import is_sure
from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import lists

if TYPE_CHECKING:
    from clinweave.records import Mention


class LinksText(Protocol):
    """What protection needs of a linker."""

    def link(self, text: str, /) -> "Sequence[Mention]":
        """Return the mentions in a text, with `start`, `end` and `text`."""


class Guarded(NamedTuple):
    """A stretch that stays; `firm`: even where it holds the patient's own name ("Wilson disease")."""

    start: int
    end: int
    firm: bool


@lru_cache(maxsize=1)
def _terms() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = lists()
    people = "|".join(
        sorted(words["eponyms"] | words["surname_eponyms"], key=lambda word: (-len(word), word))
    )
    sure = "|".join(sorted(words["eponyms"], key=lambda word: (-len(word), word)))
    heads = "|".join(sorted(words["heads"], key=lambda word: (-len(word), word)))
    middle = "muscular |cell |coma |valve |optic |sleepiness |motor |spinal "
    own = r"(?:['’]s|s['’]|['’])?"
    eponym = rf"(?:{people}){own}"
    term = rf"\b{eponym}(?:[-–/ ](?:and |en |de |of |von )?{eponym}){{0,4}}(?:[- ](?:{middle})?(?:{heads}))\b"
    term += rf"|\b(?:{people})(?:[-–](?:en-y|{people})){{1,4}}\b"
    term += r"|\bSister Mary Joseph(?:['’]s)?(?= nodule)|\bAnn Arbor(?=\s+(?:stag|class|[IV]+\b))"
    lone = rf"\b(?:{sure}){own}(?!\w)|\b(?:{people})(?=\s+(?:IV|VI?|II)[A-C]?\b|\s+(?:mosaic|level)\b)"  # "Clark IV"
    return re.compile(term, re.IGNORECASE), re.compile(lone, re.IGNORECASE)


def guarded(text: str, linker: LinksText | None = None) -> list[Guarded]:
    """Return the clinical terms of a note that stay."""
    term, lone = _terms()
    spans = [Guarded(item.start(), item.end(), firm=True) for item in term.finditer(text)]
    spans += [Guarded(item.start(), item.end(), firm=False) for item in lone.finditer(text)]
    if linker is not None:
        for mention in linker.link(text):
            spans.append(
                Guarded(
                    mention.start, mention.end, firm=" " in mention.text.strip() and _clinical(mention.text)
                )
            )
    return spans


def unprotected(spans: Sequence[Span], stays: Sequence[Guarded]) -> list[Span]:
    """Return the spans without the names and places that are clinical terms.

    A firm term stays against all but a title ("Dr. Wilson"); a lone one against all but what is sure to be a name.
    """
    return [span for span in spans if not _is_term(span, stays)]


def _is_term(span: Span, stays: Sequence[Guarded]) -> bool:
    if span.kind not in {Kind.NAME, Kind.PLACE} or span.rule in {
        "street",
        "known given name",
        "state and zip",
    }:
        return span.kind is Kind.NAME and any(
            item.firm and item.start <= span.start < span.end <= item.end for item in stays
        )
    over = [item for item in stays if item.start < span.end and span.start < item.end]
    if any(item.firm and item.start <= span.start for item in over):
        return True
    return not is_sure(span) and any(item.start <= span.start and span.end <= item.end for item in over)


def _clinical(text: str) -> bool:
    """Say whether a mention of several words holds one that is in lower case or a known head: not "Mary Smith"."""
    words = text.split()
    return any(word.islower() or word.lower() in lists()["heads"] for word in words)
