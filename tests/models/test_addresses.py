"""Addresses and files that are wrong, each with its message."""

import struct
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.models import best_installed, open_model, runs_here
from clinweave.models.header import dequantised, read_header
from tests.models import tiny


@pytest.mark.parametrize(
    ("address", "hint"), [("smolm2", "smollm2"), ("SmolLM2", "smollm2"), ("gpt-9", "Known forms")]
)
def test_unknown_names_get_a_hint(address: str, hint: str) -> None:
    with pytest.raises(UserError, match=hint):
        open_model(address)


def test_a_file_spelt_alike_is_named(tiny_path: Path) -> None:
    with pytest.raises(UserError, match=r"tiny\.gguf"):
        open_model(str(tiny_path.with_name("tinny.ggu")))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model file"):
        open_model(str(tmp_path / "absent.gguf"))


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json"):
        open_model(str(tmp_path))


def test_weights_that_were_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="clinweave fetch smollm2-135m-instruct"):
        open_model("smollm2", home=tmp_path)


def test_an_unknown_scorer(tiny_path: Path) -> None:
    with pytest.raises(UserError, match="use auto, core, torch, numpy, xllamacpp"):
        open_model(str(tiny_path), threads=1, scorer="abacus")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "too short"),
        (b"PK\x03\x04" + b"x" * 40, "not a GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 9, 1, 1), "version 9"),
    ],
)
def test_files_that_are_no_gguf(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        open_model(str(path))


@pytest.mark.parametrize("share", [0.0002, 0.001, 0.01, 0.02, 0.5, 0.99])
def test_a_truncated_file_is_told_before_it_is_loaded(tmp_path: Path, tiny_path: Path, share: float) -> None:
    whole = tiny_path.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UserError, match=r"(cut|too) short"):
        open_model(str(path))


def test_a_damaged_count_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60) + b"\x00" * 64)
    with pytest.raises(UserError, match="damaged"):
        open_model(str(path))


def test_the_head_says_what_the_reference_reader_says(tmp_path: Path) -> None:
    import gguf

    path = tiny.write(tmp_path / "tiny.gguf", seed=9)
    ours, theirs = read_header(path), gguf.GGUFReader(path)
    assert {name: tensor.offset for name, tensor in ours.tensors.items()} == {
        tensor.name: tensor.data_offset for tensor in theirs.tensors
    }
    for key, field in theirs.fields.items():
        if not key.startswith("GGUF."):
            assert ours.keys[key] == field.contents()
    values = dequantised(ours)
    for tensor in theirs.tensors:
        assert (values[tensor.name] == tensor.data.reshape(values[tensor.name].shape)).all()
    assert ours.parameters() == sum(int(tensor.n_elements) for tensor in theirs.tensors)


def test_the_best_installed_model_is_one_that_writes_well_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: set[str] = set()
    states = lambda item, home, deep: {"file": "good" if item.id in fetched and not deep else "missing"}  # noqa: E731
    monkeypatch.setattr("clinweave.resources.verify", states)
    assert best_installed(tmp_path) == "none"
    fetched |= {"smollm2-135m-instruct", "qwen2.5-coder-0.5b-instruct"}
    assert best_installed(tmp_path) == "none"  # neither adds to what the sources say, as far as is measured
    fetched.add("qwen2.5-coder-1.5b-instruct")
    assert best_installed(tmp_path) == "qwen2.5-coder-1.5b"


def test_a_knowledge_base_takes_the_best_installed_model_when_asked_for_auto(tmp_path: Path) -> None:
    from clinweave.knowledge_base import KnowledgeBase

    base = KnowledgeBase(tmp_path, model="auto")
    assert (base.model, base.model_name) == (None, "none")


def test_an_address_is_checked_without_opening_it(tmp_path: Path, tiny_path: Path) -> None:
    assert runs_here(str(tiny_path))
    assert not runs_here("http://127.0.0.1:1/v1#m")
    for wrong, why in (
        ("smolm2", "smollm2"),
        ("qwen2.5-coder-1.5b", "clinweave fetch qwen2.5-coder-1.5b-instruct"),
    ):
        with pytest.raises(UserError, match=why):
            runs_here(wrong, tmp_path)


def test_threads_are_of_models_in_this_process(tiny_path: Path, tmp_path: Path) -> None:
    model = open_model(str(tiny_path), threads=1, context=64)
    assert model.describe()["threads"] == 1
    model.close()
    for address in ("http://127.0.0.1:1/v1#m", f"scripted:{tmp_path}/x.json"):
        with pytest.raises(UserError, match="only a model that runs in this process has threads"):
            open_model(address, threads=2)
