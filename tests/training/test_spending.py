"""After a kill: which checkpoint is gone on from, whose seconds are added, and whose memory is counted."""

import sys

import numpy as np
import pytest

from clinweave.training.cost import Spending, peak_gb
from clinweave.training.runner import last_checkpoint


def test_seconds_before_a_kill_are_added(tmp_path):
    first = Spending(tmp_path, None)
    first._begun -= 100.0
    first.note(1)
    first._begun -= 50.0
    first.note(2)  # undone by the kill: the last checkpoint is of step 1
    with (tmp_path / "spent.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 3, "sec')
    again = Spending(tmp_path, str(tmp_path / "checkpoint-1"))
    assert 100.0 <= again.seconds < 105.0
    assert Spending(tmp_path, str(tmp_path / "checkpoint-9")).seconds < 5.0
    assert Spending(tmp_path / "absent", str(tmp_path / "checkpoint-1")).seconds < 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="the peak can be set back on Linux alone")
def test_the_peak_begins_anew(tmp_path):
    before = peak_gb()
    held = np.ones(400_000_000, np.uint8)
    assert peak_gb() > before + 0.3
    del held
    Spending(tmp_path, None)
    assert peak_gb() < before + 0.3


def test_a_checkpoint_whose_last_file_a_kill_cut_is_passed_over(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, state in {4: '{"global_step": 4}', 8: '{"global_st', 12: "", 16: None}.items():
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state, "utf-8")
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-4")
