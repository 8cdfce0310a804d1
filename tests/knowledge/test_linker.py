"""The linker: what is recognised, as what, with which offsets and reasons; any text whatever."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.knowledge import Linker
from clinweave.knowledge.linking import vocabulary
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import tokenise
from tests.knowledge.named import NamesGraph

WORDS = [
    "Marfan's syndrome",
    "seizures",
    "no ",
    "short fingers and toes",
    " (MFS)",
    ". ",
    ", ",
    "WAS",
    "anæmia",
    "fever",
]
ODD = ["anæmia", "\ud800", "\x00", "β", "\n\n", " and ", "type 2 diabetes mellitus", "½", "e\u0301"]
PIECES = st.sampled_from(WORDS + ODD)


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(NamesGraph(tmp_path_factory.mktemp("world")))


def ids(linker: Linker, text: str, **more: object) -> list[str]:
    return [mention.id for mention in linker.link(text, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Marfan’s syndrome", ["MONDO:0007947"]),
        ("SEIZURES", ["HP:0001250"]),
        ("Bilateral tonic–clonic seizures", ["HP:0002069"]),
        ("diabetes mellitus type 2", ["MONDO:0005148"]),
        ("bowing of the femurs", ["HP:0002980"]),
        ("abnormalities of the eyes", ["HP:0000478"]),
        ("IFNα deficiency", ["MONDO:0001001"]),
        ("severe seizures", ["HP:0001250"]),
        ("Marfan. Syndrome", []),
        ("the cat was in the water, with arms", []),
        ("CAT scan", []),
        ("mutations of the CAT gene", ["HGNC:1516"]),
        ("FBN1 and fbn1", ["HGNC:3603"]),
        ("ARMS and arms", []),
        ("alveolar rhabdomyosarcoma (ARMS) and ARMS", ["MONDO:0009994"] * 3),
        ("RMSA, not rmsa", ["MONDO:0009994"]),
        ("blood in the urine", ["HP:0000790"]),
        ("blood and urine", []),
        ("42", []),
        ("marfansyndrome", []),
        ("", []),
        ("   \n\t", []),
    ],
)
def test_recognition(linker: Linker, text: str, found: list[str]) -> None:
    assert ids(linker, text) == found


def test_fbn1_any_case_with_a_digit_needs_four_letters(linker: Linker) -> None:
    assert ids(linker, "fbn1") == []


def test_shared_words_give_both_concepts(linker: Linker) -> None:
    mentions = {mention.id: mention for mention in linker.link("She has short fingers and toes.")}
    assert set(mentions) == {"HP:0001156", "HP:0001831"}
    assert mentions["HP:0001831"].text == "short fingers and toes"
    assert "shared word" in mentions["HP:0001831"].reason


def test_the_longest_wins_and_the_reason_names_the_others(linker: Linker) -> None:
    (mention,) = linker.link("asthma")
    assert mention.id == "MONDO:0004979"
    assert "preferred to HP:0002099" in mention.reason
    assert ids(linker, "bilateral tonic-clonic seizure") == ["HP:0002069"]


def test_prefixes_limit_and_an_unknown_one_is_told(linker: Linker) -> None:
    assert ids(linker, "asthma", prefixes=["HP"]) == ["HP:0002099"]
    with pytest.raises(UserError, match="prefix XX; the graph has CHEBI, HGNC, HP, MONDO"):
        linker.link("asthma", ["XX"])


def test_defined_abbreviations_mean_their_long_form(linker: Linker) -> None:
    text = "Marfan syndrome (MFS) is rare. MFS affects many; AMFS does not. No MFS."
    mentions = linker.link(text)
    assert [(item.text, item.id) for item in mentions] == [
        ("Marfan syndrome", "MONDO:0007947"),
        ("MFS", "MONDO:0007947"),
        ("MFS", "MONDO:0007947"),
        ("MFS", "MONDO:0007947"),
    ]
    assert "defined in the text" in mentions[1].reason
    assert [item.negated for item in mentions] == [False, False, False, True]


def test_an_abbreviation_defined_as_something_unknown_loses_its_usual_sense(linker: Linker) -> None:
    assert ids(linker, "the RMSA group") == ["MONDO:0009994"]
    assert ids(linker, "Risk Monitoring System A (RMSA) data; RMSA again") == []


def test_one_text_does_not_define_for_another(linker: Linker) -> None:
    first, second = linker.link_many(["Marfan syndrome (MFS)", "MFS"])
    assert len(first) == 2
    assert second == []


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_offsets_are_those_of_the_original(linker: Linker, text: str) -> None:
    for mention in linker.link(text):
        assert text[mention.start : mention.end] == mention.text
        assert 0 <= mention.score <= 1
        assert mention.reason


@given(st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_batch_is_the_texts_one_by_one(linker: Linker, texts: list[str]) -> None:
    together = linker.link_many(texts)
    assert together == [linker.link(text) for text in texts]
    batch = linker.link_batch(texts)
    assert batch.column("id").to_pylist() == [mention.id for item in together for mention in item]
    assert batch.column("document").to_pylist() == [
        number for number, item in enumerate(together) for _ in item
    ]
    assert batch.column("reason").to_pylist() == [mention.reason for item in together for mention in item]


@given(st.text(st.characters(codec=None), max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_bearable(linker: Linker, text: str) -> None:
    for mention in linker.link(text):
        assert text[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    "unit",
    [
        "\x00\x01\ud800 ",
        "seizure ",
        "no (AB) ",
        "short and ",
        "a" * 1000,
        "\n",
        "½'s",
        "((((",
        "Marfan syndrome (MFS) ",
    ],
)
def test_a_megabyte_of_anything_takes_seconds(linker: Linker, unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.process_time()
    linker.spans([text])
    assert time.process_time() - begin < 10


def test_the_vocabulary_is_compiled_once_and_again_for_another_graph(tmp_path: Path) -> None:
    graph = NamesGraph(tmp_path)
    Linker.open(graph)
    stamp = (tmp_path / "graph.vocabulary" / "manifest.json").stat().st_mtime_ns
    Linker.open(graph)
    assert (tmp_path / "graph.vocabulary" / "manifest.json").stat().st_mtime_ns == stamp
    other = NamesGraph(tmp_path, [("glue sickness", "MONDO:0007947", "exact")], key="two")
    assert [item.id for item in Linker.open(other).link("glue sickness")] == ["MONDO:0007947"]


def test_a_vocabulary_of_another_release_is_compiled_again_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = NamesGraph(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(vocabulary, "VERSION", vocabulary.VERSION - 1)
        old = vocabulary.compile_vocabulary(graph)
    assert vocabulary.compile_vocabulary(graph).fresh
    assert not vocabulary.compile_vocabulary(graph).fresh

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "read-only")

    monkeypatch.setattr(vocabulary, "stage", refuse)
    with pytest.raises(UserError, match="of another release and cannot be written"):
        Linker.open(graph)
    assert old.path.is_dir()


def test_equal_hashes_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from clinweave.knowledge.linking import dictionary as module

    # With every sequence of a length hashed alike, only the comparison of bytes keeps wrong matches out.
    monkeypatch.setattr(module, "first_hash", lambda tokens: np.full(len(tokens), 7, np.uint64))
    result, keys = Dictionary.build(["seizure"])
    assert keys.tolist() == [0]
    assert len(result.match(tokenise("seizure"))) == 1
    assert len(result.match(tokenise("epilepsy"))) == 0


def test_all_nested_names_are_found_by_the_dictionary() -> None:
    built, keys = Dictionary.build(
        ["aortic root aneurysm", "aortic root", "aneurysm", "Aneurysms", "", "..."]
    )
    assert keys.tolist() == [0, 1, 2, 2, -1, -1]
    result = built.match(tokenise("An aortic root aneurysm."))
    assert sorted(zip(result.first.tolist(), result.size.tolist(), result.key.tolist(), strict=True)) == [
        (1, 2, 1),
        (1, 3, 0),
        (3, 1, 2),
    ]
    assert built.key(0) == "aortic root aneurysm"
