"""The conditions of diagnosis by name, each opened on a release; clinweave's own with or without Mondo."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis import (
    Case,
    Model,
    Ranker,
    Release,
    Settings,
    open_model,
    release_in,
)
from clinweave.evaluation.diagnosis.baselines import Lirical, Lrz
from clinweave.evaluation.diagnosis.semantic import Resnik

if TYPE_CHECKING:
    import numpy as np

    from clinweave.evaluation.diagnosis.ranking import Condition

BASELINE = "lrz"
CONDITIONS = ("lrz", "lirical-lr", "clinweave-release", "clinweave")
OWN = frozenset({"clinweave", "clinweave-release"})  # what this project's score decides
EXPLAINED = {
    "lrz": "frequency-weighted sum of information, less half of its breadth",
    "lirical-lr": "LIRICAL's likelihood ratio, re-implemented here",
    "resnik": "Resnik's similarity, findings to disease",
    "clinweave-release": "this project's score, from the HPO release alone",
    "clinweave": "this project's score, with Mondo's equivalences and related diseases",
}


class Scored:
    """clinweave's own score as a condition."""

    def __init__(self, name: str, model: Model) -> None:
        self.name, self.model = name, model
        self.ranker = Ranker(model)

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> "np.ndarray":
        """Return one score a candidate."""
        return self.ranker.scores(observed, excluded, dropped, sex)

    def with_annotations_of(self, model: Model) -> "Scored":
        """Return the condition whose left-out rows are those of another model."""
        return Scored(self.name, model)


def open_condition(
    name: str,
    folder: Path,
    cache: Path,
    cases: Sequence[Case],
    mondo: Path | None = None,
    *,
    more: Iterable[str] = (),
) -> "Condition":
    """Return a condition on the release in `folder`; compiled files are kept below `cache`.

    `cases` give `lrz` the vocabulary of its normaliser; `more` are further term ids to be scored.
    """
    release = release_in(folder)
    if name == "lrz":
        model = open_model(
            release,
            cache,
            Settings(frequency_prior=0.5, unstated=0.5, strength=1.0, analyte=0.5, named=0.5),
            related=False,
        )
        index = model.ontology.index
        terms = {index[id_] for case in cases for id_ in case.observed if id_ in index}
        return Lrz(model, sorted(terms), [index[id_] for id_ in more if id_ in index])
    if name == "lirical-lr":
        return Lirical(
            open_model(
                release,
                cache,
                Settings(frequency_prior=1.0, unstated=1.0, strength=1e-6, analyte=1.0, named=1.0),
                related=False,
            )
        )
    if name == "resnik":
        return Resnik(
            open_model(
                release,
                cache,
                Settings(frequency_prior=0.5, unstated=0.5, strength=1.0, analyte=0.5, named=0.5),
                related=False,
            )
        )
    known = mondo if name == "clinweave" else None
    return Scored(name, open_model(Release(release.ontology, release.annotations, known), cache))
