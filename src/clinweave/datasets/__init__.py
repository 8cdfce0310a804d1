"""Question sets made from the graph, readers of published benchmarks, and labelled citation pairs."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.datasets.benchmarks import read_benchmark as read_benchmark
    from clinweave.datasets.benchmarks import read_biomixqa as read_biomixqa
    from clinweave.datasets.benchmarks import read_jsonl as read_jsonl
    from clinweave.datasets.benchmarks import read_medqa as read_medqa
    from clinweave.datasets.benchmarks import read_mirage as read_mirage
    from clinweave.datasets.benchmarks import read_pubmedqa as read_pubmedqa
    from clinweave.datasets.citation_pairs import citation_pairs as citation_pairs
    from clinweave.datasets.cross_source import cross_source_questions as cross_source_questions
    from clinweave.datasets.from_graph import KINDS as KINDS
    from clinweave.datasets.from_graph import graph_questions as graph_questions
    from clinweave.datasets.future import future_questions as future_questions
    from clinweave.datasets.store import read_questions as read_questions
    from clinweave.datasets.store import write_questions as write_questions

__getattr__, __dir__ = attach(
    __name__,
    {
        "KINDS": "from_graph",
        "citation_pairs": "citation_pairs",
        "cross_source_questions": "cross_source",
        "future_questions": "future",
        "graph_questions": "from_graph",
        "read_benchmark": "benchmarks",
        "read_biomixqa": "benchmarks",
        "read_jsonl": "benchmarks",
        "read_medqa": "benchmarks",
        "read_mirage": "benchmarks",
        "read_pubmedqa": "benchmarks",
        "read_questions": "store",
        "write_questions": "store",
    },
)
