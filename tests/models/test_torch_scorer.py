"""Scoring by torch: against rows of one option each, float32 against bfloat16, several items against single ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinweave.core import artifacts
from clinweave.core.errors import ContextLengthError, UserError
from clinweave.models import Message, by_letter, open_model
from clinweave.models.base import score_many
from clinweave.models.conversion import converted
from clinweave.models.packing import Item
from tests.models import tiny

torch = pytest.importorskip("torch", reason="the train extra is not installed")
transformers = pytest.importorskip("transformers", reason="the train extra is not installed")

from clinweave.models import torch_scorer  # noqa: E402
from clinweave.models.torch_scorer import TorchScorer, load, prepacked  # noqa: E402

pytestmark = pytest.mark.torch
OPTIONS = ["the answer", "another thing", "x", "ring on and on and on"]


def asked(*texts: str) -> list[Message]:
    return [Message(role="user", content=text) for text in texts]


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a random model as a folder of bfloat16 weights."""
    tmp = tmp_path_factory.mktemp("torch-scorer")
    return converted(tiny.write(tmp / "tiny.gguf", architecture=request.param, seed=4), tmp / "home")


def items(seed: int, count: int = 6) -> list[Item]:
    """Return items of prompts that begin alike, with options of one to nine tokens."""
    rng = np.random.default_rng(seed)
    head = rng.integers(3, 260, 12).tolist()
    return [
        Item(
            head + rng.integers(3, 260, rng.integers(1, 90)).tolist(),
            [rng.integers(3, 260, size).tolist() for size in rng.permutation([1, 2, 9])],
        )
        for _ in range(count)
    ]


def plain(model: Any, item: Item) -> list[float]:
    """Return the scores of an item, each option in a pass of its own."""
    sums = []
    for option in item.options:
        with torch.inference_mode():
            logits = model(torch.tensor([[*item.prompt, *option]])).logits[0].double()
        known = torch.log_softmax(logits, -1)[len(item.prompt) - 1 : -1]
        sums.append(float(known[range(len(option)), option].sum()))
    return sums


def test_trees_padding_and_single_passes_agree(folder: Path) -> None:
    model = load(folder, "float32", threads=1)
    scorer = TorchScorer(model)
    assert scorer.packable
    assert scorer.name == f"torch {torch.__version__} float32"
    together = scorer.score(items(1))
    scorer.packable = False
    for item, tree, padded in zip(items(1), together, scorer.score(items(1)), strict=True):
        assert tree == pytest.approx(plain(model, item), abs=1e-3)
        assert padded == pytest.approx(plain(model, item), abs=1e-3)


def test_several_items_score_as_each_alone(folder: Path) -> None:
    scorer = TorchScorer(load(folder, "float32", threads=1))
    alone = [scorer.score([item])[0] for item in items(2)]
    for each, other in zip(scorer.score(items(2)), alone, strict=True):
        assert each == pytest.approx(other, abs=1e-3)


def test_bfloat16_is_near_float32(folder: Path) -> None:
    exact = TorchScorer(load(folder, "float32", threads=1)).score(items(3))
    scorer = TorchScorer(load(folder, "bfloat16", threads=1))
    assert scorer.precision == "bfloat16"
    gaps = [
        abs(each - other) / len(option)
        for item, ours, theirs in zip(items(3), scorer.score(items(3)), exact, strict=True)
        for option, each, other in zip(item.options, ours, theirs, strict=True)
    ]
    # A random model of width 64 averages rounding over fewer terms than a real one (0.04 and 0.2, docs/models.md).
    assert 0 < np.mean(gaps) < 0.1
    assert max(gaps) < 0.4


