"""Resnik's similarity as a condition: the mean, over the findings, of the most telling term shared with the disease.

Resnik 1995 (arXiv:cmp-lg/9511007), as Phenomizer uses it one way, from the findings to the disease (Koehler et al.
2009, doi:10.1016/j.ajhg.2009.09.003), without its p values. Frequencies and excluded findings play no part.
"""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis import Model, Ranker

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


class Resnik:
    """The baseline `resnik`; the model stands alone."""

    name = "resnik"

    def __init__(self, model: Model) -> None:
        self.model = model
        self._removal = Ranker(model)
        self._rows: dict[int, Floats] = {}

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> "Floats":
        """Return the mean information of the nearest shared term, one value a candidate."""
        import numpy as np

        del excluded, sex
        total = np.zeros(len(self.model.related), np.float32)
        for term in observed:
            total += self._row(term)
        if dropped and len((overlay := self._removal.overlay(dropped)).disease):
            new = np.zeros(len(overlay.disease), np.float32)
            for term in observed:
                new += self._nearest(term, overlay.tables.own, len(overlay.disease))
            total[overlay.disease] = np.where(overlay.empty, -1e9, new)
        return np.asarray(total / max(len(observed), 1), np.float32)

    def with_annotations_of(self, model: Model) -> "Resnik":
        """Return this condition with what leaving publications out leaves taken from another model's rows."""
        other = copy(self)
        other._removal = Ranker(model)
        return other

    def _row(self, term: int) -> "Floats":
        if term not in self._rows:
            self._rows[term] = self._nearest(term, self.model.tables.own, len(self.model.related))
        return self._rows[term]

    def _nearest(self, term: int, own: "object", count: int) -> "Floats":
        import numpy as np

        result = np.zeros(count, np.float32)
        for above in self.model.ontology.ancestors[term].tolist():
            candidates, _ = own.row(above)  # type: ignore[attr-defined]
            result[candidates] = np.maximum(result[candidates], self.model.information[above])
        return result
