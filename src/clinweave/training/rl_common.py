"""Shared by PPO and GRPO: prompts, and a reward that combines the reward model with verifiable rewards."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind
from clinweave.training.rewards import Verifier
from clinweave.training.runner import Job
from clinweave.training.settings import Settings
from clinweave.training.tokens import prompt_ids, reply_ids


@dataclass(frozen=True)
class Online(Settings):
    """Settings of stages that write replies and learn from their reward."""

    steps: int = 30
    batch: int = 4
    learning_rate: float = 1e-5
    reply: int = 64  # tokens of a reply, at most
    temperature: float = 0.9
    model_weight: float = 0.5  # of the reward model, squashed to 0..1
    verified_weight: float = 1.0  # of the verifiers' mean, 0..1
    save_every: int = 5  # a step is long here
    kl: float = 0.05  # holds the model to where it began
    by_heart: float = 0.2  # share of questions without evidence among the prompts, at most


def prompts(job: Job, config: Online) -> list[Example]:
    """Return what is asked, in an order drawn by the seed; a prompt that leaves no room for a reply is left out."""
    room = config.max_length - config.reply
    examples = job.examples(Kind.INSTRUCTION)
    asked = Counter(example.prompt[-1]["content"] for example in examples)
    # a question with several right answers, each an item of its own, cannot be judged by one of them
    single = [example for example in examples if asked[example.prompt[-1]["content"]] == 1]
    random = Random(config.seed)  # noqa: S311
    by_heart = [example for example in single if example.task == "closed-book"]
    others = [example for example in single if example.task != "closed-book"]
    most = len(by_heart) if not others else int(len(others) * config.by_heart / (1 - config.by_heart))
    drawn = others + random.sample(by_heart, min(most, len(by_heart)))
    usable = [example for example in drawn if len(prompt_ids(job.tokenizer, example.prompt)) <= room]
    if not usable:
        raise UserError(
            f"no prompt leaves {config.reply} tokens for a reply in {config.max_length}: raise max_length"
        )
    random.shuffle(usable)
    job.notes.update(items=len(usable))
    return usable


def verifier(job: Job) -> Verifier:
    """Return the verifier over the graph of the inputs."""
    from clinweave.knowledge import CitationChecker, Graph

    path = job.inputs.graph
    if path is None:
        raise UserError(
            "rewards that check citations need the graph: give the folder of `clinweave graph build`"
        )
    return Verifier(CitationChecker(Graph.open(path)))


class RewardModel:
    """A trained reward model that scores replies; 0.5 is indifference."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.model = job.model(folder, reward=True)
        self._tokenizer = job.tokenizer

    def __call__(self, example: Example, reply: str) -> float:
        """Return the squashed reward of a reply, between 0 and 1."""
        import math

        from clinweave.training.reward import score

        ids = prompt_ids(self._tokenizer, example.prompt) + reply_ids(self._tokenizer, reply)
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, score(self.model, ids)))))


def trained_reward(job: Job) -> Path:
    """Return the reward model's folder, or raise `UserError`; its held-out results go into the manifest."""
    from clinweave.core.artifacts import read_manifest

    folder = job.inputs.reward
    manifest = read_manifest(folder) if folder is not None else None
    if folder is None or not manifest or manifest.get("kind") != "reward":
        raise UserError("there is no trained reward model: run the stage `reward` first and give its folder")
    job.notes["reward_model"] = {"held_out": manifest["held_out"], "key": manifest["key"]}
    return folder


def means(judged: Sequence[object]) -> dict[str, float]:
    """Return the mean of each verified reward over the replies it applies to."""
    result = {}
    for name in ("correct", "citations", "form"):
        values = [value for item in judged if (value := getattr(item, name)) is not None]
        if values:
            result[name] = sum(values) / len(values)
    return result
