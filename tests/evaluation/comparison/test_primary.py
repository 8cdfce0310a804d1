from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation import load_recipe
from clinweave.evaluation.comparison import Sample
from clinweave.evaluation.comparison.primary import (
    PrimaryComparison,
    detectable_difference,
    items_needed,
)
from clinweave.evaluation.comparison.report_primary import primary_section, primary_sentence
from clinweave.evaluation.comparison.results import summarise

OPTIONS = ("yes", "no")


def rows(task, n=60, gain=0.5, method="option-text", gold=True):
    """Return items under base (always "yes") and text (right for a share of the "no" items)."""
    built = []
    for i in range(n):
        answer = i % 2
        for condition in ("base", "text"):
            says = answer if condition == "text" and i < gain * n else 0
            scores = (0.0, 1.0 if says == 1 else -1.0)
            row = Sample(task, f"q{i}", "", f"c{i}", condition, "?", OPTIONS, answer)
            built.append(replace(
                row, choice=says, score=float(says == answer), method=method, scores=scores,
                gold=gold if condition == "text" else None,
            ))  # fmt: skip
    return built


def result(samples, **more):
    expected = PrimaryComparison(("t",), "text", **more)
    return summarise(samples, resamples=200, primary=[expected]).primary[0]


def test_power_is_that_of_the_published_formula():
    # Connor 1987: discordant 0.20 and a difference of 0.10 need 155 pairs for 80 % power (two-sided 5 %)
    assert items_needed(0.10, 0.20) in range(153, 158)
    assert items_needed(0.05, 0.25) > items_needed(0.05, 0.10)
    seen = detectable_difference(300, 0.25)
    assert items_needed(seen, 0.25) <= 300 < items_needed(seen - 0.001, 0.25)
    with pytest.raises(ValueError, match="discordant"):
        items_needed(0.3, 0.2)


def test_a_primary_difference_is_that_of_the_pairs():
    row = result(rows("t"))
    assert (row.n, row.difference, row.discordant) == (60, 0.25, 0.25)
    assert row.low > 0
    assert row.p_raw == row.p < 0.001
    assert row.effects == {
        "in the evidence: helped": 15,
        "in the evidence: no change, right": 30,
        "in the evidence: no change, wrong": 15,
    }


def test_items_of_two_tasks_are_pooled_and_not_confused():
    samples = [*rows("t", 60, 0.5), *rows("u", 40, 0.0)]
    expected = PrimaryComparison(("t", "u"), "text", "calibrated-accuracy")
    row = summarise(samples, resamples=200, primary=[expected]).primary[0]
    assert row.n == 100
    accuracy = summarise(samples, resamples=200, primary=[replace(expected, metric="accuracy")]).primary[0]
    assert accuracy.difference == pytest.approx(0.15)


def test_holm_runs_over_the_primary_comparisons_alone():
    expected = [PrimaryComparison(("t",), "text"), PrimaryComparison(("u",), "text")]
    samples = [*rows("t", gain=0.2), *rows("u", gain=0.0), *rows("v")]
    first, second = summarise(samples, resamples=200, primary=expected).primary
    assert first.p == pytest.approx(2 * first.p_raw)
    assert second.p == 1


def test_evidence_that_misleads_is_told_from_evidence_not_retrieved():
    samples = [
        replace(row, score=0.0, scores=(0.0, 1.0), choice=1, gold=False)
        if row.condition == "text" and row.answer == 0
        else row
        for row in rows("t", gain=0.0)
    ]
    effects = result(samples).effects
    assert effects["not in the evidence: misled"] == 30
    assert effects["in the evidence: no change, wrong"] == 30


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], "task t was not run"),
        ([row for row in rows("t") if row.condition == "base"], "condition text was not run"),
        (
            [replace(row, method="generation") if row.condition == "text" else row for row in rows("t")],
            "scored in different ways",
        ),
    ],
)
def test_what_could_not_be_compared_is_said_and_not_counted(samples, reason):
    row = result(samples)
    assert reason in row.missing
    assert reason in primary_sentence(row)
    assert primary_section([row]).blocks


def test_parsed_replies_have_no_area():
    samples = [replace(row, scores=(), method="generation") for row in rows("t")]
    assert "not defined" in result(samples, metric="auc").missing
    assert result(samples).difference == 0.25


def test_a_sentence_claims_no_more_than_its_interval():
    assert "not shown" not in primary_sentence(result(rows("t")))
    assert "not shown" in primary_sentence(result(rows("t", gain=0.04)))


RECIPE = """
kind = "comparison"
name = "p"
[[tasks]]
type = "graph-questions"
[[primary]]
tasks = {tasks}
condition = "{condition}"
metric = "{metric}"
"""


@pytest.mark.parametrize(
    ("tasks", "condition", "metric", "message"),
    [
        ('["a"]', "grahp", "accuracy", "graph"),
        ('["a", "b"]', "graph", "auc", "not pooled"),
        ("[]", "graph", "accuracy", "at least one task"),
        ('["a"]', "graph", "acuracy", "accuracy"),
    ],
)
def test_a_primary_comparison_that_cannot_be_made_is_refused_before_the_run(
    tmp_path, tasks, condition, metric, message
):
    path = tmp_path / "r.toml"
    path.write_text(RECIPE.format(tasks=tasks, condition=condition, metric=metric), "utf-8")
    with pytest.raises(UserError, match=message):
        load_recipe(path)
