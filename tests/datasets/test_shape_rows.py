"""Rows are read whole or refused by row and field, by the one function that check and training share."""

import json
import random

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import check_file, read_shape


def turn(role, content="words"):
    return {"role": role, "content": content}


U, A, S = turn("user"), turn("assistant"), turn("system")


def one(tmp_path, row):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    checked = check_file(path)
    if checked.problems:
        with pytest.raises(UserError, match="row 1"):
            read_shape(path)
        return None, checked.problems
    return read_shape(path)[0], ()


def roles(example):
    return " ".join(message["role"] for message in example.prompt)


@pytest.mark.parametrize(
    ("row", "prompt", "counted"),
    [
        ({"messages": [S, U, A, U, A]}, "system user assistant user", (2,)),
        ({"messages": [U, A, A]}, "user assistant", (1,)),
        ({"messages": [A, U, A]}, "assistant user", ()),  # what answers nothing is context
        ({"messages": [U, {**A, "weight": 0}, U, A]}, "user assistant user", ()),
        (
            {
                "conversations": [
                    {"from": name, "value": "x"} for name in ("system", "human", "gpt", "human", "gpt")
                ]
            },
            "system user assistant user",
            (2,),
        ),
        ({"prompt": [U, A, U], "completion": [A]}, "user assistant user", ()),
        ({"prompt": "x", "completion": [A, U, A]}, "user assistant user", (1,)),
        ({"prompt": [U], "completion": [U, A]}, "user", ()),  # the prompt repeated
        ({"prompt": "x", "completion": "y", "system": "s"}, "system user", ()),
        ({"prompt": "x", "completion": "y", "label": True}, "user", ()),
        ({"prompt": "x", "chosen": "a", "rejected": "b", "system": "s"}, "system user", ()),
        (
            {"prompt": [U], "chosen": [U, A], "rejected": [U, turn("assistant", "b")], "system": "s"},
            "system user",
            (),
        ),
        ({"instruction": "x", "output": "y", "history": [["a", "b"]]}, "user assistant user", (1,)),
        ({"instruction": "x", "input": None, "output": "y", "history": None, "system": None}, "user", ()),
    ],
)
def test_conversations_are_read_whole(tmp_path, row, prompt, counted):
    example, problems = one(tmp_path, row)
    assert not problems
    assert (roles(example), example.counted) == (prompt, counted)


def last(text):
    return turn("assistant", text)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [U], "chosen": [A, U, last("b")], "rejected": [A, U, last("c")]},
        {"prompt": [U, A, U], "chosen": [last("b")], "rejected": [last("c")]},
        {"prompt": [U, A, U], "chosen": [U, A, U, last("b")], "rejected": "c"},
        {"chosen": [U, A, U, last("b")], "rejected": [U, A, U, last("c")]},
        {"instruction": "words", "history": [["words", "words"]], "chosen": "b", "rejected": "c"},
    ],
)
def test_a_pair_shares_its_whole_prompt(tmp_path, row):
    example, problems = one(tmp_path, row)
    assert not problems
    assert (roles(example), example.completion, example.rejected) == ("user assistant user", "b", "c")
    assert all(message["content"] == "words" for message in example.prompt)


