"""Datasets: training sets and question sets built from the graph, benchmark readers, labelled citation pairs."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.datasets.benchmarks import benchmark_files as benchmark_files
    from clinweave.datasets.benchmarks import read_benchmark as read_benchmark
    from clinweave.datasets.benchmarks import read_biomixqa as read_biomixqa
    from clinweave.datasets.benchmarks import read_jsonl as read_jsonl
    from clinweave.datasets.benchmarks import read_medqa as read_medqa
    from clinweave.datasets.benchmarks import read_mirage as read_mirage
    from clinweave.datasets.benchmarks import read_pubmedqa as read_pubmedqa
    from clinweave.datasets.build import DataSettings as DataSettings
    from clinweave.datasets.build import build_data as build_data
    from clinweave.datasets.choices import to_question as to_question
    from clinweave.datasets.citations.pairs import citation_pairs as citation_pairs
    from clinweave.datasets.citations.written import NamedConcepts as NamedConcepts
    from clinweave.datasets.citations.written import read_written_pairs as read_written_pairs
    from clinweave.datasets.cross_source import cross_source_questions as cross_source_questions
    from clinweave.datasets.decontamination import Benchmarks as Benchmarks
    from clinweave.datasets.decontamination import decontaminate as decontaminate
    from clinweave.datasets.examples import Example as Example
    from clinweave.datasets.examples import Kind as Kind
    from clinweave.datasets.examples import ask as ask
    from clinweave.datasets.examples import read_examples as read_examples
    from clinweave.datasets.examples import write_examples as write_examples
    from clinweave.datasets.from_graph import KINDS as KINDS
    from clinweave.datasets.from_graph import graph_questions as graph_questions
    from clinweave.datasets.future import future_questions as future_questions
    from clinweave.datasets.instructions import BLIND as BLIND
    from clinweave.datasets.instructions import CHOICE_SYSTEM as CHOICE_SYSTEM
    from clinweave.datasets.instructions import choice_prompt as choice_prompt
    from clinweave.datasets.preferences import REJECTIONS as REJECTIONS
    from clinweave.datasets.preferences import poisoned as poisoned
    from clinweave.datasets.safety import probes as probes
    from clinweave.datasets.safety import refuses as refuses
    from clinweave.datasets.safety_measures import safety_rates as safety_rates
    from clinweave.datasets.shapes import SHAPES as SHAPES
    from clinweave.datasets.shapes import check_file as check_file
    from clinweave.datasets.shapes import read_shape as read_shape
    from clinweave.datasets.shapes import write_shape as write_shape
    from clinweave.datasets.splits import Splits as Splits
    from clinweave.datasets.store import read_questions as read_questions
    from clinweave.datasets.store import write_questions as write_questions

__getattr__, __dir__ = attach(
    __name__,
    {
        "BLIND": "instructions",
        "CHOICE_SYSTEM": "instructions",
        "Benchmarks": "decontamination",
        "DataSettings": "build",
        "Example": "examples",
        "Kind": "examples",
        "REJECTIONS": "preferences",
        "SHAPES": "shapes",
        "Splits": "splits",
        "ask": "examples",
        "build_data": "build",
        "check_file": "shapes",
        "choice_prompt": "instructions",
        "decontaminate": "decontamination",
        "poisoned": "preferences",
        "read_examples": "examples",
        "read_shape": "shapes",
        "probes": "safety",
        "refuses": "safety",
        "safety_rates": "safety_measures",
        "to_question": "choices",
        "write_examples": "examples",
        "write_shape": "shapes",
        "KINDS": "from_graph",
        "citation_pairs": "citations.pairs",
        "NamedConcepts": "citations.written",
        "read_written_pairs": "citations.written",
        "cross_source_questions": "cross_source",
        "future_questions": "future",
        "graph_questions": "from_graph",
        "benchmark_files": "benchmarks",
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
