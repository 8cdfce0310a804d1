"""Map a case's HPO ids to ontology indices; report ids that were remapped or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.diagnosis.cases import Case
from clinweave.applications.diagnosis.ontology import ROOT, Ontology
from clinweave.applications.diagnosis.sex import sex_problems


@dataclass(frozen=True)
class Findings:
    """Sorted indices of observed and excluded terms, and the problems of the case."""

    observed: tuple[int, ...]
    excluded: tuple[int, ...]
    problems: tuple[str, ...]


def read_findings(ontology: Ontology, case: Case) -> Findings:
    """Map the ids of a case: old ids to their replacements; unknown ids and other branches are dropped and reported.

    A finding both observed and excluded counts as observed, and so does one whose descendant is observed. One that the
    stated sex does not have is kept, and named among the problems.
    """
    problems = list(dict.fromkeys(case.problems))
    observed = _indices(ontology, case.observed, problems)
    excluded = _indices(ontology, case.excluded, problems)
    above = {int(up) for index in observed for up in ontology.ancestors[index]}
    problems += [
        f"contradiction: {ontology.ids[index]} ({ontology.names[index]}) is excluded, but it or a kind of it is "
        "observed; taken as observed"
        for index in sorted(excluded & above)
    ]
    excluded -= above
    problems += sex_problems(ontology, observed, case.sex)
    if not observed and not case.problems:
        problems.append(
            "only excluded findings: nothing to rank by"
            if excluded
            else "no usable finding: nothing to rank by"
        )
    return Findings(tuple(sorted(observed)), tuple(sorted(excluded)), tuple(problems))


def _indices(ontology: Ontology, ids: Sequence[str], problems: list[str]) -> set[int]:
    terms = set()
    for raw in dict.fromkeys(ids):
        id_ = raw.strip().replace("_", ":").upper()
        index = ontology.index.get(id_)
        if index is None:
            outside = id_ in ontology.outside
            problems.append(
                f"{raw} is not a phenotypic abnormality and was ignored"
                if outside
                else f"{raw} is not in HPO {ontology.release or 'at hand'} and was left out"
            )
        elif ontology.ids[index] == ROOT:
            problems.append(f"{raw} (any abnormality) carries no information and was ignored")
        else:
            if ontology.ids[index] != id_:
                problems.append(f"{raw} is now {ontology.ids[index]} ({ontology.names[index]})")
            terms.add(index)
    return terms
