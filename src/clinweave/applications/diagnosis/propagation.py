"""Profiles carried upwards: in what share of a disease's patients a term, or anything below it, is found."""

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


class Closure(NamedTuple):
    """Compressed rows, one a term: `who[start[t]:start[t + 1]]` are the diseases (sorted places), `often` how often."""

    start: "Longs"
    who: "Ints"
    often: "Floats"
    size: int  # diseases in all

    def row(self, term: int) -> "tuple[Ints, Floats]":
        """Return the diseases that have the term, and in what share of their patients."""
        low, high = self.start[term], self.start[term + 1]
        return self.who[low:high], self.often[low:high]


def smoothed(profile: Profile, prior: float, strength: float = 1.0) -> "Floats":
    """Return frequencies with `strength` pseudo-patients at `prior`: the mean of a beta posterior."""
    import numpy as np

    known = np.nan_to_num(profile.frequency, nan=prior)
    weight = np.where(np.isnan(profile.frequency), 0.0, profile.patients)
    return ((known * weight + prior * strength) / (weight + strength)).astype(np.float32)


def direct(profile: Profile, frequencies: "Floats", terms: int, count: int) -> Closure:
    """Return the profiles as they are, one row a term; `count` is the number of diseases."""
    import numpy as np

    order = np.lexsort((profile.disease, profile.term))
    start = np.r_[0, np.cumsum(np.bincount(profile.term, minlength=terms))].astype(np.int64)
    return Closure(
        start, profile.disease[order], np.minimum(frequencies[order], CAP).astype(np.float32), count
    )


def closure(ontology: Ontology, profile: Profile, frequencies: "Floats", count: int) -> Closure:
    """Return the profiles carried up to the root by their largest frequency."""
    import numpy as np

    own = direct(profile, frequencies, len(ontology.ids), count)
    used = np.unique(profile.term)
    above = [ontology.ancestors[place] for place in used.tolist()]
    inside = (
        np.unique(np.concatenate(above)).tolist() if above else []
    )  # few terms, where few rows are asked about
    found = {place: own.row(place) for place in inside}
    for place in reversed(inside):
        below = [found[child] for child in ontology.children[place] if child in found]
        if below:
            parts = [found[place], *below]
            found[place] = _largest(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    sizes = np.zeros(len(ontology.ids), np.int64)
    sizes[inside] = [len(found[place][0]) for place in inside]
    start = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    who = [found[place][0] for place in inside] or [np.zeros(0, np.int32)]
    often = [found[place][1] for place in inside] or [np.zeros(0, np.float32)]
    return Closure(start, np.concatenate(who), np.concatenate(often), count)


def _largest(who: "Ints", often: "Floats") -> "tuple[Ints, Floats]":
    import numpy as np

    order = np.argsort(who, kind="stable")
    who, often = who[order], often[order]
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    return who[starts], np.maximum.reduceat(often, starts)


def carry_down(ontology: Ontology, values: "Floats") -> "Floats":
    """Raise each term's row to its ancestors' largest, in place; `values` is terms by anything."""
    import numpy as np

    for terms, parents, starts in ontology.levels:
        values[terms] = np.maximum(values[terms], np.maximum.reduceat(values[parents], starts, axis=0))
    return values
