"""Findings that the stated sex of a patient does not have, by the branches of the HPO for female and male organs."""

from collections.abc import Iterable

from clinweave.applications.diagnosis.ontology import Ontology

_BRANCHES = {
    "FEMALE": ("HP:0010460", "HP:0000008", "HP:0000055", "HP:0030012", "HP:0033020", "HP:0100603"),
    "MALE": ("HP:0010461", "HP:0000022", "HP:0000032", "HP:0012874", "HP:0033019"),
}
_OTHER = {"MALE": "FEMALE", "FEMALE": "MALE"}


def sex_problems(ontology: Ontology, observed: Iterable[int], sex: str) -> list[str]:
    """Return what to check of the terms `observed` (indices) in a patient of this sex ("MALE", "FEMALE" or "")."""
    other = _OTHER.get(sex)
    if other is None:
        return []
    branches = {ontology.index[id_] for id_ in _BRANCHES[other] if id_ in ontology.index}
    return [
        f"{ontology.ids[index]} ({ontology.names[index]}) is a finding of {other.lower()} patients and the sex stated "
        f"is {sex.lower()}; check whose it is, and leave it out with --ignore if it is not the patient's"
        for index in sorted(observed)
        if branches.intersection(map(int, ontology.ancestors[index]))
    ]
