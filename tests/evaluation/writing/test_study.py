"""A whole run of written tasks with scripted models: replies, controls, failures, ratings, report."""

import csv
import json

import pytest

import clinweave
from clinweave.core.errors import UserError
from clinweave.evaluation.writing.items import Example, Item, NearestExamples
from clinweave.evaluation.writing.settings import TaskSettings
from clinweave.evaluation.writing.tasks import DialogueTask, MedecTask

NOTE = "0 A man has fever.\n1 He was given water."


@pytest.fixture
def folder(tmp_path, archive, ehrsql):
    """Write a recipe with all three tasks; return its folder."""
    medec = [
        {"Text ID": "m0", "Sentences": NOTE, "Error Flag": "1", "Error Type": "treatment", "Error Sentence ID": "1",
         "Corrected Sentence": "He was given paracetamol."},
        {"Text ID": "m1", "Sentences": "0 All is well.", "Error Flag": "0", "Error Type": "NA",
         "Error Sentence ID": "-1", "Corrected Sentence": "NA"},
        {"Text ID": "m2", "Sentences": "no numbers", "Error Flag": "1", "Error Type": "x", "Error Sentence ID": "0",
         "Corrected Sentence": "x"},
    ]  # fmt: skip
    dialogues = [
        {"ID": "0", "section_header": "CC", "section_text": "Back pain.", "dialogue": "Patient: My back."},
        {"ID": "1", "section_header": "ALLERGY", "section_text": "Penicillin.", "dialogue": "Patient: Penicillin."},
        {"ID": "2", "section_header": "CC", "section_text": "", "dialogue": "Patient: nothing"},
    ]  # fmt: skip
    for name, rows in (("medec", medec), ("mts", dialogues)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    (tmp_path / "w.toml").write_text(
        f'kind = "writing"\nname = "w"\nresamples = 200\n[model]\naddress = "scripted:{tmp_path}/model.json"\n'
        f'[[tasks]]\ntype = "ehrsql"\npath = "{ehrsql}"\ndatabase = "{archive}"\ncount = 0\n'
        'conditions = ["base", "examples"]\n[[tasks]]\ntype = "medec"\npath = "medec.csv"\n'
        '[[tasks]]\ntype = "mts-dialog"\npath = "mts.csv"\ntraining = "mts.csv"\nconditions = ["base"]\n',
        "utf-8",
    )
    write(tmp_path, "model", RIGHT)
    return tmp_path


RIGHT = [
    {
        "matches": r"(?s)SELECT COUNT\(\*\) FROM patients.*Question: How many patients are there\?\nSQL:\Z",
        "reply": "SELECT 3",
    },
    {"matches": r"Question: How many patients are there\?\nSQL:\Z", "reply": "SELECT 2"},
    {
        "matches": r"Question: Which drugs did patient 1 get\?\nSQL:\Z",
        "reply": "SELECT drug FROM prescriptions",
    },
    {"when": "You write SQL", "reply": "null"},
    {"when": "A man has fever", "reply": "1: He was given paracetamol."},
    {"when": "You check clinical", "reply": "CORRECT"},
    {"when": "You check medical summaries", "scores": {"4": -0.1, "1": -3.0, "2": -3.0, "3": -3.0}},
    {"when": "My back", "reply": "Back pain."},
    {"when": "You write the section", "reply": ""},
]


def write(folder, name, rules, **more):
    (folder / f"{name}.json").write_text(json.dumps({"name": name, "rules": rules, **more}), "utf-8")


def run(folder, *changes):
    return clinweave.run(folder / "w.toml", out=folder / "out", changes=changes)


def test_each_task_is_scored_against_its_control_with_intervals(folder):
    results = run(folder)
    ehr = results.tasks["ehrsql"]
    assert ehr.kinds == {"answerable": 2, "unanswerable": 1}
    assert sum(ehr.left_out.values()) == 2
    assert ehr.conditions["base"].measures["reliability"].value == pytest.approx((1 - 10 + 1) / 3)
    assert ehr.conditions["examples"].measures["reliability"].value == 1.0
    assert ehr.conditions["control"].measures["reliability"].value == pytest.approx(1 / 3)
    assert ehr.conditions["control"].measures["executed"].value == 0.0
    assert ehr.conditions["base"].outcomes == {"wrong": 1, "right": 2}
    medec = results.tasks["medec"]
    assert medec.left_out == {"the wrong sentence is not among the numbered ones": 1}
    assert medec.conditions["base"].measures["sentence"].value == 1.0
    assert medec.conditions["base"].measures["correction"].value == 1.0
    assert medec.conditions["control"].measures["flag"].value == 0.5
    sections = results.tasks["mts-dialog"]
    assert sections.conditions["base"].unscored == {"empty": 1}
    assert sections.conditions["base"].measures["rouge-1"].value == 0.5
    families = {(row.task, row.condition, row.baseline): row for row in results.comparisons}
    gain = families["ehrsql", "examples", "base"]
    assert gain.difference == pytest.approx(11 / 3)
    assert -11 <= gain.low <= gain.difference <= gain.high <= 11
    shares = [
        value
        for task in results.tasks.values()
        for own in task.conditions.values()
        for name, value in own.measures.items()
        if name != "reliability"
    ]
    assert all(0 <= value.low <= value.value <= value.high <= 1 for value in shares)
    page = (folder / "out" / "report.html").read_text("utf-8")
    assert "Always refuse (control)" in page
    assert clinweave.read_results(folder / "out") == results


def test_a_second_model_is_compared_with_the_first(folder):
    write(folder, "other", [{"when": "You", "reply": "null"}])
    other = f'models=[{{name = "other", address = "scripted:{folder}/other.json"}}]'
    results = run(folder, other)
    between = {
        (row.task, row.condition, row.baseline) for row in results.comparisons if row.family == "models"
    }
    assert ("ehrsql", "base@other", "base") in between
    assert ("ehrsql", "examples@other", "examples") in between
    assert results.models["other"]["name"] == "other"
    assert results.tasks["medec"].conditions["base@other"].outcomes == {"unparsed": 2}


def test_a_failing_model_is_counted_per_item_and_asked_again(folder, monkeypatch):
    from clinweave.core.errors import ModelError
    from clinweave.models.scripted import ScriptedModel

    generate = ScriptedModel.generate
    failing = [True]

    def sometimes(self, messages, **options):
        if failing[0] and "A man has fever" in messages[-1]["content"]:
            raise ModelError("timed out")
        return generate(self, messages, **options)

    monkeypatch.setattr(ScriptedModel, "generate", sometimes)
    cut = run(folder).tasks["medec"].conditions["base"]
    assert (cut.n, cut.unscored) == (1, {"error": 1})
    failing[0] = False
    whole = run(folder).tasks["medec"].conditions["base"]
    assert (whole.n, whole.unscored) == (2, {})


def test_a_reply_that_does_not_end_is_cut_and_counted(folder):
    write(folder, "model", [{"when": "You", "reply": "word " * 5000}])
    results = run(folder)
    for task in results.tasks.values():
        assert task.conditions["base"].cut == task.conditions["base"].n > 0
        assert task.conditions["base"].written_tokens <= 200


def test_a_judge_rates_sections_and_what_it_cannot_say_is_counted(folder):
    judge = f"judge=scripted:{folder}/model.json"
    results = run(folder, judge)
    rated = results.tasks["mts-dialog"]
    assert 3.5 < rated.conditions["base"].measures["judge-factual"].value <= 4
    assert rated.judged["unparsed"] == 0
    write(folder, "dumb", [], capabilities=["generate"], otherwise="I cannot say")
    results = run(folder, f"judge=scripted:{folder}/dumb.json")
    rated = results.tasks["mts-dialog"]
    assert rated.judged["unparsed"] == 8  # two replies, two questions, both orders of the scale
    assert "judge-factual" not in rated.conditions["base"].measures


def test_a_missing_file_leaves_its_task_out(folder):
    results = run(folder, f"tasks.1.path={folder}/gone.csv")
    assert results.skipped == {"medec": "there is no gone.csv (path)"}
    assert set(results.tasks) == {"ehrsql", "mts-dialog"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("tasks.0.database=", "database is missing"),
        ("tasks.1.type=mts-dialog", "there twice"),
        ('tasks.1.conditions=["base", "examples"]', "medec has no condition examples"),
        ('models=[{address = "x"}]', "a name of its own"),
        ("tasks=[]", "nothing to run"),
    ],
)
def test_contradictions_are_refused_before_anything_is_run(folder, change, message):
    with pytest.raises(UserError, match=message):
        run(folder, change)


