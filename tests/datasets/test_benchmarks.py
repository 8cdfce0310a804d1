import json
import random
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import read_benchmark

SHARED = Path(__file__).parents[3] / "shared" / "data" / "qa"


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def test_mirage(tmp_path):
    item = {"question": "Q?", "options": {"A": "one", "B": "two"}, "answer": "B"}
    result = read_benchmark(write(tmp_path / "b.json", {"medqa": {"0": item}, "mmlu": {"0": item}}))
    assert [(each.task, each.id, each.options, each.answer) for each in result] == [
        ("mirage-medqa", "0", ("one", "two"), 1),
        ("mirage-mmlu", "0", ("one", "two"), 1),
    ]


def test_medqa_with_four_and_five_options_are_two_tasks(tmp_path):
    four = {
        "question": "Q?",
        "options": {"A": "a", "B": "b", "C": "c", "D": "d"},
        "answer": "c",
        "answer_idx": "C",
    }
    five = {"question": "Q?", "options": [f"{x}. {x.lower() * 3}" for x in "ABCDE"], "answer": "bbb"}
    result = read_benchmark(write(tmp_path / "m.json", [four, five]))
    assert [(item.task, item.answer) for item in result] == [("medqa-4", 2), ("medqa-5", 1)]
    assert result[1].options[0] == "aaa"
    lines = read_benchmark(write(tmp_path / "m.jsonl", json.dumps(four) + "\n"))
    assert lines[0].task == "medqa-4"


@pytest.mark.parametrize(
    ("row", "expected_message"),
    [
        (
            {"question": "Q?", "options": {"A": "x", "B": "y"}, "answer": "x", "answer_idx": "B"},
            "different options",
        ),
        ({"question": "Q \ud800", "options": {"A": "x", "B": "y"}, "answer": "x"}, "question.*surrogate"),
        ({"question": "Q?", "options": {"A": "x", "B": "y\udc00"}, "answer": "x"}, "options.*surrogate"),
    ],
)
def test_rows_that_contradict_themselves_or_are_no_text_are_refused(tmp_path, row, expected_message):
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(UserError, match=f"row 1.*{expected_message}"):
        read_benchmark(path)


def test_pubmedqa_hides_the_abstract(tmp_path):
    row = {"QUESTION": "Does it?", "CONTEXTS": ["First.", "Second."], "final_decision": "maybe"}
    result = read_benchmark(write(tmp_path / "p.json", {"123": row}))[0]
    assert (result.id, result.options[result.answer], result.context) == (
        "123",
        "maybe",
        ("First.", "Second."),
    )
    assert "First" not in result.question


def test_biomixqa_leaves_the_list_out_of_the_question(tmp_path):
    text = (
        "disease_pair,correct_node,negative_samples,disease_1,disease_2,options_combined,text\n"
        '"(\'gout\', \'asthma\')",AB1,"CD2, EF3",gout,asthma," CD2, AB1,  EF3",'
        '"Out of the given list, which Gene is associated with gout and asthma. Given list is:  CD2, AB1,  EF3"\n'
    )
    result = read_benchmark(write(tmp_path / "mcq.csv", text))[0]
    assert result.question == "Which Gene is associated with gout and asthma?"
    assert result.options == ("CD2", "AB1", "EF3")
    assert (result.answer, result.cluster) == (1, "asthma|gout")
    other = read_benchmark(write(tmp_path / "tf.csv", ",text,label\n3,gout is an asthma,False\n"))[0]
    assert other.options[other.answer] == "False"


@pytest.mark.parametrize("answer", ["B", 1, "two"])
def test_generic_lines(tmp_path, answer):
    row = {"id": "x", "question": "Q?", "options": ["one", "two"], "answer": answer, "cluster": "c"}
    result = read_benchmark(write(tmp_path / "own.jsonl", json.dumps(row) + "\n\n"))[0]
    assert (result.id, result.task, result.answer, result.cluster) == ("x", "own", 1, "c")


