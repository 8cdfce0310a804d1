import math
from dataclasses import replace

import numpy as np
import pytest

from clinweave.evaluation.comparison import Sample
from clinweave.evaluation.comparison.measures import auc, auc_difference, calibrated_scores, classes_of

WORDS = ("yes", "no")


def judged(signal, condition="base", n=240, bias=3.0, options=WORDS, seed=0, method="option-text"):
    """Return items whose scores carry `signal` and, for the first option, a prior of `bias` nats."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        answer = int(i % 10 < 4)
        scores = random.normal(size=len(options))
        scores[answer] += signal
        scores[0] += bias
        choice = int(scores.argmax())
        row = Sample("t", f"q{i}", "", f"c{i}", condition, f"Question {i}?", options, answer)
        rows.append(replace(
            row, choice=choice, score=float(choice == answer), method=method, scores=tuple(map(float, scores)),
        ))  # fmt: skip
    return rows


def pairwise(rows):
    """The area by its definition: over all pairs of a "yes" item and another one."""
    probability = [round(math.exp(r.scores[0]) / sum(map(math.exp, r.scores)), 9) for r in rows]
    high = [p for p, r in zip(probability, rows, strict=True) if r.answer == 0]
    low = [p for p, r in zip(probability, rows, strict=True) if r.answer == 1]
    return sum((a > b) + (a == b) / 2 for a in high for b in low) / (len(high) * len(low))


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    rows = judged(1.0)
    assert auc(rows).value == pytest.approx(pairwise(rows))
    tied = [replace(row, scores=(round(row.scores[0]), round(row.scores[1]))) for row in rows]
    assert auc(tied).value == pytest.approx(pairwise(tied))


def test_a_prior_for_yes_hides_a_gain_from_accuracy_and_not_from_the_other_measures():
    without, with_text = judged(0.0), judged(1.5, "text", seed=1)
    accuracy = [sum(row.score for row in rows) / len(rows) for rows in (without, with_text)]
    assert abs(accuracy[1] - accuracy[0]) < 0.2
    gain = auc_difference(with_text, without)
    assert gain.low > 0.2
    assert gain.p < 0.01
    calibrated = [sum(calibrated_scores(rows).values()) / len(rows) for rows in (without, with_text)]
    assert calibrated[1] > 0.75 > 0.65 > calibrated[0]


def test_without_a_signal_nothing_is_seen():
    assert auc(judged(0.0)).low < 0.5 < auc(judged(0.0)).high
    gain = auc_difference(judged(0.0, "text", seed=5), judged(0.0, seed=6))
    assert gain.low < 0 < gain.high
    assert gain.p > 0.05
    noise = calibrated_scores(judged(0.0, bias=0.0, n=400))
    assert sum(noise.values()) / 400 < 0.67  # no better than always the commoner answer (0.6) but for chance


def test_the_same_answers_in_both_conditions_differ_by_nothing():
    rows = judged(1.0)
    gain = auc_difference(rows, rows)
    assert (gain.difference, gain.low, gain.high, gain.p, gain.gained, gain.lost) == (0, 0, 0, 1.0, 0, 0)


def test_options_in_another_order_are_the_same_classes():
    rows = judged(1.0)
    turned = [
        replace(row, options=row.options[::-1], answer=1 - row.answer, scores=row.scores[::-1])
        if i % 2
        else row
        for i, row in enumerate(rows)
    ]
    assert classes_of(turned) == ("no", "yes")
    assert auc(turned).value == pytest.approx(auc(rows).value)
    assert calibrated_scores(turned) == calibrated_scores(rows)


def test_where_options_differ_the_area_is_within_items():
    rows = [replace(row, options=(f"{row.id} is", f"{row.id} is not")) for row in judged(1.0, bias=0.0)]
    share = sum(row.scores[row.answer] > row.scores[1 - row.answer] for row in rows) / len(rows)
    assert classes_of(rows) == ()
    assert auc(rows).value == pytest.approx(share)
    assert auc_difference(rows, rows).difference == 0


def test_scores_without_the_question_take_out_what_the_options_give_away():
    """Long options look likelier whatever is asked; the prior of each option is known from the control."""
    random = np.random.default_rng(3)
    rows, priors = [], {}
    for i in range(300):
        own = random.normal(scale=3.0, size=4)
        answer = int(random.integers(4))
        scores = own + np.eye(4)[answer] * 2 + random.normal(scale=0.5, size=4)
        options = tuple(f"option {i} {j}" for j in range(4))
        row = Sample("t", f"q{i}", "", "", "base", "?", options, answer, method="option-text")
        rows.append(replace(row, scores=tuple(map(float, scores)), score=float(scores.argmax() == answer)))
        priors[f"q{i}"] = tuple(map(float, own))
    raw = sum(row.score for row in rows) / 300
    assert sum(calibrated_scores(rows, priors).values()) / 300 > 0.9 > raw + 0.3


def test_no_item_is_calibrated_on_itself():
    """Labels that nothing predicts stay unpredicted, also with a feature for each class."""
    random = np.random.default_rng(1)
    rows = [
        replace(row, answer=int(random.integers(2)), score=0.0)
        for row in judged(0.0, bias=0.0, n=1000, seed=8)
    ]
    assert 0.44 < sum(calibrated_scores(rows).values()) / 1000 < 0.56


def test_replies_have_no_area_and_items_that_were_not_run_are_left_out():
    assert auc([replace(row, scores=()) for row in judged(1.0)]) is None
    assert calibrated_scores([replace(row, scores=()) for row in judged(1.0)]) is None
    rows = judged(1.0)
    cut = [replace(row, unscored="error", scores=()) if i < 40 else row for i, row in enumerate(rows)]
    assert auc(cut).value == pytest.approx(auc(rows[40:]).value)
    assert auc_difference(cut, rows).unpaired == 40
    assert auc([row for row in rows if row.answer == 0]) is None


@pytest.mark.parametrize("count", [1, 2, 7])
def test_few_items_do_not_fail(count):
    rows = judged(1.0, n=count)
    assert len(calibrated_scores(rows)) == count
    auc(rows)


def test_equal_options_are_equally_right():
    row = Sample(
        "t", "q", "", "", "base", "?", ("a", "a ", "b"), 0, method="option-text", scores=(1.0, 1.0, 0.0)
    )
    assert calibrated_scores([row]) == {"q": 1.0}
    assert auc([row]) is None or auc([row]).value == 1.0
