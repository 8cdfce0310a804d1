"""The text index: by word, by concept and by ancestor; additions that cost only themselves; collections."""

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.knowledge import Linker, TextIndex, build_index
from clinweave.knowledge.retrieval import corpora
from clinweave.knowledge.retrieval.index_store import build_parts
from clinweave.records import Passage, Tier
from tests.knowledge.named import NamesGraph

World = tuple[NamesGraph, Linker, TextIndex]


def passage(name: str, text: str, *concepts: str, title: str = "") -> Passage:
    return Passage(name, text, title, f"doc-{name}", 0, len(text), "made", concepts=concepts)


PASSAGES = [
    passage("toe", "The big one of the foot is shorter than usual.", "HP:0001831"),
    passage("fingers", "Children may show brachydactyly at birth.", title="Hands"),
    passage("fits", "Valproate stops seizures.", title="Treatment"),
    passage("glue", "Glue holds things.", title="Ménière"),
    passage("odd", "lone \ud800 surrogate and a NUL \x00 here"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    graph = NamesGraph(folder)
    linker = Linker.open(graph)
    build_index(PASSAGES, linker, graph, folder / "index")
    return graph, linker, TextIndex.open(folder / "index")


def found(index: TextIndex, query: str, **more: object) -> list[str]:
    return [hit.passage.id for hit in index.search(query, **more)]  # type: ignore[arg-type]


def test_by_word_in_any_spelling(world: World) -> None:
    _, _, index = world
    assert found(index, "GLUE") == ["glue"]
    assert found(index, "menieres") == ["glue"]
    assert found(index, "What stops a seizure?")[0] == "fits"
    (hit,) = index.search("glues")
    assert hit.reason == "words glues"
    assert hit.passage == PASSAGES[3]


def test_an_ancestor_finds_its_descendants(world: World) -> None:
    graph, linker, index = world
    assert set(found(index, "", concepts=["HP:0011297"], graph=graph)) == {"toe", "fingers"}
    assert found(index, "", concepts=["HP:0001831"], graph=graph) == ["toe"]
    hits = index.search("abnormal digit morphology", linker=linker, graph=graph)
    assert {hit.passage.id for hit in hits} == {"toe", "fingers"}
    assert {hit.reason for hit in hits} == {
        "has HP:0001831, narrower than HP:0011297",
        "has HP:0001156, narrower than HP:0011297",
    }


def test_the_passages_own_concept_comes_before_a_mention(world: World, tmp_path: Path) -> None:
    graph, linker, _ = world
    pair = [passage("mention", "seizures", "HP:0001945"), passage("own", "seizures", "HP:0001250")]
    build_index(pair, linker, graph, tmp_path / "index")
    assert found(TextIndex.open(tmp_path / "index"), "seizures", linker=linker, graph=graph) == [
        "own",
        "mention",
    ]


@pytest.mark.parametrize(
    "query",
    ['a AND (b OR "', "body:glue", "glue~2^9 [x TO y] {", "*", "\\", "glue" * 1, "\x00\ud800 glue", "'s"],
)
def test_no_character_of_a_query_has_a_meaning(world: World, query: str) -> None:
    hits = found(world[2], query)
    assert ("glue" in hits) == ("glue" in query)


@given(st.text(st.characters(codec=None), max_size=50))
@settings(max_examples=60, deadline=None)
def test_any_query_is_bearable(world: World, query: str) -> None:
    graph, linker, index = world
    scores = [hit.score for hit in index.search(query, linker=linker, graph=graph)]
    assert scores == sorted(scores, reverse=True)


def test_an_empty_and_a_huge_query(world: World) -> None:
    graph, linker, index = world
    assert found(index, "") == []
    assert found(index, "glue " + "unheard of words " * 60_000, linker=linker, graph=graph)[0] == "glue"
    with pytest.raises(UserError, match="k must be"):
        index.search("glue", k=0)


def test_equal_scores_are_in_the_order_of_ids(tmp_path: Path) -> None:
    build_index([passage(name, "same words") for name in "dbca"], None, None, tmp_path / "index")
    index = TextIndex.open(tmp_path / "index")
    assert found(index, "same") == ["a", "b", "c", "d"]
    assert found(index, "same", k=2) == ["a", "b"]


def test_every_passage_comes_back_as_it_was(world: World) -> None:
    kept = list(world[2].passages())
    assert kept[:4] == PASSAGES[:4]
    assert kept[4].text == PASSAGES[4].text.replace("\ud800", "?")
    assert len(kept[4].text) == PASSAGES[4].end
    assert len(world[2]) == 5


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    first = build_index(PASSAGES, None, None, tmp_path / "index")
    again = build_index(PASSAGES, None, None, tmp_path / "index")
    assert first.fresh
    assert not again.fresh
    assert build_index(PASSAGES[:2], None, None, tmp_path / "index").fresh


def test_with_inputs_given_the_passages_are_not_even_read(tmp_path: Path) -> None:
    build_index(PASSAGES, None, None, tmp_path / "index", inputs={"graph": "1"})

    def unread() -> object:
        raise AssertionError
        yield

    assert not build_index(unread(), None, None, tmp_path / "index", inputs={"graph": "1"}).fresh  # type: ignore[arg-type]


def test_adding_a_part_answers_as_if_all_were_made_at_once(tmp_path: Path) -> None:
    graph = NamesGraph(tmp_path)
    linker = Linker.open(graph)
    parts = {"one": lambda: PASSAGES[:2], "two": lambda: PASSAGES[2:]}
    build_parts(parts, {"one": "1"}, linker, graph, tmp_path / "grown")
    build_parts(
        {"two": parts["two"]}, {"one": "1", "two": "2"}, linker, graph, tmp_path / "grown"
    )  # "one" is not read
    build_parts(parts, {"one": "1", "two": "2"}, linker, graph, tmp_path / "whole")
    grown, whole = TextIndex.open(tmp_path / "grown"), TextIndex.open(tmp_path / "whole")
    for query in ("brachydactyly seizures", "the", "digit"):
        assert grown.search(query, linker=linker, graph=graph) == whole.search(
            query, linker=linker, graph=graph
        )
    build_parts(parts, {"two": "2"}, linker, graph, tmp_path / "grown")
    assert found(TextIndex.open(tmp_path / "grown"), "brachydactyly") == []


def test_a_failed_build_leaves_the_old_index(tmp_path: Path) -> None:
    build_index(PASSAGES, None, None, tmp_path / "index", inputs={"a": "1"})

    def broken() -> object:
        yield PASSAGES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(broken(), None, None, tmp_path / "index", inputs={"a": "2"})  # type: ignore[arg-type]
    assert len(TextIndex.open(tmp_path / "index")) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_no_index_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="clinweave index build"):
        TextIndex.open(tmp_path)
    build_index(PASSAGES, None, None, tmp_path / "index")
    (tmp_path / "index" / "tantivy" / "meta.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        TextIndex.open(tmp_path / "index")


def test_collections(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("Seizures are treated with glue.")
    home = tmp_path / "home"
    result = corpora.add_collection(texts, home, name="mine", tier=Tier.PRIVATE, licence="own")
    assert result.fresh
    assert not corpora.add_collection(texts, home, name="mine", tier=Tier.PRIVATE, licence="own").fresh
    assert result.path.stat().st_mode & 0o077 == 0
    index = corpora.build_home_index(None, None, home)
    assert index.fresh
    assert not corpora.build_home_index(None, None, home).fresh
    assert index.path.stat().st_mode & 0o077 == 0
    (hit,) = TextIndex.open(index.path).search("glue")
    assert (hit.passage.tier, hit.passage.source, hit.passage.licence) == (Tier.PRIVATE, "mine", "own")
    (texts / "a.txt").write_text("Changed.")
    assert corpora.add_collection(texts, home, name="mine", tier=Tier.PRIVATE, licence="own").fresh
    corpora.build_home_index(None, None, home)
    assert TextIndex.open(index.path).search("glue") == []
    corpora.remove_collection("mine", home)
    assert corpora.collections(home) == {}
    with pytest.raises(UserError, match="nothing to index"):
        corpora.build_home_index(None, None, home)
    with pytest.raises(UserError, match="no collection 'mine'"):
        corpora.remove_collection("mine", home)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "graph", "x" * 65, "né"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(UserError, match="name"):
        corpora.add_collection(tmp_path / "a.txt", tmp_path / "home", name=name)
    assert not (tmp_path / "home").exists()


def test_a_collection_of_nothing_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" ")
    with pytest.raises(UserError, match=r"could be read as text: empty \(1\)"):
        corpora.add_collection(tmp_path / "a.txt", tmp_path / "home")
    assert corpora.collections(tmp_path / "home") == {}
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz"):
        pass
    with pytest.raises(UserError, match="it is empty"):
        corpora.add_collection(tmp_path / "t.tar.gz", tmp_path / "home")


def test_tier_of_a_passage_is_kept(tmp_path: Path) -> None:
    build_index([replace(PASSAGES[0], tier=Tier.GATED)], None, None, tmp_path / "index")
    assert TextIndex.open(tmp_path / "index").search("foot")[0].passage.tier is Tier.GATED
