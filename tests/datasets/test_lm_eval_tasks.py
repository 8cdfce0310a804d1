import json

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import benchmark_files, read_benchmark

ROWS = [
    {"id": "x", "question": "Which vitamin prevents scurvy?", "opa": "A", "opb": "B12", "opc": "C", "opd": "D",
     "cop": 3},
    {"question": "Which organ makes insulin?", "opa": "liver", "opb": "spleen", "opc": "lung", "opd": "pancreas",
     "cop": 4},
]  # fmt: skip
TASK = """
task: ward_quiz
dataset_path: json
dataset_kwargs: {data_files: {test: quiz.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question.strip()}}"
doc_to_choice: ["{{opa}}", "{{opb}}", "{{opc}}", "{{opd}}"]
doc_to_target: "{{cop - 1}}"
metric_list: [{metric: acc}]
"""


@pytest.fixture
def read(tmp_path):
    def run(task=TASK, rows=ROWS, name="quiz.jsonl"):
        text = "".join(json.dumps(row) + "\n" for row in rows) if name.endswith("l") else json.dumps(rows)
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / "task.yaml").write_text(task, "utf-8")
        return read_benchmark(tmp_path / "task.yaml")

    return run


def test_a_task_of_ten_lines(read):
    first, second = read()
    assert (first.task, first.id, first.options[first.answer]) == ("ward_quiz", "x", "C")
    assert first.question == "Question: Which vitamin prevents scurvy?"
    assert (second.id, second.options[second.answer]) == ("2", "pancreas")


@pytest.mark.parametrize(
    ("choice", "target", "row"),
    [
        ("choices", "gold", {"choices": ["a", "b"], "gold": 1}),
        ("choices", "answer", {"choices": ["a", "b"], "answer": "b"}),
        (
            "choices",
            "{{choices.label.index(key)}}",
            {"choices": {"text": ["a", "b"], "label": ["P", "Q"]}, "key": "Q"},
        ),
        ("{{[x, y]}}", "1", {"x": "a", "y": "b"}),
        ('["no", "b"]', "{{1 if label else 0}}", {"label": True}),
    ],
)
def test_the_ways_in_which_the_harness_states_options_and_answer(read, choice, target, row):
    task = f"""
dataset_path: json
dataset_kwargs: {{data_files: quiz.jsonl}}
doc_to_text: question
doc_to_choice: {choice if choice.startswith("[") else json.dumps(choice)}
doc_to_target: {json.dumps(target)}
"""
    (question,) = read(task, [{"question": "Q?", **row}])
    assert (question.task, question.options[question.answer]) == ("task", "b")


def test_a_json_list_and_a_csv_file(read, tmp_path):
    assert len(read(TASK.replace("quiz.jsonl", "quiz.json"), name="quiz.json")) == 2
    (tmp_path / "q.csv").write_text("question,a,b,right\nQ?,one,two,two\n", "utf-8")
    task = "dataset_path: csv\ndataset_kwargs: {data_files: q.csv}\ndoc_to_text: question\n"
    task += 'doc_to_choice: ["{{a}}", "{{b}}"]\ndoc_to_target: right\n'
    (tmp_path / "t.yml").write_text(task, "utf-8")
    assert read_benchmark(tmp_path / "t.yml")[0].answer == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("doc_to_text:", "doc_to_txt:", "unknown key 'doc_to_txt'.*doc_to_text"),
        ('doc_to_target: "{{cop - 1}}"\n', "", "doc_to_target is missing"),
        ("{{cop - 1}}", "{{cop + 3}}", "row 1.*'6', neither an index"),
        ("{{cop - 1}}", "{{missing}}", "row 1.*doc_to_target: UndefinedError"),
        ("dataset_path: json", "dataset_path: openlifescienceai/medmcqa", "nothing is downloaded"),
        ("quiz.jsonl", "none.jsonl", "there is no .*none.jsonl"),
        ("test_split: test", "test_split: dev", "no split 'dev', only test"),
        ("multiple_choice", "generate_until", "only multiple_choice"),
        ('"{{cop - 1}}"', "!function utils.target", "functions"),
        ("{{opd}}", "{{''}}", "two or more texts"),
        ("{{question.strip()}}", "{{''.__class__.__mro__}}", "SecurityError"),
        ("{{question.strip()}}", "{% for i in range(10**9) %}x{% endfor %}", "OverflowError"),
        ("task: ward_quiz", "- a", "is no plain YAML"),
    ],
)
def test_what_cannot_be_read_is_named(read, old, new, message):
    assert old in TASK
    with pytest.raises(UserError, match=message):
        read(TASK.replace(old, new))


def test_a_text_that_is_another_options_index_is_refused(read):
    rows = [{"question": "How many?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "cop": 2}]
    with pytest.raises(UserError, match="the text of option 0 and the index of another"):
        read(rows=rows)


@pytest.mark.parametrize(("cops", "answers"), [((1, 4), (0, 3)), ((0, 3), (0, 3)), ((0, 1), (0, 1))])
def test_medmcqa_counts_from_one_or_from_zero_as_the_file_shows(tmp_path, cops, answers):
    path = tmp_path / "dev.jsonl"
    path.write_text(
        "".join(json.dumps({**ROWS[0], "id": str(cop), "cop": cop}) + "\n" for cop in cops), "utf-8"
    )
    assert tuple(question.answer for question in read_benchmark(path)) == answers


@pytest.mark.parametrize(
    ("cops", "message"),
    [((1, 2, 3), "0 or 1"), ((0, 4), "0 or 1"), ((1, None), "no number"), ((7,), "0 or 1")],
)
def test_medmcqa_is_not_guessed(tmp_path, cops, message):
    path = tmp_path / "dev.jsonl"
    path.write_text(
        "".join(json.dumps({**ROWS[0], "id": str(i), "cop": cop}) + "\n" for i, cop in enumerate(cops)),
        "utf-8",
    )
    with pytest.raises(UserError, match=message):
        read_benchmark(path)


def test_the_rows_are_part_of_what_a_comparison_depends_on(read, tmp_path):
    read()
    assert [path.name for path in benchmark_files(tmp_path / "task.yaml")] == ["task.yaml", "quiz.jsonl"]
    assert benchmark_files(tmp_path / "quiz.jsonl") == [tmp_path / "quiz.jsonl"]
