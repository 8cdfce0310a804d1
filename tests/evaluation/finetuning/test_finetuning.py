from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import report_html
from clinweave.datasets import Example, Kind, ask, write_examples
from clinweave.evaluation import load_recipe
from clinweave.evaluation.finetuning import FinetuningResults
from clinweave.evaluation.finetuning.evaluator import TEXT, Score
from clinweave.evaluation.finetuning.general_probe import probe
from clinweave.evaluation.finetuning.report import finetuning_report
from clinweave.evaluation.finetuning.results import TrainingData, by_related_facts, summarise
from clinweave.evaluation.finetuning.study import related_to_trained
from tests.datasets.conftest import SmallGraph

RECIPES = Path(__file__).parents[3] / "recipes"
SMALL = """
kind = "finetuning"
conditions = ["base", "sft"]
options_only = "control"
[[stages]]
name = "sft"
type = "sft"
settings = { steps = 3 }
[[stages]]
name = "control"
type = "sft"
settings = { options_only = true }
"""


def recipe(tmp_path, text=SMALL):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["doctorgpt.toml", "doctorgpt-quick.toml"])
def test_the_recipes_have_every_condition_of_the_question(name):
    loaded = load_recipe(RECIPES / name)
    assert loaded.conditions == ("base", "sft", "ppo", "dpo")
    assert loaded.options_only in {stage.name for stage in loaded.stages}
    assert loaded.kind == "finetuning" != load_recipe(RECIPES / "demo.toml").kind
    assert {stage.type for stage in loaded.stages} == {"sft", "reward", "ppo", "dpo"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("steps = 3", "stepz = 3", "did you mean 'steps'"),
        ('type = "sft"', 'type = "sfd"', "type: 'sfd' is no value of this key; did you mean 'sft'"),
        ('conditions = ["base", "sft"]', 'conditions = ["base", "dpo"]', "no stage is called 'dpo'"),
        ('type = "sft"', 'type = "sft"\ninit_from = "later"', "no earlier stage"),
        ('conditions = ["base", "sft"]', "condition = []", "did you mean 'conditions'"),
        (
            'options_only = "control"\n',
            "data = { disease = 3 }\n",
            "unknown key 'disease'; did you mean 'diseases'",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, message):
    with pytest.raises(UserError, match=message):
        load_recipe(recipe(tmp_path, SMALL.replace(old, new, 1)))


def test_changes_reach_a_stage(tmp_path):
    loaded = load_recipe(recipe(tmp_path), ["stages.0.settings.steps=9", "eval.replies=2"])
    assert (loaded.stages[0].settings["steps"], loaded.eval.replies) == (9, 2)
    with pytest.raises(UserError, match="key=value"):
        load_recipe(recipe(tmp_path), ["steps"])


def rows(condition, values, name="choice held-out-facts", knowledge="none"):
    return [
        Score(condition, name, knowledge, f"q{n}", f"c{n}", value, chance=0.25)
        for n, value in enumerate(values)
    ]


def test_gains_costs_and_floors_are_said_as_they_are(tmp_path):
    loaded = load_recipe(recipe(tmp_path))
    many = [1.0] * 30
    result = summarise(
        loaded,
        [
            *rows("base", [0.0] * 30),
            *rows("sft", many),
            *rows("control", [1.0, 0.0, 0.0, 0.0] * 7 + [0.0, 0.0]),
            *rows("base", many, "general"),
            *rows("sft", [0.0] * 30, "general"),
        ],
    )
    output = {item.split(":")[0]: item.rpartition(": ")[2] for item in result.sentences}
    assert output == {
        "sft against base, choice held-out-facts (none)": "added",
        "sft against base, general (none)": "cost",
        "sft against the options-only baseline, choice held-out-facts (none)": "above",
        "base against the options-only baseline, choice held-out-facts (none)": "below",
    }
    assert result.floors == ()
    chance = [1.0, 0.0, 0.0, 0.0] * 7
    at_floor = summarise(loaded, [*rows("base", chance), *rows("sft", chance[::-1])])
    assert at_floor.floors == ("choice held-out-facts, model alone: model at floor, not interpretable",)
    assert "did not change measurably" in at_floor.sentences[0]


def test_nothing_chosen_counts_as_wrong_and_is_shown(tmp_path):
    result = summarise(load_recipe(recipe(tmp_path)), rows("base", [1.0, None]))
    (measure,) = result.measures
    assert (measure.name, measure.knowledge) == ("choice held-out-facts", "none")
    mean = measure.conditions["base"]
    assert (mean.mean, mean.unscored) == (0.5, 1)


def test_the_report_escapes_and_shows_every_condition(tmp_path):
    loaded = load_recipe(recipe(tmp_path, 'title = "<b>x</b>"\n' + SMALL))
    result = summarise(loaded, [*rows("base", [1.0, 0.0]), *rows("sft", [1.0, 1.0])])
    data = TrainingData(
        counts={"text": {"train": {"text": 3}}},
        decontamination={"benchmarks": {}, "removed": 0},
        newer_release=None,
        left_out={},
        warnings=[],
    )
    results = FinetuningResults(
        result.measures,
        result.differences,
        result.floors,
        result.sentences,
        result.general_text,
        clinweave="0",
        recipe=loaded,
        base="x",
        data=data,
        related_facts={},
        stages={},
    )
    page = report_html(finetuning_report(results, tmp_path))
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert "100 % <small>(" in page
    assert "Not compared with any benchmark" in page
    assert page.count("<th>base</th>") == page.count("<th>sft</th>") == 1


def test_the_probe_is_large_and_its_right_answers_stand_anywhere():
    questions = probe()
    assert len(questions) > 300
    assert len({(item.question, item.options) for item in questions}) == len(questions)
    assert {item.answer for item in questions if len(item.options) == 4} == {0, 1, 2, 3}
    assert all(len(set(item.options)) == len(item.options) for item in questions)
    assert {item.kind for item in questions} >= {"arithmetic", "grammar", "order", "facts"}
    sums = [item for item in questions if " plus " in item.question and item.kind == "arithmetic"]
    for item in sums:
        first, second = (int(word) for word in item.question.rstrip("?").split() if word.isdigit())
        assert int(item.options[item.answer]) == first + second


def test_prose_is_told_in_nats_and_never_as_a_share(tmp_path):
    result = summarise(
        load_recipe(recipe(tmp_path)),
        [*rows("base", [-3.0, -2.0], TEXT), *rows("sft", [-3.5, -2.5], TEXT), *rows("base", [1.0])],
    )
    assert result.general_text["base"].nats == 2.5
    assert result.general_text["sft"].added[0] == 0.5
    assert not any(TEXT in measure.name for measure in result.measures)


def test_held_out_facts_with_a_trained_fact_above_or_below_are_told_apart(tmp_path):
    graph = SmallGraph()
    below = graph.relations(predicate="biolink:subclass_of")[0]
    other = next(item for item in ("HP:001", "HP:002", "HP:003") if item not in {below.subject, below.object})

    def example(name, kind, task, target):
        gold = ("MONDO:001", "biolink:has_phenotype", target)
        return Example(name, kind, task, ask("s", name), "x", gold=gold, cluster="MONDO:001")

    write_examples(
        [example("t", Kind.INSTRUCTION, "closed-book", below.object)], tmp_path / "instruction.train.jsonl"
    )
    held = [
        example("near", Kind.CHOICE, "feature", below.subject),
        example("far", Kind.CHOICE, "feature", other),
    ]
    write_examples(held, tmp_path / "choice.held-out-facts.jsonl")
    assert related_to_trained(tmp_path, graph) == {"near"}
    result = by_related_facts(
        [Score("sft", "choice held-out-facts", "none", item, item, 1.0) for item in ("near", "far")], {"near"}
    )
    assert {group: means["sft"].n for group, means in result.items()} == {
        "related fact trained": 1,
        "no related fact trained": 1,
    }
