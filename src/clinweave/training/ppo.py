"""PPO: replies are scored by the reward model and the verifiers; a value model estimates the expected reward.

TRL 1.12 is the last line with this trainer. Its own loop cannot go on from a checkpoint; `resumable` makes it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core.artifacts import Artifact
from clinweave.datasets import Example
from clinweave.training.resumable import resumable
from clinweave.training.rewards import Verifier
from clinweave.training.rl_common import Online, prompts, trained_reward, verifier
from clinweave.training.runner import Job, run_job
from clinweave.training.settings import Inputs
from clinweave.training.tokens import prompt_ids

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase, Trainer


@dataclass(frozen=True)
class Config(Online):
    """`epochs` over each batch of replies."""

    epochs: int = 2


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on prompts of the training split."""
    return run_job("ppo", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer with a joint reward."""
    from trl.experimental.ppo import PPOConfig, PPOTrainer

    from datasets import Dataset

    examples = prompts(job, config)
    folder = trained_reward(job)
    ids = [prompt_ids(job.tokenizer, item.prompt) for item in examples]
    job.tokenizer.padding_side = "left"
    judged = joint_reward(
        job, config, folder, dict(zip(map(tuple, ids), examples, strict=True)), verifier(job)
    )
    arguments = job.arguments(
        response_length=config.reply,
        temperature=config.temperature,
        kl_coef=config.kl,
        num_ppo_epochs=config.epochs,
        total_episodes=config.steps * config.batch * config.accumulate,
        local_rollout_forward_batch_size=config.batch,
        stop_token="eos",  # noqa: S106
        missing_eos_penalty=0.5,
        num_sample_generations=0,
        save_strategy="no",
    )
    arguments.pop("max_steps")
    policy = job.model()
    trainer = PPOTrainer(
        args=PPOConfig(**arguments),
        processing_class=job.tokenizer,
        model=policy,
        ref_model=None if config.lora_rank else job.model(),
        reward_model=judged,
        value_model=job.model(folder, reward=True),
        train_dataset=Dataset.from_list([{"input_ids": item} for item in ids]),
        peft_config=job.lora(),
    )
    return resumable(trainer, ids, job.work, config.save_every)


def joint_reward(
    job: Job, config: Config, folder: Path, by_prompt: dict[tuple[int, ...], Example], verified: Verifier
) -> object:
    """Return a module with the face that TRL's PPO asks of a reward model (`backbone` and `score`)."""
    from torch import nn

    class JointReward(nn.Module):  # type: ignore[misc, unused-ignore]
        """The reward model's squashed score and the verifiers' mean, weighted."""

        base_model_prefix = "backbone"

        def __init__(self) -> None:
            super().__init__()
            self.scorer = job.model(folder, reward=True)
            self.seen: tuple[torch.Tensor, torch.Tensor]

        def backbone(self, **kwargs: object) -> object:
            """Return the reward model's hidden rows, and remember what they were made from."""
            self.seen = kwargs["input_ids"], kwargs["attention_mask"]
            return getattr(self.scorer, self.scorer.base_model_prefix)(**kwargs)

        def score(self, hidden: "torch.Tensor") -> "torch.Tensor":
            """Return rewards (batch, tokens, 1); the trainer reads the one at the end of the reply."""
            ids, mask = self.seen
            values = [_verified(job.tokenizer, row[attended.bool()].tolist(), by_prompt, verified)
                      for row, attended in zip(ids, mask, strict=True)]  # fmt: skip
            own = self.scorer.score(hidden).sigmoid() * config.model_weight
            return own + config.verified_weight * own.new_tensor(values)[:, None, None]

    return JointReward().eval().requires_grad_(False)


def _verified(
    tokenizer: "PreTrainedTokenizerBase",
    ids: list[int],
    by_prompt: dict[tuple[int, ...], Example],
    verified: Verifier,
) -> float:
    """Return the verifiers' mean for one row of prompt and reply; the prompt says which item it is."""
    lengths = {len(prompt) for prompt in by_prompt}
    for end in sorted(lengths, reverse=True):
        example = by_prompt.get(tuple(ids[:end]))
        if example is not None:
            return verified.judge(example, tokenizer.decode(ids[end:], skip_special_tokens=True)).total
    return 0.0
