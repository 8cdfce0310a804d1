"""A program for test_resume: every stage is killed with no warning in a forked child, then resumed, then run whole.

Prints one JSON document: {stage: {"whole": rows, "resumed": rows}}. One program for all stages, as loading torch costs
more than the stages; the children are forked before anything is trained here, as autograd's threads do not fork.
"""

import importlib
import json
import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path

from clinweave.knowledge import CitationChecker
from clinweave.training import Inputs, Verifier, read_curve, run_stage
from tests.datasets.conftest import SmallGraph

STEPS, KILL = 4, 3  # a checkpoint is made after each step
VALUES = {
    "batch": 2,
    "max_length": 400,
    "lora_rank": 4,
    "memory_gb": 50,
    "threads": 1,
    "save_every": 1,
    "steps": STEPS,
}
ONLINE = {"ppo", "grpo"}


def run(stage, inputs, out, progress=None):
    values = dict(VALUES)
    if stage in ONLINE:
        module = importlib.import_module(f"clinweave.training.{stage}")
        module.verifier = lambda _: Verifier(CitationChecker(SmallGraph()))
        values |= {"reply": 8, "learning_rate": 1e-3} | ({"replies": 2} if stage == "grpo" else {})
    else:
        inputs = replace(inputs, reward=None)
    return run_stage(stage, values, replace(inputs, progress=progress) if progress else inputs, out)


def forked(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    return os.waitpid(pid, 0)[1]


def suicide(done, _total, _logged):
    if done == KILL:
        os.kill(os.getpid(), signal.SIGKILL)


def main():
    base, data, out, *stages = sys.argv[1:]
    folder = Path(out)
    inputs = Inputs(base=base, data=Path(data), reward=folder / "reward-model")
    forked(
        lambda: run_stage(
            "reward", {**VALUES, "steps": 2}, replace(inputs, reward=None), folder / "reward-model"
        )
    )
    for stage in stages:
        ended = forked(lambda stage=stage: run(stage, inputs, folder / stage, suicide))
        assert os.WIFSIGNALED(ended), f"{stage} ended before it was killed"
        assert not (folder / stage).exists()
        assert list(folder.glob(f".{stage}.checkpoints-*/checkpoint-2/trainer_state.json")), stage
    result = {}
    for stage in stages:
        seen = []
        resumed = run(stage, inputs, folder / stage, lambda done, _, logged, seen=seen: seen.append(done))
        assert min(seen) == KILL, f"{stage} restarted"
        whole = run(stage, inputs, folder / f"{stage}-whole")
        result[stage] = {"whole": read_curve(whole.path), "resumed": read_curve(resumed.path)}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
