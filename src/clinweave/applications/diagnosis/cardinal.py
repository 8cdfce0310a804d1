"""Findings that make a disease what it is: those in its name, and abnormal analytes.

Where HPOA counts eight patients or more, a finding that the name of the disease states is in 84 % of them, an
abnormality of metabolism in 60 %, any other in 40 % (HPOA 2024-03-06, means over 559, 693 and 20,956 rows).
"""

import re
from collections.abc import Iterable, Sequence

from clinweave.applications.diagnosis.ontology import Ontology, name_key

OTHER, ANALYTE, NAMED = 0, 1, 2  # kinds of a row, by how common its finding is in the disease
_METABOLISM = "HP:0001939"  # Abnormality of metabolism/homeostasis
_SHORTEST = 6  # letters; a shorter name stands in many others
_LONGEST = 6  # words of a finding's name that is looked for
_NOT_ALWAYS = re.compile(r"\b(?:with(?: or|/)? ?without|without|susceptibility|resistance)\b", re.IGNORECASE)


def kinds(ontology: Ontology, rows: Iterable[tuple[str, int]]) -> list[int]:
    """Return the kind of each row of (name of the disease, place of the finding)."""
    root = ontology.index.get(_METABOLISM)
    metabolic = frozenset(ontology.descendants[root].tolist()) if root is not None else frozenset[int]()
    keys: dict[int, frozenset[str]] = {}
    phrases: dict[str, frozenset[str]] = {}
    result = []
    for disease, term in rows:
        if disease not in phrases:
            phrases[disease] = _phrases(disease)
        if term not in keys:
            keys[term] = _keys(ontology, term)
        result.append(NAMED if keys[term] & phrases[disease] else ANALYTE if term in metabolic else OTHER)
    return result


def _keys(ontology: Ontology, term: int) -> frozenset[str]:
    synonyms: Sequence[str] = ontology.synonyms[term] if ontology.synonyms else ()
    names = (name_key(name) for name in (ontology.names[term], *synonyms))
    return frozenset(name for name in names if len(name) >= _SHORTEST)


def _phrases(disease: str) -> frozenset[str]:
    """Return the stretches of words of a disease's name, up to what not every patient has ("with or without ...")."""
    words = name_key(_NOT_ALWAYS.split(disease, maxsplit=1)[0]).split(" ")
    return frozenset(
        " ".join(words[low:high])
        for low in range(len(words))
        for high in range(low + 1, min(low + _LONGEST, len(words)) + 1)
    )
