"""A run killed with no warning goes on from its last checkpoint, with the curve of a run that was not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.torch
STAGES = ("pretrain", "reward", "dpo", "ppo", "grpo")  # sft: test_stages
# what must not differ between a whole and a broken run
KEYS = {"loss", "objective/scores", "objective/kl", "loss/policy_avg", "loss/value_avg", "lr", "learning_rate",
        "val/ratio", "reward", "rewards/verified/mean", "episode"}  # fmt: skip


def test_a_killed_stage_goes_on_with_the_same_curve(tiny_base, data, tmp_path):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.killed", str(tiny_base), str(data), str(tmp_path), *STAGES],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    for stage in STAGES:
        item, other = (
            [row for row in rows if KEYS & set(row) - {"episode"}] for rows in result[stage].values()
        )
        assert [row["step"] for row in item if "step" in row] == [
            row["step"] for row in other if "step" in row
        ]
        assert len(item) >= 4
        compared = 0
        for left, right in zip(item, other, strict=True):
            for key in KEYS & set(left):
                assert right[key] == pytest.approx(left[key], abs=2e-5), (stage, left, right)
                compared += 1
        assert compared >= 4
    assert not list(tmp_path.glob(".*.checkpoints-*"))
