import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinweave.evaluation.report import headline, write_report
from clinweave.evaluation.results import summarise, timings
from clinweave.evaluation.samples import Sample, to_row


def made(task="t", n=40, base=0.25, graph=0.9, method="option-text", **more):
    rows = []
    for i in range(n):
        for arm, share in (("base", base), ("graph", graph), ("lookup", 1.0)):
            right = i < share * n
            sample = Sample(
                task, f"q{i}", "ab"[i % 2], f"c{i}", arm, f"<b>Question</b> {i}?", tuple("wxyz"), i % 4
            )
            given = {
                "choice": i % 4 if right else (i + 1) % 4,
                "score": float(right),
                "method": "look-up" if arm == "lookup" else method,
                "evidence": ("a fact",),
                "tokens": 10,
                "seconds": 0.5,
            }
            rows.append(replace(sample, **given, **more))
    return rows


def test_comparisons_have_the_promised_form():
    found = summarise(made(), resamples=500)
    row = next(row for row in found["comparisons"] if (row["arm"], row["baseline"]) == ("graph", "base"))
    assert {"task", "arm", "baseline", "n", "difference", "low", "high", "p"} <= row.keys()
    assert (row["n"], row["difference"]) == (40, 0.65)
    assert 0.4 < row["low"] < 0.65 < row["high"] < 0.85
    assert row["p_raw"] <= row["p"] < 1e-6
    assert found["results"]["t.base"]["acc,none"] == 0.25
    assert 0.06 < found["results"]["t.base"]["acc_stderr,none"] < 0.08


def test_holm_runs_over_all_tasks_of_a_family():
    alone = summarise(made("t", graph=0.4), resamples=100)["comparisons"]
    among = summarise([*made("t", graph=0.4), *made("u", graph=0.4)], resamples=100)["comparisons"]
    pick = [row for row in (*alone, *among) if (row["arm"], row["baseline"]) == ("graph", "base")]
    assert pick[0]["p"] == pick[0]["p_raw"] == pick[1]["p_raw"]
    assert pick[1]["p"] == pytest.approx(2 * pick[0]["p"])


def test_the_order_of_samples_does_not_matter_and_numbers_are_the_same_twice():
    rows = made()
    first = json.dumps(summarise(rows, resamples=200), sort_keys=True)
    assert first == json.dumps(summarise(rows, resamples=200), sort_keys=True)
    shuffled = summarise(rows[::-1], resamples=200)
    assert shuffled["comparisons"] == summarise(rows, resamples=200)["comparisons"]


def test_generation_and_likelihood_are_never_compared():
    rows = [row for row in made() if row.arm == "base"]
    rows += [row for row in made(method="generation") if row.arm == "graph"]
    assert summarise(rows, resamples=50)["comparisons"] == []


def test_items_that_were_not_run_are_left_out_and_counted():
    rows = made(n=20)
    rows = [
        row if i % 3 != 1 or i < 30 else replace(row, unscored="tokens", score=0.0)
        for i, row in enumerate(rows)
    ]
    found = summarise(rows, resamples=50)
    arm = found["tasks"]["t"]["arms"]["graph"]
    assert arm["n"] == 10
    assert arm["unscored"] == {"tokens": 10}
    assert arm["accuracy"] == 1.0
    row = next(row for row in found["comparisons"] if (row["arm"], row["baseline"]) == ("graph", "base"))
    assert (row["n"], row["unpaired"]) == (10, 10)


def test_unparsed_replies_count_as_wrong():
    rows = [replace(row, unscored="unparsed", score=0.0, choice=None) for row in made(n=8)]
    arm = summarise(rows, resamples=50)["tasks"]["t"]["arms"]["base"]
    assert (arm["n"], arm["accuracy"], arm["unscored"]) == (8, 0.0, {"unparsed": 8})


def test_the_floor_is_told():
    found = summarise(made(graph=0.3), resamples=50)
    assert found["tasks"]["t"]["at_floor"]
    assert "not interpretable" in headline(full(found))[0]
    assert not summarise(made(), resamples=50)["tasks"]["t"]["at_floor"]


def full(found, rows=()):
    return {
        "clinweave": "0",
        "recipe": {"title": "A <title>", "name": "r", "resamples": 100},
        "model": {"name": "m", "method": "option-text"},
        "packages": {"numpy": "2"},
        "prompt_template": "x",
        "seeds": {"questions": 0, "bootstrap": 1},
        "inputs": [],
        "sources": [{"name": "HPO", "release": "2025", "licence": "L", "homepage": "https://hpo.jax.org"}],
        "skipped": [{"task": "graph-future", "reason": "there is no hp.obo"}],
        "retrieval": {},
        "timings": {"tasks": timings(rows), "cores": 2, "python": "3"},
        **found,
    }


def test_the_report_is_one_file_without_requests_and_escapes_what_it_shows(tmp_path: Path):
    rows = made()
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(to_row(row)) + "\n" for row in rows), "utf-8")
    write_report(
        full(summarise(rows, resamples=100), rows), tmp_path / "samples.jsonl", tmp_path / "report.html"
    )
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "&lt;b&gt;Question&lt;/b&gt;" in text
    assert "<b>Question" not in text
    for request in ("src=", "@import", "url(", "<link", "fetch("):
        assert request not in text
    assert text.count("<svg") >= 4
    assert "Left out" in text
    assert "a gain of 65 points" in text
    assert not list(tmp_path.glob("*.partial"))


def test_the_headline_claims_no_gain_without_one():
    said = headline(full(summarise(made(base=0.5, graph=0.55), resamples=200)))
    assert "not significant" in said[0]