@pytest.mark.parametrize(
    ("reply", "outcome", "flag"),
    [
        ("1: He was given paracetamol.", "right", 1.0),
        ("Sentence 1: x", "right", 1.0),
        ("0: x", "other sentence", 1.0),
        ("CORRECT", "missed", 0.0),
        ("Correct. There is no error.", "missed", 0.0),
        ("I do not know", "unparsed", 0.0),
        ("", "unparsed", 0.0),
    ],
)
def test_corrections_are_parsed(reply, outcome, flag):
    item = Item("m", "error", "m", NOTE, "He was given paracetamol.", {"sentence": "1", "type": ""})
    scored = MedecTask(TaskSettings("medec")).score(item, reply)
    assert (scored.outcome, scored["flag"]) == (outcome, flag)


def test_concepts_count_with_their_status():
    def concepts(text):
        return {("fever", "absent" if "no fever" in text else "present")} if "fever" in text else set()

    task = DialogueTask(TaskSettings("mts-dialog"), concepts)
    item = Item("d", "CC", "d", "...", "There is no fever.", {})
    assert task.score(item, "no fever")["concept-recall"] == 1.0
    assert task.score(item, "fever")["concept-recall"] == 0.0


def test_the_nearest_example_stands_last():
    nearest = NearestExamples(
        [Example("fever in children", "1"), Example("dose of aspirin", "2"), Example("x y", "3")]
    )
    assert [each.answer for each in nearest("what is the dose of aspirin?", 2)][-1] == "2"


