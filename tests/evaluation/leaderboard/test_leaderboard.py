import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.core.typed import to_values
from clinweave.evaluation.comparison import Sample
from clinweave.evaluation.comparison.samples import to_row
from clinweave.evaluation.leaderboard import add_run, compare_runs, read_boards


def samples(right, n=40, condition="base", method="option-text", task="t", words="?"):
    """Return items of which the first `right` are answered correctly."""
    return [
        Sample(
            task,
            f"q{i}",
            "",
            f"c{i}",
            condition,
            f"Question {i}{words}",
            ("a", "b"),
            i % 2,
            choice=i % 2,
            score=float(i < right),
            method=method,
        )
        for i in range(n)
    ]


@pytest.fixture
def write(tmp_path, capsys):
    """Return a function that writes a finished run with these samples, made by the real summary."""
    from clinweave.evaluation.comparison import ComparisonRecipe, ComparisonResults
    from clinweave.evaluation.comparison.results import summarise
    from clinweave.evaluation.comparison.timing import Timings

    def run(name, rows, model="m"):
        folder = tmp_path / name
        folder.mkdir()
        summary = summarise(rows, resamples=50)
        results = ComparisonResults(
            tasks=summary.tasks, comparisons=summary.comparisons, results=summary.results, clinweave="0",
            recipe=ComparisonRecipe(name=name, title=name), model={"name": model, "weights": model}, packages={},
            prompt_template="", seeds={}, inputs=(), sources=(), tier="public", skipped=(), answers=(), retrieval={},
            timings=Timings(),
        )  # fmt: skip
        (folder / "results.json").write_text(json.dumps(to_values(results)), "utf-8")
        lines = "".join(json.dumps(to_row(row)) + "\n" for row in rows)
        (folder / "samples.jsonl").write_text(lines, "utf-8")
        return folder

    def call(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        return stopped.value.code, capsys.readouterr().out

    return SimpleNamespace(run=run, board=tmp_path / "board", call=call)


def test_runs_accumulate_and_the_better_one_stands_first(write):
    for name, right in (("low", 10), ("high", 30)):
        add_run(write.run(name, samples(right)), write.board)
    (board,) = read_boards(write.board)
    assert [(row.run, row.accuracy) for row in board.rows] == [("high", 0.75), ("low", 0.25)]
    (row,) = compare_runs(write.board, ["low", "high"], resamples=100)
    assert (row.first, row.second, row.n, row.difference) == ("high base", "low base", 40, 0.5)
    assert row.low > 0
    assert row.p < 0.001


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (samples(30, words="!"), "questions differ in t"),
        (samples(30, method="letter"), "different methods"),
        (samples(30, task="u"), "no task"),
        (samples(30, n=39), "questions differ"),
    ],
)
def test_what_is_not_comparable_is_refused_with_the_reason(write, other, why):
    add_run(write.run("first", samples(10)), write.board)
    add_run(write.run("second", other), write.board)
    assert len(read_boards(write.board)) == 2
    with pytest.raises(UserError, match=why):
        compare_runs(write.board, ["first", "second"])


def test_another_answer_key_is_another_board(write):
    add_run(write.run("first", samples(10)), write.board)
    add_run(write.run("second", [replace(row, answer=1 - row.answer) for row in samples(10)]), write.board)
    assert len(read_boards(write.board)) == 2


def test_a_name_is_not_reused_for_other_results(write):
    first = write.run("first", samples(10))
    add_run(first, write.board, "run")
    add_run(first, write.board, "run")  # the same results again
    second = write.run("second", samples(20))
    with pytest.raises(UserError, match="--replace"):
        add_run(second, write.board, "run")
    add_run(second, write.board, "run", replace=True)
    assert read_boards(write.board)[0].rows[0].accuracy == 0.5


@pytest.mark.parametrize("name", ["../run", "/tmp/run", ".run"])
def test_a_name_stays_in_the_folder(write, name):
    with pytest.raises(UserError, match="cannot be the name"):
        add_run(write.run("first", samples(10)), write.board, name)


def test_items_that_were_not_run_stay_out_of_the_pairs(write):
    add_run(write.run("whole", samples(20)), write.board)
    cut = [replace(row, unscored="error", score=0.0) if i < 10 else row for i, row in enumerate(samples(40))]
    add_run(write.run("cut", cut), write.board)
    (row,) = compare_runs(write.board, ["whole", "cut"], resamples=100)
    assert row.n == 30


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": 1}'])
def test_a_damaged_file_is_named(write, text):
    write.board.mkdir()
    (write.board / "x.json").write_text(text, "utf-8")
    with pytest.raises(UserError, match=r"x\.json"):
        read_boards(write.board)


def test_a_damaged_line_of_samples_is_named(write):
    folder = write.run("first", samples(10))
    with (folder / "samples.jsonl").open("a") as stream:
        stream.write('{"task": ')
    with pytest.raises(UserError, match="line 41"):
        add_run(folder, write.board)


def test_the_command_shows_adds_and_compares(write):
    for name, right in (("low", 10), ("high", 30)):
        code, out = write.call(
            "leaderboard", "add", write.run(name, samples(right)), "--to", write.board, "--json"
        )
        assert (code, json.loads(out)["rows"]) == (0, 1)
    code, out = write.call("leaderboard", "show", write.board)
    assert code == 0
    assert out.index("high") < out.index("low")
    boards = json.loads(write.call("leaderboard", "show", write.board, "--json")[1])
    assert "scores" not in boards[0]["rows"][0]
    code, out = write.call("leaderboard", "compare", write.board, "high", "low", "--json")
    assert json.loads(out)[0]["difference"] == 0.5
    assert write.call("leaderboard", "compare", write.board, "high", "none")[0] == 2
    assert write.call("leaderboard", "show", write.board / "none")[0] == 2
