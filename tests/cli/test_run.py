"""A recipe through the command line, in a hand-made world and with a hand-made model."""

import json

import pytest
from tools.entered_files import entered_files

from clinweave.cli.run import terminal_progress
from tests.test_entered_files import assert_in_order


def test_a_recipe_gives_numbers_a_report_and_what_was_left_out(small_world, call, tmp_path):
    code, out, _ = call("run", tmp_path / "own.toml", "--out", tmp_path / "out", "--json")
    assert code == 0
    results = json.loads(out)
    assert results == json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    gain = next(
        row for row in results["comparisons"] if (row["condition"], row["baseline"]) == ("graph", "base")
    )
    assert (gain["task"], gain["n"], gain["difference"]) == ("bench", 6, 1.0)
    assert results["skipped"] == [{"task": "cross-source", "reason": "there is no gone.tsv (path)"}]
    assert str(tmp_path) not in out
    assert (tmp_path / "out" / "report.html").stat().st_size > 5_000
    assert len((tmp_path / "out" / "samples.jsonl").read_text("utf-8").splitlines()) == 24
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_the_page_about_the_architecture_names_the_files_of_a_study_in_order(small_world, call, tmp_path):
    with entered_files() as entered:
        assert call("run", tmp_path / "own.toml", "--out", tmp_path / "out", "--json")[0] == 0
    assert_in_order("One study, file by file", entered)
    assert len(entered) <= 61, sorted(entered)  # with four templates


def test_a_count_writes_about_ten_lines_without_a_terminal(capsys):
    with terminal_progress() as progress:
        for done in range(1, 201):
            progress.count("Training data: disease", done, 200)
        progress.count("Training data: disease", 1, 200)  # of another run
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["Training data: disease 20 of 200", "Training data: disease 40 of 200"]
    assert lines[9:] == ["Training data: disease 200 of 200", "Training data: disease 1 of 200"]


def test_a_second_run_asks_nothing_and_changes_nothing(small_world, call, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "clinweave.evaluation.comparison.study.peak_memory", lambda: 0.2
    )  # grows in a process
    call("run", tmp_path / "own.toml", "--out", tmp_path / "out")
    asked = small_world.asked
    first = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    code, out, _ = call("run", tmp_path / "own.toml", "--out", tmp_path / "out")
    assert code == 0
    assert small_world.asked == asked > 0
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == first
    assert "Look-up, no model" in out


def test_a_run_that_was_killed_goes_on(small_world, call, tmp_path, monkeypatch):
    score = small_world.score

    def dies(messages, options):
        if small_world.asked == 5:
            raise KeyboardInterrupt
        return score(messages, options)

    monkeypatch.setattr(small_world, "score", dies)
    code, _, _ = call("run", tmp_path / "own.toml", "--out", tmp_path / "out")
    assert code == 130
    assert not (tmp_path / "out" / "results.json").exists()
    monkeypatch.setattr(small_world, "score", score)
    assert call("run", tmp_path / "own.toml", "--out", tmp_path / "out")[0] == 0
    assert small_world.asked == 18  # six items under three conditions that ask the model, none twice


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.toml"], "there is no recipe"),
        (["own.toml", "--set", "modell.address=x"], "unknown key 'modell'; did you mean 'model'"),
        (["own.toml", "--set", "model"], "expected key=value"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(small_world, call, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = call("run", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_no_prompt_is_written_or_logged_unasked(small_world, call, tmp_path, caplog):
    caplog.set_level("DEBUG")
    assert call("run", tmp_path / "own.toml", "--out", tmp_path / "out", "--set", "dump_prompts=true")[0] == 0
    [dumped] = (tmp_path / "out").rglob("prompts.jsonl")
    requests = [row["messages"] for row in map(json.loads, dumped.read_text("utf-8").splitlines())]
    form = max((line for request in requests for line in request[0]["content"].splitlines()), key=len)
    assert call("run", tmp_path / "own.toml", "--out", tmp_path / "quiet")[0] == 0
    held = "".join(path.read_text("utf-8") for path in (tmp_path / "quiet").rglob("*.json*"))
    assert form not in held + caplog.text
    assert "Evidence:\n" not in held + caplog.text
    assert not list((tmp_path / "quiet").rglob("prompts.jsonl"))
