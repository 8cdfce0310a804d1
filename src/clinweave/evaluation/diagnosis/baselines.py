"""Scores to compare with, on the same arrays: the frequency-weighted sum of information, and a likelihood ratio.

`Lrz` sums, over the findings, the information of the nearest shared term plus half the log of its frequency, less half
of what the profile would explain of findings drawn at random. `Lirical` is this project's own reading of the published
likelihood ratio (Robinson et al. 2020, doi:10.1016/j.ajhg.2020.06.021), not its program: the frequency of the finding
in the disease (1 where not stated) over its mean frequency in all; a finding below an annotated term keeps that term's
ratio; one that matches nothing counts 1/100; an excluded finding counts (1 - frequency) over (1 - background).
"""

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from clinweave.applications.diagnosis import Model, Ranker

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_HALF = 0.5
_MISS = 0.01  # a finding that has nothing to do with the disease


class Lrz:
    """The baseline `lrz`. `vocabulary` holds every observed term of the cases; the model stands alone, prior 0.5.

    `more` holds terms that may be asked as well and do not count in the normaliser.
    """

    name = "lrz"

    def __init__(self, model: Model, vocabulary: Sequence[int], more: Sequence[int] = ()) -> None:
        import numpy as np

        self.model = model
        self._removal = Ranker(model)
        asked = [*vocabulary, *sorted(set(more) - set(vocabulary))]
        self._place = {term: row for row, term in enumerate(asked)}
        self._terms = np.array(asked, np.int32)
        weight = np.diff(model.tables.stated.start)[self._terms] + 0.5
        weight[len(vocabulary) :] = 0
        self._weight = (weight / weight.sum()).astype(np.float32)
        self._value = self._values(model.tables.own, len(model.related))
        self._spread = np.log(self._weight @ np.exp(self._value))
        self._changed = lru_cache(64)(self._without)

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> "Floats":
        """Return the score of every candidate; excluded findings are not used."""
        import numpy as np

        del excluded, sex
        rows = [self._place[term] for term in observed]
        total = self._value[rows].sum(axis=0) - _HALF * len(rows) * self._spread
        if dropped:
            candidates, value, spread, empty = self._changed(dropped)
            if len(candidates):
                total[candidates] = value[rows].sum(axis=0) - _HALF * len(rows) * spread
                total[candidates[empty]] = -1e9
        return np.asarray(total, np.float32)

    def with_annotations_of(self, model: Model) -> "Lrz":
        """Return this condition with what leaving publications out leaves taken from another model's rows."""
        other = copy(self)
        other._removal = Ranker(model)
        other._changed = lru_cache(1)(other._without)
        return other

    def _values(self, own: Any, count: int) -> "Floats":
        import numpy as np

        from clinweave.applications.diagnosis import carry_down

        model = self.model
        values = np.zeros((len(model.ontology.ids), count), np.float32)
        term = np.repeat(np.arange(len(model.ontology.ids)), np.diff(own.start))
        values[term, own.disease] = np.maximum(model.information[term] + _HALF * np.log(own.frequency), 0)
        return np.asarray(carry_down(model.ontology, values)[self._terms])

    def _without(self, dropped: tuple[str, ...]) -> tuple[Any, Any, Any, Any]:
        import numpy as np

        overlay = self._removal.overlay(dropped)
        value = (
            self._values(overlay.tables.own, len(overlay.disease)) if len(overlay.disease) else overlay.ratio
        )
        spread = np.log(self._weight @ np.exp(value)) if len(overlay.disease) else overlay.spread
        return overlay.disease, value, spread, overlay.empty


class Lirical:
    """LIRICAL's likelihood ratio, re-implemented; the model stands alone, with prior 1 and no pseudo-patients."""

    name = "lirical-lr"

    def __init__(self, model: Model) -> None:
        self.model = model
        self._removal = Ranker(model)
        self._kept: dict[int, Floats] = {}

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> "Floats":
        """Return the sum of log likelihood ratios for every candidate."""
        import numpy as np

        del sex
        count = len(self.model.related)
        total = np.zeros(count, np.float32)
        for term in observed:
            if term not in self._kept:
                self._kept[term] = self._present(term, self.model.tables.own, self.model.tables.stated, count)
            total += self._kept[term]
        for term in excluded:
            total += self._absent(term, self.model.tables.own, count)
        if dropped and len((overlay := self._removal.overlay(dropped)).disease):
            tables, few = overlay.tables, len(overlay.disease)
            new = sum(
                (self._present(term, tables.own, tables.stated, few) for term in observed), np.zeros(few)
            )
            new = sum((self._absent(term, tables.own, few) for term in excluded), new)
            total[overlay.disease] = np.where(overlay.empty, -1e9, new)
        return total

    def with_annotations_of(self, model: Model) -> "Lirical":
        """Return this condition with what leaving publications out leaves taken from another model's rows."""
        other = copy(self)
        other._removal = Ranker(model)
        return other

    def _present(self, term: int, own: Any, stated: Any, count: int) -> "Floats":
        import numpy as np

        background = self.model.background
        ratio = np.full(count, _MISS, np.float32)
        for above in self.model.ontology.ancestors[term].tolist():
            candidates, frequency = (own if above == term else stated).row(above)
            ratio[candidates] = np.maximum(ratio[candidates], frequency / background[above])
        return np.asarray(np.log(ratio), np.float32)

    def _absent(self, term: int, own: Any, count: int) -> "Floats":
        import numpy as np

        frequency = np.zeros(count, np.float32)
        candidates, share = own.row(term)
        frequency[candidates] = share
        return np.asarray(
            np.log((1 - frequency) / (1 - min(float(self.model.background[term]), 0.98))), np.float32
        )
