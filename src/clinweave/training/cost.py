"""Cost of a stage: seconds, including those before an interruption, and peak memory."""

import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_SPENT = "spent.jsonl"  # next to the checkpoints: seconds elapsed when each step finished


class Spending:
    """Counts from where it is made; where a run goes on from step n, what the first n steps took is added.

    Steps that a kill undid are counted once, as they would have been without it.
    """

    def __init__(self, work: Path, checkpoint: str | None) -> None:
        self._file = work / _SPENT
        self._before = _spent(self._file, int(checkpoint.rpartition("-")[2])) if checkpoint else 0.0
        self._begun = time.perf_counter()
        _forget_peak()

    @property
    def seconds(self) -> float:
        """Return the seconds spent until now."""
        return self._before + time.perf_counter() - self._begun

    def callback(self) -> "TrainerCallback":
        """Return the trainer's callback that notes when each step was finished."""
        from transformers import TrainerCallback

        mine = self

        class Noting(TrainerCallback):  # type: ignore[misc, unused-ignore]
            def on_step_end(
                self,
                args: "TrainingArguments",  # noqa: ARG002
                state: "TrainerState",
                control: "TrainerControl",  # noqa: ARG002
                **_: object,
            ) -> None:
                mine.note(state.global_step)

        return Noting()

    def note(self, step: int) -> None:
        """Note that a step was finished now."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, "seconds": round(self.seconds, 3)}) + "\n")


def peak_gb() -> float:
    """Return the most memory that this program held at once, in GB, since a `Spending` was made (off Linux: ever)."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes * 1024 / 1e9, 2)


def _forget_peak() -> None:
    """Reset the peak-memory counter."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return  # no Linux, or not allowed: the peak is the program's


def _spent(file: Path, step: int) -> float:
    """Return the seconds after which a step was last finished, 0 where that is not known."""
    seconds = 0.0
    try:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["step"] == step:
                seconds = float(row["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return seconds
