"""GRPO: sample several replies per prompt, scored by the reward model and by verifiable rewards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import Artifact
from clinweave.datasets import Example
from clinweave.training.rl_common import Online, RewardModel, prompts, trained_reward, verifier
from clinweave.training.runner import Job, run_job
from clinweave.training.settings import Inputs

if TYPE_CHECKING:
    from transformers import Trainer


@dataclass(frozen=True)
class Config(Online):
    """`replies` to each prompt; `batch` must be a multiple of it."""

    replies: int = 4
    kl: float = 0.0


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on prompts of the training split."""
    return run_job("grpo", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer; the reward model takes part where the inputs name one."""
    from trl import GRPOConfig, GRPOTrainer

    from datasets import Dataset

    examples = prompts(job, config)
    judge = verifier(job)
    functions = [_reward("verified", examples, lambda example, reply: judge.judge(example, reply).total)]
    weights = [config.verified_weight]
    if job.inputs.reward is not None and config.model_weight:
        functions.append(_reward("reward_model", examples, RewardModel(job, trained_reward(job))))
        weights.append(config.model_weight)
    arguments = GRPOConfig(
        **job.arguments(
            num_generations=config.replies,
            max_completion_length=config.reply,
            temperature=config.temperature,
            beta=config.kl,
            reward_weights=weights,
        )
    )
    rows = [{"prompt": list(row.prompt), "index": index} for index, row in enumerate(examples)]
    return GRPOTrainer(
        model=job.model(),
        reward_funcs=functions,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )


def _reward(
    name: str, examples: Sequence[Example], judge: Callable[[Example, str], float]
) -> Callable[..., list[float]]:
    def reward(completions: Sequence[Any], index: Sequence[int], **_: Any) -> list[float]:
        replies = [
            completion if isinstance(completion, str) else completion[-1]["content"]
            for completion in completions
        ]
        return [judge(examples[number], reply) for number, reply in zip(index, replies, strict=True)]

    reward.__name__ = name  # the trainer logs it by name
    return reward
