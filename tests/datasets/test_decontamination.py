import json

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import Benchmarks, Example, Kind, ask, decontaminate
from clinweave.datasets.decontamination import WORDS, trap, words

LONG = " ".join(f"word{number}" for number in range(20))


def example(text, reply="yes"):
    return Example("id", Kind.INSTRUCTION, "given", ask("s", text), reply)


@pytest.fixture
def against(tmp_path):
    rows = [{"question": LONG, "options": ["a", "b"], "answer": 0},
            {"question": "Does this very short question count here?", "options": ["a", "b"], "answer": 0}]  # fmt: skip
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    result = Benchmarks()
    result.add(tmp_path / "b.jsonl")
    return result


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("does THIS very short, question count here", "exact"),
        ("before " + " ".join(LONG.split()[3 : 3 + WORDS]) + " after", "n-gram"),
        ("before " + " ".join(LONG.split()[3 : 2 + WORDS]) + " after", None),
        ("Evidence:\n[1] x\n\nQuestion: Does this very short question count here?\nAnswer in short", "exact"),
        ("Something else altogether that nobody asked", None),
    ],
)
def test_equal_texts_and_runs_of_words_are_found(against, text, how):
    kept, report = decontaminate([example(text)], against)
    assert [hit["match"] for hit in report["hits"]] == ([how] if how else [])
    assert len(kept) == (how is None)


def test_a_reply_that_copies_a_benchmark_is_found(against):
    assert decontaminate([example("Tell me.", LONG)], against)[1]["removed"] == 1


def test_medmcqa_rows_are_read_and_a_bad_one_named(tmp_path):
    good = {"id": "7", "question": LONG, "opa": "1", "opb": "2", "opc": "3", "opd": "4", "cop": 1}
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, "question": None}) + "\n" + "{\n", "utf-8")
    with pytest.raises(UserError, match="row 2, field question"):
        Benchmarks().add(path)
    path.write_text(json.dumps(good) + "\n", "utf-8")
    result = Benchmarks()
    result.add(path)
    assert result.files == {"dev.jsonl": 1}
    assert result.match([LONG])[1].id == "medmcqa/7"


def test_the_trap_is_named():
    from pathlib import Path

    assert "MIRAGE" in trap(Path("medmcqa_dev.jsonl"))
    assert trap(Path("own_train.jsonl")) == ""
    assert words("A-b, C.") == ["a", "b", "c"]
