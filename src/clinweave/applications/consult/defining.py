"""Statements of the user's own documents that say what something is."""

import re
from collections.abc import Sequence

from clinweave.applications.consult.cues import pattern
from clinweave.applications.consult.matching import Facet
from clinweave.applications.consult.units import Unit, normal

_IS = re.compile(r"\b(?:is|are|means?|refers? to|defined as|occurs? when)\b", re.IGNORECASE)


def defines(unit: Unit, facets: Sequence[Facet]) -> bool:
    """Say whether a statement says what something that the question names is ("Sepsis is ...")."""
    subject, verb, _ = _IS.sub("\0", unit.text, count=1).partition("\0")
    norm = f" {normal(subject)} "
    named = any(facet.within(norm) for facet in facets)
    return bool(verb) and named and not pattern("stored", "directs").search(unit.text)
