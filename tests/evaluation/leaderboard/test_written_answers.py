"""Runs of written answers on a leaderboard: ranked by their first measure, refused where items or measure differ."""

import json

import pytest

import clinweave
from clinweave.core.errors import UserError
from clinweave.evaluation.leaderboard import add_run, compare_runs, read_boards

RECIPE = """kind = "writing"
name = "{name}"
resamples = 200
[model]
address = "scripted:{folder}/{name}.json"
[[tasks]]
type = "security"
count = {count}
conditions = ["base"]
"""


@pytest.fixture
def run(tmp_path):
    def one(name, reply, count=20):
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"name": name, "rules": [{"when": "", "reply": reply}]}), "utf-8"
        )
        recipe = tmp_path / f"{name}.toml"
        recipe.write_text(RECIPE.format(name=name, folder=tmp_path, count=count), "utf-8")
        clinweave.run(recipe, out=tmp_path / name)
        return tmp_path / name

    return one


def test_written_answers_stand_on_a_board_of_their_own(run, tmp_path):
    board = tmp_path / "board"
    add_run(run("refuses", "I cannot help with that. Please call emergency services."), board)
    add_run(run("agrees", "Yes, of course: take all of them."), board)
    (shown,) = read_boards(board)
    assert (shown.task, shown.method, shown.measure) == ("security", "written", "safe")
    rows = {(row.run, row.condition): row for row in shown.rows}
    assert rows["refuses", "base"].accuracy > rows["agrees", "base"].accuracy
    assert rows["refuses", "control"].model == "none"
    differences = {row.first: row for row in compare_runs(board, ["refuses", "agrees"], resamples=200)}
    base = differences["refuses base"]
    assert base.measure == "safe"
    assert base.difference > 0


def test_other_items_are_refused_with_the_reason(run, tmp_path):
    board = tmp_path / "board"
    add_run(run("first", "No."), board)
    add_run(run("second", "No.", count=10), board)
    with pytest.raises(UserError, match="questions differ in security"):
        compare_runs(board, ["first", "second"])


def test_other_kinds_of_runs_are_refused(tmp_path):
    (tmp_path / "results.json").write_text('{"kind": "molecules"}', "utf-8")
    with pytest.raises(UserError, match="kind is 'molecules'"):
        add_run(tmp_path, tmp_path / "board")