@pytest.mark.parametrize(
    ("file", "value", "message"),
    [
        (
            "b.json",
            {"medqa": {"7": {"question": "Q?", "options": {"A": "x", "B": "y"}}}},
            "medqa/7.*'answer'",
        ),
        (
            "b.json",
            {"m": {"7": {"question": "Q?", "options": {"A": "x", "B": "y"}, "answer": "Z"}}},
            "answer: 'Z'",
        ),
        (
            "b.json",
            {"m": {"7": {"question": " ", "options": {"A": "x", "B": "y"}, "answer": "A"}}},
            "field question",
        ),
        (
            "b.json",
            {"m": {"7": {"question": "Q", "options": {"A": "x", "B": " "}, "answer": "A"}}},
            "an option is empty",
        ),
        ("b.json", {"m": {"7": {"question": "Q", "options": {"A": "x"}, "answer": "A"}}}, "two or more"),
        ("b.json", "{nonsense", "not JSON"),
        ("b.json", "{}", "unsupported benchmark format"),
        ("p.json", {"1": {"QUESTION": "Q?", "CONTEXTS": [], "final_decision": "perhaps"}}, "PMID 1.*perhaps"),
        ("l.jsonl", '{"question": "Q", "options": ["a","b"], "answer": 0}\n[1]\n', "row 2"),
        ("l.jsonl", '{"question": "Q", "options": ["a","b"], "answer": true}\n', "row 1, field answer"),
        ("l.jsonl", "{\n", "row 1: not JSON"),
        ("l.jsonl", "", "no question"),
        ("t.csv", ",text,label\n3,it is,Perhaps\n", "row 2, field label"),
        ("t.csv", "a,b\n1,2\n", "row 1: columns a, b"),
    ],
)
def test_bad_input_names_the_place(tmp_path, file, value, message):
    with pytest.raises(UserError, match=message):
        read_benchmark(write(tmp_path / file, value))


def test_a_missing_file_and_a_doubled_id(tmp_path):
    with pytest.raises(UserError, match="no benchmark file"):
        read_benchmark(tmp_path / "none.json")
    row = json.dumps({"id": "x", "question": "Q?", "options": ["one", "two"], "answer": 0})
    with pytest.raises(UserError, match="row 2, field id: 'x' occurs twice"):
        read_benchmark(write(tmp_path / "own.jsonl", f"{row}\n{row}\n"))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real files of ../shared/data are not here")
@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("mirage/benchmark_sample.json", 764),
        ("pubmedqa_train.json", 500),
        ("medqa/dev.json", 1272),
        ("medqa/train_1030.json", 1030),
        ("biomixqa/mcq_questions.csv", 153),
        ("biomixqa/true_false_questions.csv", 155),
    ],
)
def test_real_files_are_read_whole(file, counts):
    assert len(read_benchmark(SHARED / file)) == counts


