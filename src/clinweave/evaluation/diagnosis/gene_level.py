"""Gene level, simulated: the causal gene among sampled others, ranked by the best disease of each gene.

No variants are looked at: an exome would leave a list of genes, and this asks what findings alone do with such a list.
The decoys are drawn with a seed among all genes of which a disease is known; real lists are not random, so this is
easier than life. Which gene belongs to which disease comes from a map that is newer than the releases.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis import Case, read_findings
from clinweave.evaluation.diagnosis.ranking import MISS, Condition, Ranks, known_cases
from clinweave.evaluation.diagnosis.truth import Truth

if TYPE_CHECKING:
    import numpy as np

DECOYS = 20


def genes_of_diseases(home: Path) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Return symbol -> disease ids from the fetched HGNC and UniProt diseases, and the releases of both."""
    from clinweave.databases import DATABASES, RowLog
    from clinweave.records import Concept, Relation
    from clinweave.resources import located

    files = located("uniprot-diseases", home)
    reader = DATABASES["uniprot_diseases"]
    symbols: dict[str, str] = {}
    result: dict[str, set[str]] = {}
    pairs: list[tuple[str, str]] = []
    for record in reader.read(files, RowLog(keep=0)):
        if isinstance(record, Concept) and record.category == "biolink:Gene":
            symbols[record.id] = record.name.upper()
        elif isinstance(record, Relation) and record.object.startswith("OMIM:"):
            pairs.append((record.subject, record.object))
    for gene, disease in pairs:
        if gene in symbols:
            result.setdefault(symbols[gene], set()).add(disease)
    releases = {"uniprot_diseases": reader.source(files).release}
    return {symbol: frozenset(ids) for symbol, ids in sorted(result.items())}, releases


def rank_genes(
    condition: Condition,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    diseases: Mapping[str, frozenset[str]],
    *,
    leave_out: str = "paper_from_every_disease",
    decoys: int = DECOYS,
    seed: int = 0,
    step: Callable[[int], None] = lambda _: None,
) -> Ranks:
    """Return the rank of the causal gene among `decoys` others; a gene of which no disease is known is a miss.

    A gene scores as its best disease does; genes of which nothing is known score below all, ties are halved. The
    decoys of a case depend on its id and the seed alone, so every condition gets the same.
    """
    import numpy as np

    indices = {id_: index for index, id_ in enumerate(condition.model.ids)}
    rows = {
        symbol: np.array([indices[id_] for id_ in sorted(ids) if id_ in indices], np.int32)
        for symbol, ids in diseases.items()
    }
    ranks: dict[str, float] = {}
    for case, truth in zip(cases, truths, strict=True):
        ranks[truth.id] = MISS
        findings = read_findings(condition.model.ontology, case)
        if truth.gene in diseases and findings.observed:
            others = Random(f"{seed} {truth.id}").sample(sorted(diseases.keys() - {truth.gene}), decoys)  # noqa: S311
            papers = (
                (truth.publication,) if truth.publication and leave_out == "paper_from_every_disease" else ()
            )
            scores = condition.scores(findings.observed, findings.excluded, papers, case.sex)
            values = [_best(scores, rows[symbol]) for symbol in (truth.gene, *others)]
            if values[0] > -MISS / 2:
                better = sum(value > values[0] + 1e-6 for value in values[1:])
                equal = sum(abs(value - values[0]) <= 1e-6 for value in values[1:])
                ranks[truth.id] = 1 + better + equal / 2
        step(1)
    return Ranks(condition.name, ranks, 0.0, known_cases(condition.model, truths))


def _best(scores: "np.ndarray", indices: "np.ndarray") -> float:
    return float(scores[indices].max()) if len(indices) else -MISS
