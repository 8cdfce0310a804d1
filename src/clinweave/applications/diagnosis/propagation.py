"""Propagate profiles up the ontology: the share of a disease's patients with a term or any descendant of it."""

from typing import TYPE_CHECKING, NamedTuple

from clinweave.applications.diagnosis.annotations import Profile
from clinweave.applications.diagnosis.ontology import Ontology

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    Longs = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float32]

CAP = 0.98  # no finding is certain


class FrequencyMatrix(NamedTuple):
    """Frequencies by term in compressed rows: term t has the diseases `disease[start[t]:start[t + 1]]`, sorted.

    `frequency` is the share of a disease's patients that have the term.
    """

    start: "Longs"
    disease: "Ints"
    frequency: "Floats"
    size: int  # diseases in all

    def row(self, term: int) -> "tuple[Ints, Floats]":
        """Return the diseases that have the term, and in what share of their patients."""
        low, high = self.start[term], self.start[term + 1]
        return self.disease[low:high], self.frequency[low:high]


def smoothed(
    profile: Profile,
    prior: "float | Floats",
    strength: float = 1.0,
    unstated: "float | Floats | None" = None,
) -> "Floats":
    """Return frequencies with `strength` pseudo-patients at `prior`: the mean of a beta posterior.

    A finding whose rows state no frequency gets `unstated`, by default the prior. Both may differ by entry.
    """
    import numpy as np

    missing = np.isnan(profile.frequency)
    shrunk = (np.nan_to_num(profile.frequency) * profile.patients + prior * strength) / (
        np.where(missing, 0.0, profile.patients) + strength
    )
    return np.where(missing, prior if unstated is None else unstated, shrunk).astype(np.float32)


def direct(profile: Profile, frequencies: "Floats", terms: int, count: int) -> FrequencyMatrix:
    """Return the profiles as they are, one row a term; `count` is the number of diseases."""
    import numpy as np

    order = np.lexsort((profile.disease, profile.term))
    start = np.r_[0, np.cumsum(np.bincount(profile.term, minlength=terms))].astype(np.int64)
    return FrequencyMatrix(
        start, profile.disease[order], np.minimum(frequencies[order], CAP).astype(np.float32), count
    )


def closure(ontology: Ontology, profile: Profile, frequencies: "Floats", count: int) -> FrequencyMatrix:
    """Return the profiles carried up to the root by their largest frequency."""
    import numpy as np

    own = direct(profile, frequencies, len(ontology.ids), count)
    used = np.unique(profile.term)
    above = [ontology.ancestors[term] for term in used.tolist()]
    inside = (
        np.unique(np.concatenate(above)).tolist() if above else []
    )  # few terms, where few rows are asked about
    profile_of = {term: own.row(term) for term in inside}
    for term in reversed(inside):
        below = [profile_of[child] for child in ontology.children[term] if child in profile_of]
        if below:
            parts = [profile_of[term], *below]
            profile_of[term] = _largest(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    sizes = np.zeros(len(ontology.ids), np.int64)
    sizes[inside] = [len(profile_of[term][0]) for term in inside]
    start = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    disease = [profile_of[term][0] for term in inside] or [np.zeros(0, np.int32)]
    frequency = [profile_of[term][1] for term in inside] or [np.zeros(0, np.float32)]
    return FrequencyMatrix(start, np.concatenate(disease), np.concatenate(frequency), count)


def _largest(disease: "Ints", frequency: "Floats") -> "tuple[Ints, Floats]":
    import numpy as np

    order = np.argsort(disease, kind="stable")
    disease, frequency = disease[order], frequency[order]
    starts = np.flatnonzero(np.r_[True, disease[1:] != disease[:-1]])
    return disease[starts], np.maximum.reduceat(frequency, starts)


def carry_down(ontology: Ontology, values: "Floats") -> "Floats":
    """Raise each term's row to its ancestors' largest, in place; the first axis of `values` is the terms."""
    import numpy as np

    for terms, parents, starts in ontology.levels:
        values[terms] = np.maximum(values[terms], np.maximum.reduceat(values[parents], starts, axis=0))
    return values