ROW = '{"question": "Which?", "options": ["Vitamin C", "Vitamin K"], "answer": "A"}'
FILES = {
    "l.jsonl": f"{ROW}\n{ROW}\n",
    "m.json": json.dumps({"m": {"1": {"question": "Q", "options": {"A": "é", "B": "y"}, "answer": "A"}}}),
    "p.json": json.dumps({"1": {"QUESTION": "Q?", "CONTEXTS": ["c"], "final_decision": "yes"}}),
    "c.csv": 'text,correct_node,options_combined\n"Out of the given list, which Gene",A,"A, B"\n',
    "t.csv": "text,label\nit is,True\n",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_change_nothing(tmp_path, name, encoding, end):
    plain, dressed = tmp_path / "plain" / name, tmp_path / "dressed" / name
    for path in (plain, dressed):
        path.parent.mkdir()
    plain.write_text(FILES[name], "utf-8")
    dressed.write_bytes(FILES[name].replace("\n", end).encode(encoding))
    assert read_benchmark(dressed) == read_benchmark(plain)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_a_user_error_or_are_read(tmp_path, name):
    chance = random.Random(name)
    whole = FILES[name].encode()
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice([0, 34, 44, 0x85, 0xFF, 10, 91, 123])
        path = tmp_path / name
        path.write_bytes(bytes(data))
        try:
            read_benchmark(path)  # any other error fails the test
        except UserError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("name", ["d.json", "d.jsonl"])
def test_deep_nesting_is_a_user_error(tmp_path, name):
    (tmp_path / name).write_text("[" * 200_000)
    with pytest.raises(UserError, match=f"{name}.*nested too deeply"):
        read_benchmark(tmp_path / name)


@pytest.mark.parametrize("count", [2, 10, 11, 26, 27, 60])
def test_any_number_of_options_in_either_shape(tmp_path, count):
    texts = [f"text {index}" for index in range(count)]
    labels = (
        [chr(65 + index) for index in range(count)]
        if count <= 26
        else [str(index + 1) for index in range(count)]
    )
    rows = [
        {"question": "Q1", "options": texts, "answer": texts[-1]},
        {"question": "Q2", "options": dict(zip(labels, texts, strict=True)), "answer": labels[-1]},
        {"question": "Q3", "options": texts, "answer": count - 1},
    ]
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for question in read_benchmark(path):
        assert question.options == tuple(texts)
        assert question.answer == count - 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"options": ["B", "A", "O"], "answer": "A"}, "field answer: 'A' is the label of 'B'"),
        ({"options": ["a", None], "answer": 0}, "row 1, field options: expected texts, found None"),
        ({"options": ["a", {"x": 1}], "answer": 0}, "field options"),
        ({"options": ["a", "b"], "answer": 0, "context": "one text"}, "field context: expected a list"),
        ({"options": ["a", "b"], "answer": 0, "concepts": [1]}, "field concepts"),
        ({"options": {"1": "x", "2": "y"}, "answer": 3}, "field answer"),
    ],
)
def test_odd_fields_are_refused_by_name(tmp_path, row, message):
    (tmp_path / "l.jsonl").write_text(json.dumps({"question": "Q", **row}))
    with pytest.raises(UserError, match=message):
        read_benchmark(tmp_path / "l.jsonl")


def test_a_number_that_is_a_label_is_that_label(tmp_path):
    row = {"question": "Q", "options": {"1": "x", "2": "y", "10": "z"}, "answer": 2}
    (tmp_path / "l.jsonl").write_text(json.dumps(row))
    (question,) = read_benchmark(tmp_path / "l.jsonl")
    assert (question.options, question.answer) == (("x", "y", "z"), 1)


BAD = {
    "b.jsonl": [
        {"id": "a", "question": "Q?", "options": ["x", "y"], "answer": 0},
        {"id": "b", "question": "Q?", "options": ["x", "y"]},
        {"id": "c", "question": "Q?", "options": ["x", ""], "answer": 0},
        {"id": "a", "question": "Q again?", "options": ["x", "y"], "answer": 1},
        {"id": "d", "question": "Q?", "options": ["x", "y"], "answer": "z"},
        {"id": "e", "question": "Q?", "options": ["x", "x", "y"], "answer": 1},
        {"id": "f", "question": "Q?", "options": ["x", " x"], "answer": 1},
    ],
    "m.jsonl": [
        {"id": "a", "question": "Q?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "cop": 4},
        {"id": "b", "question": "Q?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "cop": None},
        {"id": "c", "question": "Q?", "opa": "1", "opb": "", "opc": "3", "opd": "4", "cop": 1},
    ],
}


@pytest.mark.parametrize(("name", "kept", "bad"), [("b.jsonl", ["a", "e"], 5), ("m.jsonl", ["a"], 2)])
def test_bad_rows_are_left_out_and_named_where_asked_for(tmp_path, name, kept, bad):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in BAD[name]), "utf-8")
    messages = []
    assert [question.id for question in read_benchmark(path, messages)] == kept
    assert len(messages) == bad
    assert all(name in message for message in messages)
    with pytest.raises(UserError, match="--bad-rows leave-out" if name == "b.jsonl" else "no gold answers"):
        read_benchmark(path)


def test_a_file_without_a_good_row_is_refused_all_the_same(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(BAD["b.jsonl"][1]) + "\n", "utf-8")
    with pytest.raises(UserError, match=r"holds no question: .*answer"):
        read_benchmark(path, [])
