from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison import Sample, find_condition
from clinweave.evaluation.comparison.conditions import EvidenceProvider
from clinweave.evaluation.comparison.perturbations import framed, in_lay_words, perturbed
from clinweave.evaluation.comparison.primary import PrimaryComparison
from clinweave.evaluation.comparison.principles import principle_values
from clinweave.evaluation.comparison.report_primary import primary_section, reason_sentence, reasons
from clinweave.evaluation.comparison.results import summarise
from clinweave.evaluation.comparison.timing import timings


def row(item, condition, choice, *, task="t", tokens=10, **more):
    """Return a sample whose right option is the first."""
    return Sample(
        task, f"q{item}", "", f"c{item}", condition, f"Question {item}?", ("a", "b"), 0, choice=choice,
        score=float(choice == 0), method="option-text", evidence_tokens=tokens, tokens=20, seconds=2.0 + item % 2,
        **more,
    )  # fmt: skip


def values(rows, principle):
    tasks = {}
    for each in rows:
        tasks.setdefault(each.task, []).append(each)
    return {
        (value.task, value.condition, value.measure): value
        for value in principle_values(tasks, 200)
        if value.principle == principle
    }


def test_accuracy_and_robustness_are_shares_with_wilson_intervals():
    rows = [row(i, "base", 0) for i in range(10)] + [row(i, "base~typos", int(i < 2)) for i in range(10)]
    (accuracy,) = values(rows, "accuracy").values()
    assert (accuracy.value, accuracy.n) == (1.0, 10)
    assert accuracy.low == pytest.approx(0.722, abs=0.001)
    same = values(rows, "robustness")["t", "base~typos", "answers unchanged"]
    assert same.value == 0.8


def test_reversed_options_count_as_the_same_answer_by_their_text():
    before = [row(i, "base", 0) for i in range(4)]
    after = [
        replace(row(i, "base~option-order", 1), options=("b", "a"), answer=1, score=1.0) for i in range(4)
    ]
    assert values([*before, *after], "robustness")["t", "base~option-order", "answers unchanged"].value == 1.0


def test_interpretability_compares_the_loss_of_support_with_the_loss_of_other_evidence():
    rows = [row(i, "text", 0) for i in range(20)]
    rows += [
        row(i, "text~support-removed", 1 if i < 10 else 0, tokens=5 if i < 15 else 10) for i in range(20)
    ]
    rows += [row(i, "text~other-removed", 1 if i < 3 else 0, tokens=5) for i in range(20)]
    found = values(rows, "interpretability")
    moved = found["t", "text~support-removed", "answers moved without their support"]
    assert (moved.n, moved.value) == (
        15,
        pytest.approx(10 / 15, abs=1e-6),
    )  # five items had no support to remove
    gain = found["t", "text~support-removed", "moved without support, minus moved without other evidence"]
    assert gain.value == pytest.approx(7 / 15, abs=1e-6)
    assert gain.low > 0


def test_generalisation_shows_each_benchmark_and_all_together():
    rows = [row(i, "base", 1) for i in range(10)] + [row(i, "text", 0) for i in range(10)]
    rows += [row(i, name, 0, task="u") for i in range(10) for name in ("base", "text")]
    found = values(rows, "generalisation")
    gains = {key[0]: value for key, value in found.items()}
    assert (gains["t"].value, gains["u"].value, gains["all tasks"].value) == (1.0, 0.0, 0.5)
    assert gains["all tasks"].n == 20


def test_efficiency_has_an_interval():
    timing = timings([row(i, "base", 0) for i in range(10)])["t"]["base"]
    assert timing.seconds_per_item == 2.5
    assert 2.1 < timing.seconds_interval[0] < 2.5 < timing.seconds_interval[1] < 2.9
    assert timing.watt_hours_per_item == pytest.approx(2.5 * 15 / 3600, rel=0.01)


def test_the_evidence_that_supports_the_answer_is_removed_or_as_much_other_evidence(
    context_builder, questions
):
    provider = EvidenceProvider(context_builder, len, 100)
    question = questions[2]
    plain, without, other = (
        provider.evidence(find_condition(f"graph{mark}"), question, questions).items
        for mark in ("", "~support-removed", "~other-removed")
    )
    assert len(plain) == 1  # one item with all features: it holds the answer
    assert without == ()
    assert other == plain  # there is no other evidence to remove
    with pytest.raises(UserError, match="no evidence to perturb"):
        find_condition("base~support-removed")


def test_wordings_change_the_question_and_nothing_else(questions):
    lay = in_lay_words("Is Renal failure a cause of hypertension, an adrenal disease?", "")
    assert lay == "Is kidney failure a cause of high blood pressure, an adrenal disease?"
    assert in_lay_words("Which gene?", "") == "Which gene?"
    assert framed("Which gene?", "q1") == framed("Which gene?", "q1") != "Which gene?"
    assert "Which gene?" in framed("Which gene?", "q1")
    for name in ("framed", "lay"):
        changed = perturbed(questions[0], name)
        assert replace(changed, question=questions[0].question) == questions[0]


def primary(effect):
    """Return samples of one item per kind of reason: before, after and whether the evidence held the answer."""
    rows = []
    for i, (before, after, gold) in enumerate(effect):
        for condition, right in (("base", before), ("text", after)):
            scores = (0.0, -1.0) if right > 0.5 else (-1.0, 0.0)
            held = gold if condition == "text" else None
            rows.append(replace(row(i, condition, 0 if right > 0.5 else 1), gold=held, scores=scores))
    return rows


def test_a_primary_comparison_that_shows_nothing_says_why_item_by_item():
    samples = primary(
        [(0.9, 0.9, False), (0.1, 0.1, True), (0.9, 0.1, True), (0.9, 0.1, False), (0.1, 0.9, True)]
    )
    (result,) = summarise(samples, resamples=100, primary=[PrimaryComparison(("t",), "text")]).primary
    items = reasons(result, samples)
    assert {item.id: item.reason for item in items} == {
        "q0": "not found", "q1": "found and unused", "q2": "used and misleading", "q3": "used and misleading",
        "q4": "helped",
    }  # fmt: skip
    assert items[0].reason == "used and misleading"
    sentence = reason_sentence(result, items)
    assert "of 5 items" in sentence
    assert "answer in 2 (used and misleading), and helps in 1" in sentence
    blocks = primary_section([result], samples).blocks
    assert any(
        sentence in getattr(block, "lines", getattr(block, "paragraphs", ())) for block in blocks
    ) or any(sentence in str(block) for block in blocks)
