"""Replay against forgetting, without the original training data: the base model's own replies to general requests.

What a chat model was trained on is seldom published. Its own replies stand in for it (self-synthesised rehearsal,
https://arxiv.org/abs/2403.01244): a stage that also has to give them back keeps what is not medicine.
"""

import re
from itertools import product
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import Artifact, stage
from clinweave.datasets import CHOICE_SYSTEM, Example, Kind, ask, write_examples

if TYPE_CHECKING:
    from clinweave.models import LanguageModel

VERSION = 1
_PLAIN = "You are a helpful assistant."
_REPLY = 40  # tokens
_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)
_TOPICS = (
    "a bicycle", "bread", "the wind", "a lighthouse", "chess", "a river", "a violin", "the post office", "glass",
    "a market", "winter", "a bridge", "paper", "a volcano", "a clock", "the desert", "a garden", "a train", "tea",
    "a compass", "a library", "wool", "the tide", "a farm", "a harbour",
)  # fmt: skip
_REQUESTS = (
    "Describe {} in one sentence.",
    "Why do people like {}?",
    "Write a short line about {}.",
    "Name one fact about {}.",
)
_QUESTIONS = (
    "What is {} used for?",
    "Which word goes well with {}?",
    "Where does one find {}?",
    "What colour comes to mind with {}?",
)


def replay_examples(model: "LanguageModel", count: int, seed: int = 0) -> list[Example]:
    """Return up to `count` requests with the model's own reply, cut after its last whole sentence or line."""
    asked = [*product((_PLAIN,), _REQUESTS, _TOPICS), *product((CHOICE_SYSTEM,), _QUESTIONS, _TOPICS)]
    examples: list[Example] = []
    for system, wording, topic in Random(f"{seed}/replay").sample(asked, min(count, len(asked))):  # noqa: S311
        text = wording.format(topic)
        prompt = ask(system, f"Question: {text}" if system == CHOICE_SYSTEM else text)
        generated = model.generate(prompt, max_tokens=_REPLY)
        reply = generated.text.strip() if generated.finish_reason == "stop" else _whole(generated.text)
        if reply:
            examples.append(Example(f"replay-{len(examples)}", Kind.INSTRUCTION, "replay", prompt, reply,
                                 cluster="general", origin="the base model"))  # fmt: skip
    return examples


def write_replay(
    weights: Path, out: Path, count: int, seed: int = 0, *, threads: int | None = None
) -> Artifact:
    """Write the items of a model (a folder of transformers weights), in the layout of `clinweave data build`."""
    from clinweave.models import open_model
    from clinweave.training.gguf_writer import write_gguf
    from clinweave.training.runner import folder_key

    def build(folder: Path) -> dict[str, Any]:
        file = write_gguf(weights, folder / "model.gguf", "f16", "base")
        model = open_model(str(file), threads=threads)
        try:
            items = replay_examples(model, count, seed)
        finally:
            model.close()
            file.unlink()
        return {"count": write_examples(items, folder / "instruction.train.jsonl")}

    inputs = {"weights": folder_key(weights)}
    return stage(out, "replay", inputs, {"count": count, "seed": seed}, build, version=VERSION)


def _whole(text: str) -> str:
    """Return the whole sentences of a reply that was cut off."""
    return "".join(_SENTENCE.findall(text)).strip()
