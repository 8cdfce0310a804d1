"""Concepts told in the vocabulary that was asked for, by way of others; usage; the judge; one file of the corpora."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clinweave.knowledge import Linker
from clinweave.knowledge.linking import mention_classifier
from clinweave.knowledge.linking.crosswalk import STATED
from tests.knowledge.named import CONCEPTS, NamesGraph

EXTRA = [
    ("Tetraplegia", "HP:0001250", "exact"),
    ("Tetraplegia", "MONDO:0001001", "exact"),
    ("Quadriplegia", "MONDO:0001001", "exact"),
    ("fit of asthma", "MONDO:0004979", "exact"),
    ("Pyrexia", "MONDO:0005148", "exact"),
]
XREFS = {
    "MONDO:0004979": (["MESH:D001249", "OMIM:600807"], []),
    "MONDO:0005148": (["OMIM:125853"], ["MESH:D003924"]),
}


class LinkedGraph(NamesGraph):
    """The small world with identifiers of other vocabularies."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, EXTRA, key="linked")
        self.path.mkdir(parents=True)
        columns = {
            "id": list(CONCEPTS),
            "category": [category for category, _ in CONCEPTS.values()],
            "name": [name for _, name in CONCEPTS.values()],
            "xrefs": [XREFS.get(curie, ([], []))[0] for curie in CONCEPTS],
            "related": [XREFS.get(curie, ([], []))[1] for curie in CONCEPTS],
        }
        lists = pa.list_(pa.string())
        types = {"xrefs": lists, "related": lists}
        arrays = {name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()}
        pq.write_table(pa.table(arrays), self.path / "concepts.parquet")


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(LinkedGraph(tmp_path_factory.mktemp("linked")))


def unjudged(linker: Linker, **more: object) -> Linker:
    return Linker(linker.vocabulary, judged=False, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "prefixes", "told"),
    [
        ("asthma", ["MESH"], ["MESH:D001249"]),
        ("a fit of asthma", ["MESH", "OMIM"], ["MESH:D001249"]),
        ("diabetes mellitus type 2", ["OMIM"], ["OMIM:125853"]),
        ("diabetes mellitus type 2", ["MESH", "OMIM"], ["MESH:D003924"]),
        ("seizures", ["MONDO"], ["MONDO:0001001"]),
        ("tetraplegia", ["HP"], ["HP:0001250"]),
        ("quadriplegia", ["HP"], []),  # findings are identified by HPO's own names
        ("quadriplegia", ["MONDO"], ["MONDO:0001001"]),
        ("losartan", ["MESH"], []),
    ],
)
def test_a_concept_is_told_in_the_vocabulary_asked_for(
    linker: Linker, text: str, prefixes: list[str], told: list[str]
) -> None:
    assert [item.id for item in unjudged(linker).link(text, prefixes)] == told


def test_the_reason_tells_the_way(linker: Linker) -> None:
    (mention,) = unjudged(linker).link("seizures", ["MONDO"])
    assert "by way of HP:0001250: the same name" in mention.reason
    assert (mention.id, mention.category) == ("MONDO:0001001", "biolink:Disease")
    assert mention.score < 0.95


def test_looser_steps_can_be_left_out(linker: Linker) -> None:
    assert unjudged(linker, furthest=STATED).link("seizures", ["MONDO"]) == []
    assert [item.id for item in unjudged(linker, furthest=STATED).link("asthma", ["MESH"])] == [
        "MESH:D001249"
    ]


def test_categories_limit(linker: Linker) -> None:
    text = "asthma and losartan"
    assert [item.id for item in linker.link(text, categories=["biolink:Drug"])] == ["CHEBI:6541"]
    assert [item.id for item in linker.link(text, categories=["biolink:Disease"])] == ["MONDO:0004979"]


def test_a_batch_tells_the_same_as_one_by_one(linker: Linker) -> None:
    texts = ["quadriplegia, asthma", "", "asthma asthma fever"]
    mentions = [item for entry in unjudged(linker).link_many(texts, ["HP"]) for item in entry]
    batch = unjudged(linker).link_batch(texts, ["HP"])
    for column, field in (("id", "id"), ("name", "name"), ("category", "category"), ("reason", "reason")):
        assert batch.column(column).to_pylist() == [getattr(item, field) for item in mentions]


def test_usage_counts_only_where_a_vocabulary_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinweave.knowledge.linking import ranking

    monkeypatch.setattr(ranking, "usage", lambda: (("wheezy spell", "MESH:D001249"), ("x", "MESH:D9")))
    linker = Linker.open(LinkedGraph(tmp_path))
    assert linker.link("a wheezy spell") == []
    (mention,) = unjudged(linker).link("a wheezy spell", ["MESH"])
    assert (mention.id, "what annotators call it" in mention.reason) == ("MESH:D001249", True)
    assert unjudged(linker, usage=False).link("a wheezy spell", ["MESH"]) == []


def test_the_judge_only_refuses(linker: Linker) -> None:
    text = "The CAT gene; no seizures, fever in arms, and quadriplegia. Short fingers and toes."
    kept = {(item.start, item.end, item.id) for item in linker.link(text, ["HP"])}
    every = {(item.start, item.end, item.id) for item in unjudged(linker).link(text, ["HP"])}
    assert kept <= every
    assert linker.link(text) == unjudged(linker).link(
        text
    )  # without a vocabulary asked for, nothing is judged


def test_the_learned_tables_fit_the_features(linker: Linker) -> None:
    learned = mention_classifier.model()
    assert len(learned.threshold) == 3
    assert set(learned.words) == set(mention_classifier.WORDS)
    for keys, weights in learned.words.values():
        assert len(keys) == len(weights)
        assert bool(np.all(keys[1:] > keys[:-1]))
    assert learned.tables["kind in group"].size == 4 * learned.tables["kind"].size
