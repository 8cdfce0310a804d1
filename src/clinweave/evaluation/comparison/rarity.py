"""Rare and common diseases: which half of a task's questions each one belongs to.

With Orphadata's table of prevalence (`prevalence = "en_product9_prev.xml"`) a disease is rare below ten in a million.
Without it, how often a disease has been published stands in: the publications that the graph cites for it, and whether
they are more than those of the median disease of the task. That says how well known a disease is, not how common.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from clinweave.databases import PER_MILLION, RowLog, read_prevalence
from clinweave.evaluation.knowledge_bases import KnowledgeBase
from clinweave.records import Question

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Linker

RARE, COMMON = "rare diseases", "commoner diseases"
LESS, MORE = "diseases published less", "diseases published more"
_BELOW = 10.0  # cases in a million
_DISEASE = "biolink:Disease"


def rarity_groups(
    questions: Sequence[Question], base: KnowledgeBase, prevalence: Path | None = None
) -> dict[tuple[str, str], str]:
    """Return (task, item) -> its half, for the questions on a disease that the graph knows.

    Raises `UserError` where the table of prevalence cannot be read.
    """
    graph, linker = base.context_builder.graph, base.context_builder.linker
    if graph is None:
        return {}
    diseases = {
        (question.task, question.id): disease
        for question in questions
        if (disease := _disease(question, graph, linker))
    }
    if prevalence is not None:
        rates = _rates(prevalence, graph)
        return {
            item: RARE if rates[disease] < _BELOW else COMMON
            for item, disease in diseases.items()
            if disease in rates
        }
    counts = {disease: _publications(graph, disease) for disease in sorted(set(diseases.values()))}
    return _halves(diseases, counts)


def _halves(diseases: Mapping[tuple[str, str], str], counts: Mapping[str, int]) -> dict[tuple[str, str], str]:
    groups: dict[tuple[str, str], str] = {}
    for task in dict.fromkeys(task for task, _ in diseases):
        own = {item: counts[disease] for item, disease in diseases.items() if item[0] == task}
        middle = median(own.values())
        groups |= {item: LESS if count <= middle else MORE for item, count in own.items()}
    return groups


def _disease(question: Question, graph: "Graph", linker: "Linker | None") -> str:
    """Return the disease that a question is about: its own concept, else the first one that its words name."""
    mentions = linker.link(question.question) if linker and not question.concepts else ()
    named: Iterable[str] = question.concepts or (mention.id for mention in mentions)
    resolved = (graph.resolve(identifier) for identifier in named)
    return next((id_ for id_ in resolved if id_ and graph.concept(id_).category == _DISEASE), "")


def _publications(graph: "Graph", disease: str) -> int:
    """Return how many publications the graph cites for what it states of a disease."""
    return len({paper for relation in graph.relations(subject=disease) for paper in relation.publications})


def _rates(path: Path, graph: "Graph") -> dict[str, float]:
    """Return disease -> cases in a million; the most common of several disorders that are one concept here."""
    log = RowLog()
    rates: dict[str, float] = {}
    for identifier, class_ in read_prevalence(path, log).items():
        if disease := graph.resolve(identifier):
            rates[disease] = max(rates.get(disease, 0.0), PER_MILLION[class_])
    log.report()
    return rates
