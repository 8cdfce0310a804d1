"""A hand-made world and model for the commands that compare."""

import importlib.util
import json
from pathlib import Path

import pytest

from clinweave.cli import main
from tests.small_base import use_small_base

FAKES = Path(__file__).parents[1] / "evaluation" / "comparison" / "conftest.py"


@pytest.fixture
def fakes():
    spec = importlib.util.spec_from_file_location("evaluation_fakes", FAKES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_world(fakes, monkeypatch, tmp_path):
    """Let every run use the small context_builder and the reading model; return the reader."""
    from clinweave.evaluation import language_model

    context_builder = fakes.SmallContextBuilder()
    context_builder.index = None
    use_small_base(monkeypatch, tmp_path, context_builder)
    reader = fakes.Reader()
    monkeypatch.setattr(language_model, "open_model", lambda *_, **__: reader)
    monkeypatch.setattr("clinweave.cli.run.fetch_for", lambda _: None)
    rows = [
        {
            "id": f"q{i}",
            "question": f"Which feature has disease {i}?",
            "options": [fakes.FEATURES[(i + step) % 6] for step in range(4)],
            "answer": 0,
            "concepts": [f"D:{i}"],
        }
        for i in range(6)
    ]
    (tmp_path / "bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "own.toml").write_text(
        'kind = "comparison"\ntitle = "Own"\n[knowledge]\nconditions = ["base", "graph"]\n'
        'controls = ["lookup", "wrong-entity"]\n'
        '[[tasks]]\ntype = "benchmark"\npath = "bench.jsonl"\n[[tasks]]\ntype = "cross-source"\npath = "gone.tsv"\n',
        "utf-8",
    )
    return reader


@pytest.fixture
def call(capsys):
    """Return a function that runs the program and returns exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return stopped.value.code, shown.out, shown.err

    return run
