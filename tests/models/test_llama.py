"""The NumPy scorer against the engine, against itself, and against a plain computation."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.models import LanguageModel, Message, open_model
from clinweave.models.header import dequantised, read_header
from clinweave.models.llama import Llama, unsupported
from tests.models import tiny

ASKED: list[Message] = [
    {"role": "user", "content": "the thing and the other string is here on the hill " * 3}
]
OPTIONS = ["the answer", "another thing", "x", "ring on and on and on"]
TOKENS = st.lists(st.integers(3, 260), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def llama(tiny_path: Path) -> Llama:
    return Llama(read_header(tiny_path), threads=2)


def plain(path: Path, tokens: list[int]) -> np.ndarray:
    """Return the log-probabilities after each token, computed the textbook way in float64 from the file's weights."""
    weight = {name: value.astype(float) for name, value in dequantised(read_header(path)).items()}
    size, count = tiny.WIDTH // tiny.HEADS, len(tokens)

    def norm(rows: np.ndarray, name: str) -> np.ndarray:
        return rows / np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5) * weight[name]

    def turned(rows: np.ndarray) -> np.ndarray:
        """Rotate neighbouring pairs as complex numbers."""
        pairs = rows[..., ::2] + 1j * rows[..., 1::2]
        angles = np.arange(count)[:, None] * 10000.0 ** (-np.arange(0, size, 2) / size)
        pairs = pairs * np.exp(1j * angles)[:, None, :]
        return np.stack([pairs.real, pairs.imag], -1).reshape(rows.shape)

    hidden = weight["token_embd.weight"][tokens]
    for layer in range(tiny.LAYERS):
        part = f"blk.{layer}."
        rows = norm(hidden, part + "attn_norm.weight")
        query, key, value = (
            (rows @ weight[f"{part}attn_{name}.weight"].T).reshape(count, -1, size)
            for name in ("q", "k", "v")
        )
        query, key = turned(query), turned(key)
        heads = []
        for head in range(tiny.HEADS):
            other = head // (tiny.HEADS // tiny.KEY_HEADS)
            scores = query[:, head] @ key[:, other].T / np.sqrt(size)
            scores[np.triu_indices(count, 1)] = -np.inf
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(shares / shares.sum(-1, keepdims=True) @ value[:, other])
        hidden = hidden + np.concatenate(heads, -1) @ weight[part + "attn_output.weight"].T
        rows = norm(hidden, part + "ffn_norm.weight")
        gate, up = rows @ weight[part + "ffn_gate.weight"].T, rows @ weight[part + "ffn_up.weight"].T
        hidden = hidden + (gate / (1 + np.exp(-gate)) * up) @ weight[part + "ffn_down.weight"].T
    logits = norm(hidden, "output_norm.weight") @ weight["token_embd.weight"].T
    most = logits.max(-1, keepdims=True)
    return logits - most - np.log(np.exp(logits - most).sum(-1, keepdims=True))


@settings(max_examples=25, deadline=None)
@given(context=TOKENS, options=st.lists(TOKENS, min_size=1, max_size=4))
def test_equals_the_textbook(
    llama: Llama, tiny_path: Path, context: list[int], options: list[list[int]]
) -> None:
    result = llama.score(context, options)
    for option, value in zip(options, result, strict=True):
        known = plain(tiny_path, context + option)
        rows = range(len(context) - 1, len(context) + len(option) - 1)
        assert value == pytest.approx(
            sum(known[row, token] for row, token in zip(rows, option, strict=True)), abs=1e-3
        )


@pytest.mark.parametrize("length", [1, 23, 24, 191, 192, 193, 400])
def test_blocks_and_threads_change_nothing(tiny_path: Path, length: int) -> None:
    rng = np.random.default_rng(length)
    context = rng.integers(3, 260, length).tolist()
    options = [rng.integers(3, 260, size).tolist() for size in (1, 7, 30)]
    item = Llama(read_header(tiny_path), threads=1).score(context, options)
    three = Llama(read_header(tiny_path), threads=3).score(context, options)
    assert item == pytest.approx(three, abs=1e-3)
    known = plain(tiny_path, context + options[2])
    rows = range(length - 1, length + 29)
    assert item[2] == pytest.approx(
        sum(known[row, token] for row, token in zip(rows, options[2], strict=True)), abs=2e-3
    )


def test_what_is_remembered_changes_nothing(llama: Llama) -> None:
    rng = np.random.default_rng(5)
    shared = rng.integers(3, 260, 80).tolist()
    contexts = [shared + rng.integers(3, 260, 20).tolist() for _ in range(3)] + [shared, shared[:10], shared]
    options = [[5, 6, 7], [9]]
    warm = [llama.score(context, options) for context in contexts]
    for context, result in zip(contexts, warm, strict=True):
        llama.forget()
        assert llama.score(context, options) == pytest.approx(result, abs=1e-3)