@pytest.mark.parametrize(
    ("row", "field", "expected_message"),
    [
        ({"chosen": [U, A], "rejected": [turn("user", "other"), A]}, "rejected", "shares its prompt"),
        ({"chosen": [U, A, U, A], "rejected": [U, last("b")]}, "rejected", "shares its prompt"),
        ({"prompt": "x", "chosen": [A, U, A], "rejected": [last("n"), U, last("m")]}, "rejected", "shares"),
        (
            {"chosen": "Human: a\n\nAssistant: b", "rejected": "Human: a\n\nAssistant: c"},
            "chosen",
            "without a prompt",
        ),
        ({"chosen": [A], "rejected": [last("b")]}, "chosen", "no prompt"),
        ({"chosen": [U, A, A], "rejected": [U, A, last("b")]}, "chosen", "assistant's as well"),
        ({"prompt": "x", "chosen": None, "rejected": "b"}, "chosen", "found null"),
        ({"prompt": None, "chosen": "a", "rejected": "b"}, "prompt", "found null"),
        ({"instruction": None, "chosen": "a", "rejected": "b"}, "instruction", "found null"),
        ({"instruction": "x", "output": ["a", "b"]}, "output", "found a list"),
        ({"instruction": "x", "input": 38.5, "output": "y"}, "input", "found a number"),
        ({"instruction": "x", "output": "y", "history": [["a"]]}, "history[0]", "[question, answer]"),
        ({"instruction": "x", "output": "y", "history": [["a", None]]}, "history[0][1]", "found null"),
        ({"instruction": "x", "output": "y", "history": [U, A]}, "history[0]", "an object"),
        ({"instruction": "x", "output": "y", "history": {"a": "b"}}, "history", "an object"),
        ({"instruction": "x", "output": "y", "system": 5}, "system", "found a number"),
        (
            {"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}], "system": 5},
            "system",
            "",
        ),
        ({"conversations": [{"from": "gpt", "value": "y"}]}, "conversations", "no turn before"),
        (
            {"conversations": [{"from": "human", "value": None}, {"from": "gpt", "value": "y"}]},
            "conversations[0].value",
            "",
        ),
        ({"messages": [A]}, "messages", "no turn before"),
        ({"messages": [U, {**A, "weight": 0}]}, "messages", "weight 0"),
        (
            {"messages": [U, {"role": "assistant", "content": [{"type": "text"}]}]},
            "messages[1].content",
            "found a list",
        ),
        ({"messages": [U, {"role": ["a"], "content": "b"}]}, "messages[1].role", "none of"),
        ({"messages": [U, turn("assistant", "\ud83d")]}, "messages[1].content", "surrogate"),
        ({"messages": {}}, "messages", "found an object"),
        (
            {"prompt": "x", "chosen": [turn("user", "y"), A], "rejected": [turn("user", "y"), last("b")]},
            "chosen",
            "another question",
        ),
        ({"prompt": "x", "completion": [U, A]}, "completion", "another question"),
        ({"prompt": "x", "completion": "y", "label": False}, "label", "is false"),
        ({"text": None}, "text", "found null"),
        ({"text": "x", "task": 3}, "task", "found a number"),
    ],
)
def test_odd_rows_are_refused_by_field(tmp_path, row, field, expected_message):
    example, problems = one(tmp_path, row)
    assert example is None
    assert problems[0].field == field
    assert expected_message in problems[0].message


def test_what_the_check_passes_is_read_whatever_the_row_holds(tmp_path):
    chance = random.Random(11)
    values = [
        None,
        "",
        "x",
        3,
        True,
        [],
        {},
        [["a", "b"]],
        [U, A],
        [U],
        "y",
        [None],
        {"from": "gpt", "value": "z"},
    ]
    names = [
        "messages",
        "conversations",
        "prompt",
        "completion",
        "chosen",
        "rejected",
        "instruction",
        "output",
        "history",
    ]
    names += ["input", "system", "text", "id", "split"]
    read = 0
    for _ in range(3000):
        row = {name: chance.choice(values) for name in chance.sample(names, chance.randrange(1, 6))}
        example, _ = one(tmp_path, row)
        if example is not None:
            read += 1
            assert all(isinstance(message["content"], str) for message in example.prompt)
            assert example.completion.strip()
    assert read > 50


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(tmp_path, encoding):
    rows = [json.dumps({"instruction": "孩子发热怎么办？", "output": "先量体温。"}, ensure_ascii=False)] * 2
    for text in ("\r\n".join(rows), f"[{','.join(rows)}]"):
        (tmp_path / "x.jsonl").write_bytes(text.encode(encoding))
        assert [example.completion for example in read_shape(tmp_path / "x.jsonl")] == ["先量体温。"] * 2


def test_damaged_files_are_a_user_error(tmp_path):
    path = tmp_path / "x.jsonl"
    for data in (b'{"text": "a"}\n{"text": "\xff"}', b'{"text"\x00: 1}', b"\xff\xfe{\x00\xd8"):
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"x\.jsonl, row \d"):
            check_file(path)
    path.write_text("[" * 200_000)
    assert "nested too deeply" in check_file(path).problems[0].message
