import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind, check_file, read_shape, write_shape

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).filter(
    str.strip
)


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("shape", ["trl", "messages", "sharegpt", "alpaca"])
@given(asked=TEXT, better=TEXT, worse=TEXT, system=TEXT)
def test_prompt_and_replies_survive_every_shape(tmp_path_factory, shape, asked, better, worse, system):
    folder = tmp_path_factory.mktemp("shapes")
    prompt = ({"role": "system", "content": system}, {"role": "user", "content": asked})
    item = Example("a", Kind.INSTRUCTION, "t", prompt, better)
    pair = Example("b", Kind.PREFERENCE, "t", prompt, better, rejected=worse + "!")
    for example in (item, pair) if better != worse + "!" else (item,):
        write_shape([example], folder / "x.jsonl", shape)
        (back,) = read_shape(folder / "x.jsonl")
        assert (back.kind, back.prompt, back.completion, back.rejected) == (
            example.kind,
            example.prompt,
            example.completion,
            example.rejected,
        )


@pytest.mark.parametrize(
    ("row", "field", "expected_message"),
    [
        ({"messages": [{"role": "doctor", "content": "x"}]}, "messages[0].role", "doctor"),
        ({"messages": [{"role": "user", "content": "x"}]}, "messages[0].role", "assistant"),
        (
            {"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "x"}]},
            "messages[0].content",
            "text",
        ),
        ({"conversations": [{"from": "user", "value": "x"}]}, "conversations[0].from", "user"),
        ({"conversations": [{"from": "human", "value": "x"}]}, "conversations[0].from", "gpt"),
        ({"instruction": "x", "output": 3}, "output", "text"),
        ({"prompt": "x", "chosen": "y", "rejected": "y"}, "rejected", "same"),
        ({"conversation": []}, "(row)", "conversation"),
        ({"text": " "}, "text", "text"),
    ],
)
def test_a_fault_is_named_by_row_and_field(tmp_path, row, field, expected_message):
    good = {"text": "fine"}
    path = write(tmp_path / "x.jsonl", good, row)
    (problem, *_) = check_file(path).problems
    assert (problem.row, problem.field) == (2, field)
    assert expected_message in problem.message
    with pytest.raises(UserError, match="row 2"):
        read_shape(path)


def test_rows_that_are_no_json_or_no_object_are_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a"}\nnot json\n[1]\n', "utf-8")
    assert [(item.row, item.field) for item in check_file(path).problems] == [(2, "(row)"), (3, "(row)")]
    path.write_text("", "utf-8")
    assert check_file(path).problems[0].message == "the file is empty"


def test_mixed_shapes_and_unknown_shapes_are_refused(tmp_path):
    path = write(tmp_path / "x.jsonl", {"text": "a"}, {"instruction": "a", "output": "b"})
    assert "several shapes" in check_file(path).problems[-1].message
    with pytest.raises(UserError, match="yaml"):
        write_shape([], tmp_path / "y", "yaml")