def test_memory_of_contexts_is_bounded(tiny_path: Path) -> None:
    model = Llama(read_header(tiny_path), threads=1, cache_bytes=300_000)
    rng = np.random.default_rng(1)
    for _ in range(20):
        model.score(rng.integers(3, 260, 100).tolist(), [[4, 5]])
    assert sum(context.size for context in model._contexts) <= 300_000
    assert model._contexts


def test_many_callers_at_once(llama: Llama) -> None:
    rng = np.random.default_rng(2)
    jobs = [(rng.integers(3, 260, 90).tolist(), [[7, 8, 9], [10]]) for _ in range(12)]
    alone = [llama.score(*job) for job in jobs]
    result: dict[int, list[float]] = {}

    def work(first: int) -> None:
        for place in range(first, len(jobs), 4):
            result[place] = llama.score(*jobs[place])

    callers = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert sorted(result) == list(range(len(jobs)))
    for place, value in result.items():
        assert value == pytest.approx(alone[place], abs=1e-3)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_agrees_with_the_engine(tmp_path: Path, architecture: str) -> None:
    """The engine keeps its attention cache in half precision, hence the width."""
    path = str(tiny.write(tmp_path / "tiny.gguf", architecture=architecture, seed=3))
    ours = open_model(path, threads=1, scorer="numpy")
    theirs = open_model(path, threads=1, scorer="xllamacpp")
    for item, other in zip(ours.score(ASKED, OPTIONS), theirs.score(ASKED, OPTIONS), strict=True):
        assert item.tokens == other.tokens
        assert item.per_token == pytest.approx(other.per_token, abs=0.03)
    ours.close()
    theirs.close()


def test_an_unknown_shape_is_scored_by_the_engine(tmp_path: Path, tiny_path: Path) -> None:
    assert unsupported(read_header(tiny_path)) == ""
    strange = tiny.write(tmp_path / "strange.gguf", extra="blk.0.attn_q_norm.weight")
    assert "attn_q_norm" in unsupported(read_header(strange))
    with pytest.raises(UserError, match="attn_q_norm"):
        open_model(str(strange), threads=1, scorer="numpy")


@pytest.mark.weights
def test_real_weights_rank_as_the_engine_ranks(smollm2: LanguageModel, weights: Path) -> None:
    """The engine rounds its activations to 8 bits, so single values differ by more than those of the random model."""
    asked: list[Message] = [
        {
            "role": "user",
            "content": "Marfan syndrome has arachnodactyly. Cystic fibrosis has bronchiectasis.\n"
            "Which is a feature of Marfan syndrome?",
        }
    ]
    options = ["Arachnodactyly", "Bronchiectasis", "Hearing loss", "Seizure"]
    engine = open_model(str(weights), threads=1, context=512, scorer="xllamacpp")
    ours, theirs = smollm2.score(asked, options), engine.score(asked, options)
    engine.close()
    for item, other in zip(ours, theirs, strict=True):
        assert item.tokens == other.tokens
        assert item.per_token == pytest.approx(other.per_token, abs=0.25)
    assert (
        np.argsort([item.per_token for item in ours]).tolist()
        == np.argsort([item.per_token for item in theirs]).tolist()
    )
    assert max(range(4), key=lambda place: ours[place].per_token) == 0


@pytest.mark.weights
@pytest.mark.torch
def test_real_weights_equal_torch(smollm2: LanguageModel, weights: Path) -> None:
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    transformers = pytest.importorskip("transformers", reason="the train extra is not installed")
    asked: list[Message] = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": "Facts: " + "Marfan syndrome has ectopia lentis. " * 10 + "Which is a feature?",
        },
    ]
    options = ["Arachnodactyly", "Ectopia lentis", "Hearing loss, bilateral, of late onset", "No"]
    given = {"gguf_file": weights.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights.parent, **given)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        weights.parent, dtype=torch.float32, **given
    ).eval()
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    context = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(context) == smollm2.count_tokens(asked)
    for option, result in zip(options, smollm2.score(asked, options), strict=True):
        whole = tokenizer(text + option, add_special_tokens=False)["input_ids"]
        assert whole == [*context, *result.tokens]
        with torch.inference_mode():
            known = torch.log_softmax(model(torch.tensor([whole])).logits[0].double(), -1)
        rows = range(len(context) - 1, len(whole) - 1)
        theirs = sum(float(known[row, token]) for row, token in zip(rows, result.tokens, strict=True))
        assert result.logprob == pytest.approx(theirs, abs=1e-3 * len(result.tokens))
