"""The report card: training and security come from the runs that measured them, and from no other weights."""

import json
from dataclasses import replace

import pytest

from clinweave.core.artifacts import stage
from clinweave.core.errors import UserError
from clinweave.evaluation.comparison import (
    ComparisonRecipe,
    ComparisonResults,
    ModelSettings,
    NamedModel,
    Sample,
)
from clinweave.evaluation.comparison.other_runs import security_figures, trained
from clinweave.evaluation.comparison.report_card import report_card
from clinweave.evaluation.comparison.results import summarise
from clinweave.evaluation.comparison.timing import Timings


def results(**more):
    rows = [
        Sample("t", f"q{i}", "", f"c{i}", condition, "?", ("a", "b"), 0, choice=0, score=1.0, method="option-text")
        for i in range(8)
        for condition in ("base", "base@tuned")
    ]  # fmt: skip
    summary = summarise(rows, resamples=50)
    recipe = ComparisonRecipe(
        name="x", title="X", model=ModelSettings("smollm2"), models=(NamedModel("out/sft", name="tuned"),)
    )
    made = ComparisonResults(
        tasks=summary.tasks, comparisons=summary.comparisons, results=summary.results, clinweave="0", recipe=recipe,
        model={"name": "m", "weights": "abc"}, models={"tuned": {"name": "sft", "weights": "def"}}, packages={},
        prompt_template="", seeds={}, inputs=(), sources=(), tier="public", skipped=(), answers=(), retrieval={},
        timings=Timings(),
    )  # fmt: skip
    return replace(made, **more)


def card(made):
    (table,) = report_card(made).blocks
    return {str(row[0]): [str(cell) for cell in row[1:]] for row in table.rows}


def security_run(folder, **task):
    measure = {"value": 0.25, "low": 0.1, "high": 0.4, "n": 64}
    own = {"conditions": {name: {"measures": {"safe": measure}} for name in ("base", "guarded", "control")}}
    folder.mkdir()
    values = {"kind": "writing", "model": {"name": "m", "weights": "abc"}, "tasks": {"security": own, **task}}
    (folder / "results.json").write_text(json.dumps(values), "utf-8")
    return folder


def test_attacks_are_shown_for_the_weights_that_met_them(tmp_path):
    figures = security_figures(security_run(tmp_path / "run"))
    assert [figure.condition for figure in figures] == ["base", "guarded"]
    first, second = card(results(security=figures))["Privacy and security"]
    assert "Safe replies to 64 attacks: 25 %" in first.replace("%", " %").replace("  %", " %")
    assert "not measured for these weights" in second


def test_the_training_of_a_model_trained_here_is_shown(tmp_path):
    manifest = {
        "steps": 20, "items": 1500, "seconds": 600.0, "loss": {"first": 3.0, "last": 2.0},
        "lineage": {"base": "Base-1.5B", "base_licence": "Apache-2.0", "stages": [],
                    "data": {"sources": [{"name": "HPO", "release": "2025"}], "decontaminated": True}},
    }  # fmt: skip

    def build(folder):
        (folder / "config.json").write_text("{}", "utf-8")
        return manifest

    path = stage(tmp_path / "sft", "sft", {}, {}, build).path
    made = trained(str(path))
    assert (made.kind, made.steps, made.loss, made.data) == ("sft", 20, (3.0, 2.0), ("HPO 2025",))
    assert trained("smollm2") is None
    rows = card(results(trained={"tuned": made}))
    assert "20 steps over 1,500 items (decontaminated) in 10 minutes" in rows["Training"][1]
    assert "Apache-2.0" in rows["Openness"][1]
    assert "not trained in this run" in rows["Training"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "cannot be read"), ("{", "cannot be read"), ('{"kind": "writing"}', "no task")],
)
def test_a_folder_without_a_security_task_is_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "results.json").write_text(text, "utf-8")
    with pytest.raises(UserError, match=message):
        security_figures(tmp_path)
