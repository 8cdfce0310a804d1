import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinweave.core.reports.blocks import write_report
from clinweave.core.typed import to_values
from clinweave.evaluation.comparison import ComparisonRecipe, ComparisonResults, NamedModel, Sample
from clinweave.evaluation.comparison.record import described
from clinweave.evaluation.comparison.report import comparison_report, headline
from clinweave.evaluation.comparison.report_card import report_card
from clinweave.evaluation.comparison.results import Skipped, summarise
from clinweave.evaluation.comparison.timing import Timings, timings
from clinweave.records import Source


def made(task="t", n=40, base=0.25, graph=0.9, method="option-text", **more):
    rows = []
    for i in range(n):
        for condition, share in (("base", base), ("graph", graph), ("lookup", 1.0)):
            right = i < share * n
            sample = Sample(
                task, f"q{i}", "ab"[i % 2], f"c{i}", condition, f"<b>Question</b> {i}?", tuple("wxyz"), i % 4
            )
            given = {
                "choice": i % 4 if right else (i + 1) % 4,
                "score": float(right),
                "method": "look-up" if condition == "lookup" else method,
                "evidence": ("a fact",),
                "tokens": 10,
                "seconds": 0.5,
            }
            rows.append(replace(sample, **given, **more))
    return rows


def graph_over_base(summary):
    return next(row for row in summary.comparisons if (row.condition, row.baseline) == ("graph", "base"))


def test_comparisons_have_the_promised_form():
    result = summarise(made(), resamples=500)
    row = graph_over_base(result)
    keys = {"task", "condition", "baseline", "n", "difference", "low", "high", "p"}
    assert keys <= to_values(row).keys()
    assert (row.n, row.difference) == (40, 0.65)
    assert 0.4 < row.low < 0.65 < row.high < 0.85
    assert row.p_raw <= row.p < 1e-6
    assert result.results["t.base"]["acc,none"] == 0.25
    assert 0.06 < result.results["t.base"]["acc_stderr,none"] < 0.08


def test_holm_runs_over_all_tasks_of_a_family():
    alone = summarise(made("t", graph=0.4), resamples=100).comparisons
    among = summarise([*made("t", graph=0.4), *made("u", graph=0.4)], resamples=100).comparisons
    pick = [row for row in (*alone, *among) if (row.condition, row.baseline) == ("graph", "base")]
    assert pick[0].p == pick[0].p_raw == pick[1].p_raw
    assert pick[1].p == pytest.approx(2 * pick[0].p)


def test_the_order_of_samples_does_not_matter_and_numbers_are_the_same_twice():
    rows = made()
    first = summarise(rows, resamples=200)
    assert first == summarise(rows, resamples=200)
    assert summarise(rows[::-1], resamples=200).comparisons == first.comparisons


def test_generation_and_likelihood_are_never_compared():
    rows = [row for row in made() if row.condition == "base"]
    rows += [row for row in made(method="generation") if row.condition == "graph"]
    assert summarise(rows, resamples=50).comparisons == ()


def test_items_that_were_not_run_are_left_out_and_counted():
    rows = made(n=20)
    rows = [
        row if i % 3 != 1 or i < 30 else replace(row, unscored="tokens", score=0.0)
        for i, row in enumerate(rows)
    ]
    result = summarise(rows, resamples=50)
    condition = result.tasks["t"].conditions["graph"]
    assert condition.n == 10
    assert condition.unscored == {"tokens": 10}
    assert condition.accuracy == 1.0
    row = graph_over_base(result)
    assert (row.n, row.unpaired) == (10, 10)


def test_unparsed_replies_count_as_wrong():
    rows = [replace(row, unscored="unparsed", score=0.0, choice=None) for row in made(n=8)]
    condition = summarise(rows, resamples=50).tasks["t"].conditions["base"]
    assert (condition.n, condition.accuracy, condition.unscored) == (8, 0.0, {"unparsed": 8})


def test_the_floor_is_told():
    result = summarise(made(graph=0.3), resamples=50)
    assert result.tasks["t"].at_floor
    assert "not interpretable" in headline(full(result))[0]
    assert not summarise(made(), resamples=50).tasks["t"].at_floor


def full(found, rows=()):
    return ComparisonResults(
        found.tasks,
        found.comparisons,
        found.results,
        clinweave="0",
        recipe=ComparisonRecipe(name="r", title="A <title>", resamples=100),
        model={"name": "m", "method": "option-text"},
        packages={"numpy": "2"},
        prompt_template="x",
        seeds={"questions": 0, "bootstrap": 1},
        inputs=(),
        sources=(Source("hpo", "HPO", "infores:hpo", "2025", "L", "https://hpo.jax.org"),),
        tier="public",
        skipped=(Skipped("graph-future", "there is no hp.obo"),),
        answers=(),
        retrieval={},
        timings=Timings(timings(rows), 2, "3"),
    )


def test_the_report_is_one_file_without_requests_and_escapes_what_it_shows(tmp_path: Path):
    rows = made()
    report = comparison_report(full(summarise(rows, resamples=100), rows), rows)
    write_report(report, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "&lt;b&gt;Question&lt;/b&gt;" in text
    assert "<b>Question" not in text
    for request in ("src=", "@import", "url(", "<link", "fetch("):
        assert request not in text
    assert text.count("<svg") >= 3  # differences, accuracy, differences to the controls
    assert text.count('<path d="M') > 20
    assert "Left out" in text
    assert "a gain of 65 points" in text
    assert "A &lt;title&gt;" in text
    assert not list(tmp_path.glob("*.partial"))


def test_the_headline_claims_no_gain_without_one():
    output = headline(full(summarise(made(base=0.5, graph=0.55), resamples=200)))
    assert "not significant" in output[0]


def test_results_are_read_back_as_they_were_written():
    from clinweave.core.typed import from_values

    rows = made()
    results = full(summarise(rows, resamples=50), rows)
    assert from_values(ComparisonResults, json.loads(json.dumps(to_values(results)))) == results


def test_tasks_scored_by_two_engines_name_both() -> None:
    item = {"name": "m", "scorer": "numpy float32 (SkylakeX)"}
    assert described([item, item]) == item
    mixed = described([item, {**item, "scorer": "torch 2.13.0 bfloat16"}])
    assert mixed["scorer"] == "numpy float32 (SkylakeX) and torch 2.13.0 bfloat16"
    assert described([{"name": "served"}]) == {"name": "served"}
    assert described([]) == {}


def test_the_report_card_has_the_rows_of_the_survey_and_a_column_per_model() -> None:
    rows = made()
    other = [replace(row, condition=f"{row.condition}@8b") for row in made(base=0.5)]
    results = full(summarise([*rows, *other], resamples=50), rows)
    recipe = replace(results.recipe, models=(NamedModel(address="http://h/v1#m", name="8b"),))
    results = replace(
        results, recipe=recipe, models={"8b": {"name": "big", "local": False, "weights": "abc"}}
    )
    (table,) = report_card(results).blocks
    assert table.head == ("", "m", "8b (big)")
    card = {row[0]: row[1:] for row in table.rows}
    assert list(card) == [
        "Objective", "Data", "Training", "Metrics", "Scenarios", "Privacy and security", "Openness", "Updates",
    ]  # fmt: skip
    assert "alone 25 %, best 90 %" in card["Metrics"][0]
    assert "alone 50 %, best 90 %" in card["Metrics"][1]
    assert "went to another machine" in card["Privacy and security"][1]
    assert "HPO 2025" in card["Updates"][0]
