"""Make TRL's PPO trainer resumable: its loop neither writes complete checkpoints nor loads them.

An update depends on the weights that learn (policy and value model), the optimiser and its schedule, the random
numbers, and which prompts come next. All of these are kept between updates; the prompts of an update are drawn from the
seed and the update's number alone.
"""

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.training.runner import last_checkpoint

if TYPE_CHECKING:
    from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_STATE = "state.pt"


def resumable(trainer: "Trainer", ids: Sequence[Sequence[int]], work: Path, every: int) -> "Trainer":
    """Return TRL's PPO trainer `made`, which now keeps its state every `every` updates and goes on from the last."""
    begun = Progress(trainer, work, every)
    checkpoint = last_checkpoint(work)
    if checkpoint:
        begun.restore(Path(checkpoint))
    trainer.dataloader = Prompts(trainer, ids, begun.done)
    trainer.args.num_total_batches -= begun.done
    trainer.add_callback(begun.callback())
    return trainer


class Prompts:
    """Batches of prompts without end: batch number n is the same whether or not a run was broken before it."""

    def __init__(self, trainer: "Trainer", ids: Sequence[Sequence[int]], done: int) -> None:
        self._ids, self._done = ids, done
        self._seed, self._collate = trainer.args.seed, trainer.data_collator
        self._each, self._of = trainer.args.local_batch_size, trainer.accelerator.num_processes
        self._process = trainer.accelerator.process_index
        self.dataset = trainer.train_dataset

    def __iter__(self) -> Iterator[object]:
        """Yield batches, beginning after those that were trained on already."""
        batch = self._each * self._of
        for number in range(self._done, 1 << 40):
            drawn = [
                self._prompt_at(number * batch + self._process * self._each + offset)
                for offset in range(self._each)
            ]
            yield self._collate([{"input_ids": list(self._ids[index])} for index in drawn])

    def _prompt_at(self, number: int) -> int:
        """Return which prompt comes as `number`: every prompt once in each pass, in an order of that pass."""
        a_pass, index = divmod(number, len(self._ids))
        order = list(range(len(self._ids)))
        random.Random(f"{self._seed}/ppo/{a_pass}").shuffle(order)  # noqa: S311
        return order[index]


class Progress:
    """What is kept between updates, and how it is put back."""

    def __init__(self, trainer: "Trainer", work: Path, every: int) -> None:
        self._trainer, self._work, self._every = trainer, work, max(1, every)
        self.done = 0
        self._history: list[dict[str, object]] = []
        self._random: dict[str, object] | None = None

    def restore(self, folder: Path) -> None:
        """Put back weights, optimiser and schedule; the random numbers follow when the loop begins."""
        import torch

        state = torch.load(folder / _STATE, map_location="cpu", weights_only=True)
        learning = dict(self._learning())
        with torch.no_grad():
            for name, values in state["weights"].items():
                learning[name].copy_(values)
        self._trainer.optimizer.load_state_dict(state["optimiser"])
        self._trainer.lr_scheduler.load_state_dict(state["schedule"])
        trainer_state = json.loads((folder / "trainer_state.json").read_text("utf-8"))
        self.done, self._history, self._random = (
            trainer_state["global_step"],
            trainer_state["log_history"],
            state["random"],
        )

    def callback(self) -> "TrainerCallback":
        """Return the trainer's callback that sets the count at the start and keeps the state after an update."""
        from transformers import TrainerCallback

        mine = self

        class Keeping(TrainerCallback):  # type: ignore[misc, unused-ignore]
            def on_train_begin(
                self,
                args: "TrainingArguments",
                state: "TrainerState",
                control: "TrainerControl",  # noqa: ARG002
                **_: object,
            ) -> None:
                state.global_step, state.episode = mine.done, mine.done * args.batch_size
                state.max_steps = mine.done + args.num_total_batches
                state.log_history = list(mine._history)
                if mine._random is not None:
                    set_random(mine._random)

            def on_step_end(
                self,
                args: "TrainingArguments",  # noqa: ARG002
                state: "TrainerState",
                control: "TrainerControl",  # noqa: ARG002
                **_: object,
            ) -> None:
                if state.global_step % mine._every == 0 and state.global_step < state.max_steps:
                    mine.keep(state)

        return Keeping()

    def keep(self, state: "TrainerState") -> None:
        """Write a checkpoint atomically, then delete the previous one."""
        import torch

        trainer = self._trainer
        if not trainer.accelerator.is_main_process:
            return
        saved = {
            "weights": {name: tensor.detach().cpu() for name, tensor in self._learning()},
            "optimiser": trainer.optimizer.state_dict(),
            "schedule": trainer.lr_scheduler.state_dict(),
            "random": random_state(),
        }
        partial = self._work / f".partial-{state.global_step}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        torch.save(saved, partial / _STATE)
        trainer_state = {"global_step": state.global_step, "log_history": state.log_history}
        (partial / "trainer_state.json").write_text(json.dumps(trainer_state), "utf-8")
        checkpoint = self._work / f"checkpoint-{state.global_step}"
        shutil.rmtree(checkpoint, ignore_errors=True)
        partial.rename(checkpoint)
        for other in self._work.glob("checkpoint-*"):
            if other != checkpoint:
                shutil.rmtree(other, ignore_errors=True)

    def _learning(self) -> Iterator[tuple[str, Any]]:
        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)


def random_state() -> dict[str, Any]:
    """Return the state of all random numbers, in plain values that a safe loader reads."""
    import numpy as np
    import torch

    drawn: Any = np.random.get_state(legacy=True)  # noqa: NPY002 - TRL draws from it
    kind, keys, position, has_gauss, gauss = drawn
    return {
        "python": random.getstate(),
        "numpy": [
            str(kind),
            torch.from_numpy(keys.astype("int64")),
            int(position),
            int(has_gauss),
            float(gauss),
        ],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random(saved: dict[str, Any]) -> None:
    """Put back what `random_state` returned."""
    import numpy as np
    import torch

    kind, keys, position, has_gauss, gauss = saved["numpy"]
    version, words, gauss_next = saved["python"]
    random.setstate((version, tuple(words), gauss_next))
    np.random.set_state((kind, keys.numpy().astype("uint32"), position, has_gauss, gauss))  # noqa: NPY002
    torch.set_rng_state(saved["torch"])
    if saved["cuda"]:
        torch.cuda.set_rng_state_all(saved["cuda"])