def test_prepacked_matrices_score_alike(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly = TorchScorer(load(folder, "bfloat16", threads=1)).score(items(5))
    model = prepacked(load(folder, "bfloat16", threads=1))
    for item, other in zip(TorchScorer(model).score(items(5)), plainly, strict=True):
        assert item == pytest.approx(other, abs=0.6)  # rounding of nine tokens in another order
    monkeypatch.setattr(torch_scorer, "_packs_right", lambda *_: False)
    kept = prepacked(load(folder, "bfloat16", threads=1))
    assert type(kept.base_model.layers[0].mlp.up_proj) is torch.nn.Linear


def test_large_logits_do_not_carry_the_rounding_of_bfloat16(folder: Path) -> None:
    """A head with large logits, whose rounding alone would move scores by more than a nat."""
    model = load(folder, "bfloat16", threads=1)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(20)
    scorer, hidden = TorchScorer(model), torch.randn(5, tiny.WIDTH).to(torch.bfloat16)
    sources, targets = torch.arange(5), torch.tensor([3, 50, 100, 150, 200])
    exact = hidden.double() @ model.get_output_embeddings().weight.double().T
    expected = torch.log_softmax(exact, -1)[sources, targets]
    with torch.inference_mode():
        assert scorer._chosen(hidden, sources, targets) == pytest.approx(expected.numpy(), abs=1e-2)
        rounded = torch.log_softmax(model.get_output_embeddings()(hidden).double(), -1)[sources, targets]
    assert float((rounded - expected).abs().max().detach()) > 0.1


def test_a_folder_and_its_file_score_alike(folder: Path, tmp_path: Path, tiny_path: Path) -> None:
    ours = open_model(str(tiny_path), threads=1, scorer="torch", home=tmp_path)
    theirs = open_model(str(tiny_path), threads=1, scorer="numpy")
    question = asked("the thing and the other string is here on the hill")
    for item, other in zip(ours.score(question, OPTIONS), theirs.score(question, OPTIONS), strict=True):
        assert item.tokens == other.tokens
        assert item.per_token == pytest.approx(other.per_token, abs=0.3)
    assert ours.describe()["scorer"] != theirs.describe()["scorer"]
    ours.close()
    theirs.close()


def test_prompt_and_option_keep_their_own_tokens(folder: Path) -> None:
    """ "answer" + "er" could merge at the boundary; the option is tokenised as the start of the reply."""
    model = open_model(str(folder), threads=1, precision="float32")
    (result,) = model.score(asked("the"), ["ering"])
    assert list(result.tokens) == model.tokenise("ering")


def test_empty_options_and_long_prompts_are_errors(folder: Path) -> None:
    model = open_model(str(folder), threads=1)
    with pytest.raises(UserError, match="Option 2 of 2 is empty"):
        model.score(asked("the thing"), ["x", " "])
    with pytest.raises(ContextLengthError, match="room for 512"):
        model.score(asked("the other thing " * 300), ["x"])
    with pytest.raises(ContextLengthError, match="room for 512"):
        score_many(model, [(asked("fine"), ["x"]), (asked("the other thing " * 300), ["x"])])


def test_letters_in_all_orders_are_one_call(folder: Path) -> None:
    model = open_model(str(folder), threads=1, precision="float32")
    question = asked("which thing is on the hill")
    together = by_letter(model, question, OPTIONS)

    class Single:
        score, count_tokens = model.score, model.count_tokens

    single = by_letter(Single(), question, OPTIONS)  # type: ignore[arg-type]
    assert together.index == single.index
    assert together.scores == pytest.approx(single.scores, abs=1e-3)


@pytest.mark.parametrize(("gain", "expected"), [(6.0, "bfloat16"), (1.1, "float32"), (0.4, "float32")])
def test_precision_follows_the_measurement(
    monkeypatch: pytest.MonkeyPatch, gain: float, expected: str
) -> None:
    clock = {"now": 0.0}

    def linear(left: Any, right: Any) -> None:
        clock["now"] += 1.0 if left.dtype == torch.float32 else 1.0 / gain

    monkeypatch.setattr(torch.nn.functional, "linear", linear)
    monkeypatch.setattr(torch_scorer.time, "process_time", lambda: clock["now"])
    assert torch_scorer.faster_precision() == expected


def test_unknown_precision_and_broken_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="auto, bfloat16, float32"):
        open_model(str(folder), precision="float8")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="loadable"):
        open_model(str(tmp_path))


def test_a_file_is_converted_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tiny.write(tmp_path / "tiny.gguf")
    first = converted(file, tmp_path / "home")
    assert "Converting tiny.gguf" in caplog.text
    caplog.clear()
    assert converted(file, tmp_path / "home") == first
    assert not caplog.text
    weights = load(first).state_dict()
    assert {str(value.dtype) for value in weights.values()} <= {"torch.bfloat16", "torch.float32"}


@pytest.mark.weights
def test_real_weights_in_bfloat16_are_near_float32(weights: Path) -> None:
    """The tolerance that the documentation states for the 135M model."""
    folder = converted(weights, artifacts.home())
    question = asked(
        "Facts: Marfan syndrome has ectopia lentis. Cystic fibrosis has bronchiectasis.\n"
        "Question: Which is a feature of Marfan syndrome?"
    )
    options = ["Arachnodactyly", "Ectopia lentis", "Hearing loss, bilateral, of late onset", "No"]
    near, exact = (
        open_model(str(folder), threads=1, precision=precision).score(question, options)
        for precision in ("bfloat16", "float32")
    )
    gaps = [abs(item.per_token - other.per_token) for item, other in zip(near, exact, strict=True)]
    assert np.mean(gaps) < 0.06
    assert max(gaps) < 0.25