def test_notes_are_asked_with_evidence_from_the_graph_and_from_texts(folder):
    from tests.knowledge.graph_fixture import build

    build(folder / "graph")
    note = "0 A child has Marble syndrome.\n1 She was given water."
    rows = [{"Text ID": "m0", "Sentences": note, "Error Flag": "1", "Error Type": "treatment", "Error Sentence ID": "1",
             "Corrected Sentence": "She was given stonix."}]  # fmt: skip
    with (folder / "medec.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    write(
        folder,
        "model",
        [
            {
                "matches": r"(?s)Facts that may help:\n- .*Long fingers.*Note:",
                "reply": "1: She was given stonix.",
            },
            {"when": "You", "reply": "CORRECT"},
        ],
    )
    results = run(folder, 'tasks.1.conditions=["base", "graph", "text"]', f"graph={folder}/graph")
    medec = results.tasks["medec"].conditions
    assert medec["base"].outcomes == {"missed": 1}
    assert medec["graph"].outcomes == {"right": 1}
    gains = {
        row.condition: row
        for row in results.comparisons
        if row.task == "medec" and row.family == "conditions"
    }
    assert set(gains) == {"graph", "text"}
    assert gains["graph"].difference == 1.0


@pytest.mark.parametrize(
    ("measure", "value", "signed", "text"),
    [
        ("sentence", 0.5, False, "50 %"),
        ("sentence", -0.255, True, "−26"),
        ("sentence", 0.001, True, "0"),
        ("reliability", -7.25, False, "−7.25"),
        ("rouge-1", 0.123, True, "+0.12"),
    ],
)
def test_shares_are_shown_in_percent_and_scores_as_numbers(measure, value, signed, text):
    from clinweave.evaluation.writing.report import shown

    assert shown(measure, value, signed=signed) == text
