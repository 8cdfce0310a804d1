"""Credit for a grouping class above the true disease, as Reese et al. give it, and what that credit is worth.

There an answer that is a Mondo ancestor of the true disease counts as right, and a sibling does not (Reese et al. 2026,
doi:10.1038/s41431-026-02054-5). Here an ancestor counts only where it groups at most `LIMIT` OMIM diseases, and a
control that names the same large classes for every case says how much such credit can be had without looking.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from clinweave.evaluation.diagnosis.truth import Truth

VERSION = 1  # raise it when the same releases give other ancestors
LIMIT = 20  # OMIM diseases at or below a class; a wider one is no diagnosis


class Grouping:
    """The classes of one Mondo file above each OMIM disease."""

    def __init__(self, mondo: Path) -> None:
        from clinweave.applications.diagnosis import from_mondo
        from clinweave.databases import DATABASES, RowLog

        files = {"mondo.json": mondo}
        reader = DATABASES["mondo"]
        self.links = from_mondo(reader.read(files, RowLog(keep=0)), reader.source(files).release)
        self.class_of = {
            id_: class_ for class_, ids in sorted(self.links.members.items()) for id_ in reversed(ids)
        }

    @cached_property
    def size(self) -> dict[str, int]:
        """Return for each class the number of OMIM diseases at or below it."""
        below: dict[str, set[str]] = {}
        for id_, class_ in self.class_of.items():
            if id_.startswith("OMIM:"):
                for here in (class_, *self.above(class_)):
                    below.setdefault(here, set()).add(id_)
        return {class_: len(ids) for class_, ids in below.items()}

    def above(self, class_: str) -> set[str]:
        """Return all classes above one."""
        result: set[str] = set()
        waiting = [class_]
        while waiting:
            for parent in self.links.parents.get(waiting.pop(), ()):
                if parent not in result:
                    result.add(parent)
                    waiting.append(parent)
        return result

    def accepted(self, disease: str, candidates: Iterable[str], limit: int | None = LIMIT) -> list[str]:
        """Return the candidates whose class groups the disease, with at most `limit` diseases."""
        class_ = self.class_of.get(disease)
        if class_ is None:
            return []
        up = {item for item in self.above(class_) if limit is None or self.size.get(item, 0) <= limit}
        return [id_ for id_ in candidates if id_ != disease and self.class_of.get(id_) in up]

    def trivial(self, truths: Sequence[Truth], limit: int | None) -> list[float]:
        """Return the top-1/3/10 of naming, for every case, the ten largest classes of at most `limit` diseases."""
        allowed = [item for item in self.size if limit is None or self.size[item] <= limit]
        named = sorted(allowed, key=lambda item: (-self.size[item], item))[:10]
        up = {
            item: self.above(self.class_of[item])
            for item in {t.disease for t in truths}
            if item in self.class_of
        }
        return [
            sum(bool(up.get(item.disease, set()) & set(named[:depth])) for item in truths)
            / max(len(truths), 1)
            for depth in (1, 3, 10)
        ]
