"""A tiny random model, and a small hand-made set in the layout of `clinweave data build`."""

import pytest

from clinweave.datasets import Example, Kind, ask, write_examples
from clinweave.records import Evidence, Relation
from tests.datasets.conftest import SmallGraph
from tests.models import tiny

FEATURE = "biolink:has_phenotype"


@pytest.fixture(scope="session")
def extra():
    pytest.importorskip("trl", reason="needs the train extra")
    from clinweave.training.no_network import go_offline

    go_offline()
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_base(extra, tmp_path_factory):
    """Return the random model as a folder of transformers weights."""
    from clinweave.training import base_weights

    folder = tmp_path_factory.mktemp("base")
    return base_weights(str(tiny.write(folder / "tiny.gguf")), folder)


@pytest.fixture(scope="session")
def tokenizer(tiny_base):
    from transformers import AutoTokenizer

    from clinweave.training.tokens import prepare_tokenizer

    return prepare_tokenizer(AutoTokenizer.from_pretrained(tiny_base))


@pytest.fixture(scope="session")
def graph():
    return SmallGraph()


def instruction(graph, number, split="train"):
    row = graph.relations(f"MONDO:{number:03}", FEATURE, negated=False)[0]
    name, feature = graph.concept(row.subject).name, graph.concept(row.object).name
    shown = Evidence("1", "relation", f"{name} has the feature {feature}.", 1.0, (Relation(*_parts(row)),))
    return Example(
        f"i{number}", Kind.INSTRUCTION, "cited", ask("Cite.", f"[1] {shown.text} Features of {name}?"),
        f"{name} has the feature {feature} [1].", evidence=(shown,), cluster=row.subject, split=split,
    )  # fmt: skip


def pair(graph, number, split="train"):
    item = instruction(graph, number, split)
    return Example(
        f"p{number}", Kind.PREFERENCE, "cited", item.prompt, item.completion, rejected="No no no no no.",
        rejection="unsupported", evidence=item.evidence, cluster=item.cluster, split=split,
    )  # fmt: skip


def _parts(row):
    return row.subject, row.predicate, row.object, row.source


@pytest.fixture(scope="session")
def data(graph, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_examples([instruction(graph, n) for n in range(12)], folder / "instruction.train.jsonl")
    write_examples([pair(graph, n) for n in range(12)], folder / "preference.train.jsonl")
    held = [pair(graph, n, "held-out-diseases") for n in range(20, 36)]
    write_examples(held, folder / "preference.held-out-diseases.jsonl")
    texts = [Example(f"t{n}", Kind.TEXT, "text", (), instruction(graph, n).completion) for n in range(12)]
    write_examples(texts, folder / "text.train.jsonl")
    return folder
