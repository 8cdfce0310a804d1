"""Vectors of passages: kept by text, dropped with their passages, and fused with words in the hybrid index."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.knowledge import (
    DIMENSIONS,
    HybridIndex,
    SentenceEncoder,
    TextIndex,
    add_collection,
    build_home_index,
    collections_with_vectors,
    remove_collection,
    replace_collection,
    update_vectors,
)
from clinweave.knowledge.retrieval.vectors import open_vectors
from clinweave.records import Tier

MEANINGS = {"heart": 0, "cardiac": 0, "ticker": 0, "kidney": 1, "renal": 1, "lung": 2, "breath": 2}


class MeaningEncoder:
    """Counts words by their meaning; remembers what it was asked to encode."""

    key = "meanings"

    def __init__(self, stop_after: int = 10**9) -> None:
        self.seen: list[str] = []
        self.stop_after = stop_after

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        rows = np.full((len(texts), DIMENSIONS), 0.01, np.float32)
        for row, text in enumerate(texts):
            if len(self.seen) >= self.stop_after:
                raise KeyboardInterrupt
            self.seen.append(text)
            for word, place in MEANINGS.items():
                rows[row, place] += text.lower().count(word)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    folder = write(
        tmp_path / "own",
        valve="Anticoagulants in cardiac disease: avoid them after a mechanical valve.",
        dose="Reduce the dose in renal impairment, and check the level weekly.",
        inhaler="Pulmonary rehabilitation for chronic lung disease.",
    )
    add_collection(folder, home, name="own")
    build_home_index(None, None, home)
    return home


def opened(home: Path) -> TextIndex:
    return TextIndex.open(home / "index")


def test_a_question_without_a_shared_word_finds_the_passage(home: Path) -> None:
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["own"], encoder=encoder)
    index = HybridIndex(opened(home), encoder, home)
    assert opened(home).search("ticker") == []
    first = index.search("ticker", k=2)[0]
    assert first.passage.document == "valve.txt"
    assert first.reason.startswith("similar meaning (1.00)")
    both = index.search("renal dose", k=1)[0]
    assert both.passage.document == "dose.txt"
    assert both.reason.startswith("words renal, dose; similar meaning")


def test_a_collection_without_vectors_keeps_its_rank_by_words(home: Path, tmp_path: Path) -> None:
    texts = {"gout": "Colchicine for gout.", "renal": "Colchicine in kidney failure: halve the dose."}
    add_collection(write(tmp_path / "more", **texts), home, name="more")
    build_home_index(None, None, home)
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["own"], encoder=encoder)
    hits = HybridIndex(opened(home), encoder, home).search("colchicine for gout", k=5)
    assert [hit.passage.document for hit in hits][:2] == ["gout.txt", "renal.txt"]
    assert hits[0].reason == "words colchicine, gout"
    assert {hit.part for hit in hits} == {"own", "more"}


def test_scores_fall_and_k_is_held(home: Path) -> None:
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["own"], encoder=encoder)
    hits = HybridIndex(opened(home), encoder, home).search("heart dose", k=2)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score > 0


def test_only_new_texts_are_encoded(home: Path, tmp_path: Path) -> None:
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["own"], encoder=encoder)
    assert len(encoder.seen) == 3
    again = update_vectors(opened(home), home, encoder=encoder)
    assert not again["own"].fresh
    write(tmp_path / "own", dose="Do not reduce the dose in renal failure.")
    replace_collection("own", tmp_path / "own", home)
    build_home_index(None, None, home)
    rows = open_vectors(opened(home), "own", home)
    assert rows is not None
    assert sum(not row.any() for row in rows) == 1  # the changed one waits for an encoder
    update_vectors(opened(home), home, encoder=encoder)
    assert [text.split(". ")[-1] for text in encoder.seen[3:]] == ["Do not reduce the dose in renal failure."]
    rows = open_vectors(opened(home), "own", home)
    assert rows is not None
    assert all(row.any() for row in rows)


def test_rows_are_those_of_the_index(home: Path) -> None:
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["own"], encoder=encoder)
    rows = open_vectors(opened(home), "own", home)
    assert rows is not None
    for row, passage in enumerate(opened(home).rows("own")):
        expected = encoder.encode([f"{passage.title}. {passage.text}"])[0]
        assert np.allclose(rows[row], expected, atol=1e-3), passage.document


def test_an_interrupted_run_goes_on(home: Path, tmp_path: Path) -> None:
    many = {f"file{number:03}": f"Cardiac note number {number}." for number in range(150)}
    add_collection(write(tmp_path / "many", **many), home, name="many")
    build_home_index(None, None, home)
    stopped = MeaningEncoder(stop_after=100)
    with pytest.raises(KeyboardInterrupt):
        update_vectors(opened(home), home, ["many"], encoder=stopped)
    assert open_vectors(opened(home), "many", home) is None
    encoder = MeaningEncoder()
    update_vectors(opened(home), home, ["many"], encoder=encoder)
    assert len(encoder.seen) == 150 - 64
    assert sorted(item.name for item in (home / "vectors").iterdir()) == ["many"]


def test_removal_takes_the_vectors_along(home: Path) -> None:
    update_vectors(opened(home), home, ["own"], encoder=MeaningEncoder())
    assert collections_with_vectors(home) == ["own"]
    remove_collection("own", home)
    assert not list((home / "vectors").iterdir())


def test_a_private_collection_is_closed(home: Path, tmp_path: Path) -> None:
    add_collection(write(tmp_path / "mine", a="A private lung note."), home, name="mine", tier=Tier.PRIVATE)
    build_home_index(None, None, home)
    update_vectors(opened(home), home, ["mine"], encoder=MeaningEncoder())
    assert (home / "vectors" / "mine").stat().st_mode & 0o077 == 0


def test_what_is_missing_is_named(home: Path) -> None:
    encoder = MeaningEncoder()
    with pytest.raises(UserError, match="no collection has vectors: run `clinweave index vectors"):
        HybridIndex(opened(home), encoder, home)
    with pytest.raises(UserError, match="there is no collection 'other' in the text index; there are: own"):
        update_vectors(opened(home), home, ["other"], encoder=encoder)
    with pytest.raises(UserError, match="run `clinweave fetch all-minilm-l6-v2`"):
        SentenceEncoder.open(home)


def test_vectors_of_another_state_are_refused(home: Path) -> None:
    update_vectors(opened(home), home, ["own"], encoder=MeaningEncoder())
    index = opened(home)
    index.manifest["parts"]["own"]["key"] = "0" * 16
    with pytest.raises(UserError, match="another state of the collection: run `clinweave index vectors own`"):
        HybridIndex(index, MeaningEncoder(), home)


def test_vectors_of_another_encoder_are_computed_anew(home: Path) -> None:
    update_vectors(opened(home), home, ["own"], encoder=MeaningEncoder())
    other = MeaningEncoder()
    other.key = "other"
    update_vectors(opened(home), home, encoder=other)
    assert len(other.seen) == 3
    manifest = read_manifest(home / "vectors" / "own")
    assert manifest is not None
    assert manifest["inputs"]["encoder"] == "other"


@pytest.mark.torch
def test_the_encoder_agrees_with_transformers(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "heart", "kidney", "dose", "of", "##s", "the"]
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=DIMENSIONS,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        initializer_range=0.2,
    )
    model = transformers.BertModel(config).eval()
    model.save_pretrained(tmp_path)
    from tokenizers import BertWordPieceTokenizer

    (tmp_path / "vocab.txt").write_text("\n".join(words), "utf-8")
    BertWordPieceTokenizer(str(tmp_path / "vocab.txt")).save(str(tmp_path / "tokenizer.json"))
    encoder = SentenceEncoder(tmp_path / "model.safetensors", tmp_path / "tokenizer.json", "test")
    texts = ["the dose of the heart", "kidneys", ""]
    own = encoder.encode(texts)
    numbers = {word: index for index, word in enumerate(words)}
    pieces = (["the", "dose", "of", "the", "heart"], ["kidney", "##s"], [])
    for row, piece in zip(own, pieces, strict=True):
        ids = torch.tensor([[numbers[item] for item in ("[CLS]", *piece, "[SEP]")]])
        with torch.inference_mode():
            mean = model(input_ids=ids).last_hidden_state[0].mean(0).numpy()
        assert np.abs(row - mean / np.linalg.norm(mean)).max() < 1e-5


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "?": 1}, unk_token="?"))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    weights = tmp_path / "model.safetensors"
    encoder = SentenceEncoder(weights, tmp_path / "tokenizer.json", "test")
    weights.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"model\.safetensors is damaged"):
        encoder.encode(["a"])
    header = json.dumps({"other": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(UserError, match="is of another model: it lacks"):
        encoder.encode(["a"])
