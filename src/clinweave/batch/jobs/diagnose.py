"""Rank diseases for many cases."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.core.artifacts import digest, home, sha256
from clinweave.core.typed import path_key

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Release

_TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Diagnose:
    """Diseases ranked by a case's findings, as `clinweave diagnose` ranks them.

    A row is {"id", "observed", "excluded", "sex", "age"}, findings by their HPO ids. `release`: folder with hp.obo
    and phenotype.hpoa (the fetched one if not given); `top`: ranks of a case; `reasons`: ranks with reasons.
    """

    release: str = field(default="", metadata=path_key())
    top: int = 20
    reasons: int = 0

    version: ClassVar[int] = 2
    needs: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("observed", _TEXTS, nullable=False),
            ("excluded", _TEXTS),
            ("sex", pa.string()),
            ("age", pa.string()),
        ]
    )

    @property
    def gives(self) -> pa.Schema:
        """Return the ranked diseases' ids, their scores, what was ignored of the case, the whole result as JSON."""
        return pa.schema(
            [
                ("ranking", _TEXTS),
                ("scores", pa.list_(pa.float64())),
                ("problems", _TEXTS),
                ("result", pa.string()),
            ]
        )

    def key(self) -> str:
        """Return a hash of the release's files."""
        release = self._release()
        files = (release.ontology, release.annotations, release.mondo, release.genes)
        return digest([sha256(file) for file in files if file])

    def open(self) -> Transform:
        """Return the ranker as a function over batches."""
        from clinweave.applications.diagnosis import Diagnoser, open_model, packet

        diagnoser = Diagnoser(open_model(self._release(), home() / "diagnosis"))

        def ranked(batches: Batches) -> Batches:
            for batch in batches:
                cases = [
                    packet({name: value for name, value in row.items() if value is not None})
                    for row in batch.to_pylist()
                ]
                results = [diagnoser.diagnose(case, top=self.top, explained=self.reasons) for case in cases]
                yield pa.RecordBatch.from_pydict(
                    {
                        "ranking": [[entry["id"] for entry in item["ranking"]] for item in results],
                        "scores": [[entry["score"] for entry in item["ranking"]] for item in results],
                        "problems": [list(item["problems"]) for item in results],
                        "result": [json.dumps({**item, "id": None}, ensure_ascii=False) for item in results],
                    },
                    schema=self.gives,
                )

        return ranked

    def _release(self) -> "Release":
        from clinweave.applications.diagnosis import fetched_genes, fetched_mondo, fetched_release, release_in

        if not self.release:
            return fetched_release(home())
        return release_in(Path(self.release), fetched_mondo(home()), fetched_genes(home()))
