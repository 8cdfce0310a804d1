"""Leave one patient out: the true disease's rows from the case's paper, without this one patient.

Of the rows that cite the paper, those without counts are left out. Of the others a finding the patient has (or has a
kind of) loses one from both counts, one that is excluded in the patient loses one patient; with no patient left the
row is left out, with no finding left it stays as 0 of m. Other diseases and all weights stay. An upper bound on a new
patient of a known disease: curators, wording and relatives are shared. The lower bound is leaving the whole paper out.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from clinweave.applications.diagnosis import Model

if TYPE_CHECKING:
    import numpy as np

    from clinweave.applications.diagnosis import Annotations, RelatedDiseases

MARK = "clinweave:left-out"  # cited by the rows that are to go
_OF_DISEASES = frozenset({"diseases", "names", "inheritance", "course"})


def without_patient(
    model: Model, position: int, observed: Sequence[int], excluded: Sequence[int], paper: str
) -> Model | None:
    """Return the model in which leaving `MARK` out takes the patient from candidate `position`; None if none cites it.

    Only the rows of the candidate and its kin are kept, for speed; tables and weights are those of `model`.
    """
    import numpy as np

    rows, kin = model.annotations, model.related[position]
    index = {id_: at for at, id_ in enumerate(rows.diseases)}
    related = [index[id_] for id_ in (*kin.members, *kin.groups, *kin.siblings) if id_ in index]
    mine = {index[id_] for id_ in kin.members if id_ in index}
    at = np.concatenate(
        [rows.rows_of(disease) for disease in sorted(set(related))] or [np.zeros(0, np.int32)]
    )
    cited = [
        row
        for row in at.tolist()
        if int(rows.disease[row]) in mine and paper in rows.references[row].split(";")
    ]
    if not cited:
        return None
    at = np.sort(np.r_[at, cited[0]])  # one row twice: its copy goes, to compute the candidate again
    part = chosen(rows, at)
    counted = _counted(model, part, observed, excluded, paper, mine)
    first = int(np.flatnonzero(at == cited[0])[0])
    references = list(counted.references)
    references[first] = MARK
    return replace(
        model, annotations=replace(counted, references=tuple(references)), related=_alone(model, position)
    )


_BARE: dict[
    int, "tuple[tuple[RelatedDiseases, ...], tuple[RelatedDiseases, ...]]"
] = {}  # of the last model, by identity


def _alone(model: Model, position: int) -> "tuple[RelatedDiseases, ...]":
    """Return the candidates' kin where none but `position` stands on others: only its evidence is computed again."""
    selected = _BARE.get(id(model.related))
    if selected is None or selected[0] is not model.related:
        _BARE.clear()
        bare = tuple(
            replace(item, members=item.members[:1], groups=(), siblings=()) for item in model.related
        )
        selected = _BARE[id(model.related)] = (model.related, bare)
    return (*selected[1][:position], model.related[position], *selected[1][position + 1 :])


def chosen(rows: "Annotations", indices: "np.ndarray") -> "Annotations":
    """Return the rows `at` of the annotations, in that order; diseases stay in their places."""
    import numpy as np

    changed: dict[str, Any] = {}
    for item in fields(rows):
        value = getattr(rows, item.name)
        if item.name in _OF_DISEASES or isinstance(value, str):
            continue
        if isinstance(value, np.ndarray):
            changed[item.name] = value[indices]
        elif isinstance(value, tuple):
            changed[item.name] = tuple(value[row] for row in indices.tolist())
    return replace(rows, **changed)


def _counted(  # noqa: PLR0917 - a patient, a paper, and the rows they touch
    model: Model,
    rows: "Annotations",
    observed: Sequence[int],
    excluded: Sequence[int],
    paper: str,
    mine: set[int],
) -> "Annotations":
    above = {int(up) for term in observed for up in model.ontology.ancestors[term]}
    count, total, references = rows.count.copy(), rows.total.copy(), list(rows.references)
    for row, text in enumerate(rows.references):
        if int(rows.disease[row]) not in mine or paper not in text.split(";"):
            continue
        term = int(rows.term[row])
        if total[row] and term in above:
            count[row], total[row] = max(count[row] - 1, 0), total[row] - 1
        elif total[row] and term in excluded:
            total[row] -= 1
            count[row] = min(count[row], total[row])
        if total[row] <= 0:
            references[row] = MARK
    return replace(rows, count=count, total=total, references=tuple(references))
