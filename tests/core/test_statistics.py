import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clinweave.core import statistics as own

outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def arms(pairs):
    arm = {f"q{i}": float(a) for i, (a, _) in enumerate(pairs)}
    return arm, {f"q{i}": float(b) for i, (_, b) in enumerate(pairs)}


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(counts):
    k, n = counts
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert own.wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_without_items_is_everything_and_refuses_nonsense():
    assert own.wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="5 successes of 4"):
        own.wilson(5, 4)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(gained, lost):
    expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert own.mcnemar(gained, lost) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_known_value():
    assert own.mcnemar(10, 2) == pytest.approx(0.038574, abs=1e-6)


@given(outcomes)
def test_single_items_give_mcnemar(pairs):
    arm, base = arms(pairs)
    result = own.difference(arm, base, {}, resamples=50)
    assert result.p == pytest.approx(own.mcnemar(result.gained, result.lost), abs=1e-9)


@given(outcomes)
def test_swapping_the_arms_mirrors_the_difference(pairs):
    arm, base = arms(pairs)
    there, back = (own.difference(a, b, {}, resamples=50) for a, b in ((arm, base), (base, arm)))
    assert there.difference == -back.difference
    assert (there.gained, there.lost, there.p) == (back.lost, back.gained, back.p)


@given(outcomes, st.integers(0, 3))
def test_interval_holds_the_estimate_and_is_seeded(pairs, seed):
    arm, base = arms(pairs)
    first = own.difference(arm, base, {}, resamples=400, seed=seed)
    assert -1 <= first.low <= first.difference + 0.13
    assert first.difference - 0.13 <= first.high <= 1
    assert first == own.difference(arm, base, {}, resamples=400, seed=seed)


def test_bootstrap_agrees_with_scipy():
    values = np.array([1.0] * 30 + [0.0] * 50 + [-1.0] * 9)
    pairs = own.pair({str(i): v for i, v in enumerate(values)}, {str(i): 0.0 for i in range(89)}, {})
    expected = stats.bootstrap((values,), np.mean, method="BCa", n_resamples=10_000, rng=1)
    result = own.bootstrap(pairs)
    assert result.low == pytest.approx(expected.confidence_interval.low, abs=0.012)
    assert result.high == pytest.approx(expected.confidence_interval.high, abs=0.012)


def test_copies_of_an_item_in_one_cluster_add_no_certainty():
    pattern = [(True, False)] * 8 + [(False, False)] * 10 + [(False, True)] * 2
    arm, base = arms(pattern)
    once = own.difference(arm, base, {})
    arm5 = {f"{item}.{i}": value for item, value in arm.items() for i in range(5)}
    base5 = {f"{item}.{i}": value for item, value in base.items() for i in range(5)}
    clusters = {item: item.split(".")[0] for item in arm5}
    clustered, naive = own.difference(arm5, base5, clusters), own.difference(arm5, base5, {})
    assert clustered.high - clustered.low == pytest.approx(once.high - once.low, abs=0.05)
    assert naive.high - naive.low < 0.6 * (once.high - once.low)
    assert clustered.p == pytest.approx(once.p)
    assert naive.p < once.p


def test_unanimous_items_do_not_give_a_point_interval():
    arm, base = arms([(True, False)] * 20)
    result = own.difference(arm, base, {})
    assert result.difference == result.high == 1.0
    assert 0.7 < result.low < 0.95
    same = own.difference(arm, arm, {})
    assert same.low < 0 < same.high
    assert same.p == 1.0


def test_items_in_one_arm_only_are_counted():
    result = own.difference({"a": 1.0, "b": 1.0}, {"a": 0.0, "c": 1.0}, {}, resamples=50)
    assert (result.n, result.unpaired) == (1, 2)
    with pytest.raises(ValueError, match="no item"):
        own.difference({"a": 1.0}, {"b": 1.0}, {})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_ordered_bounded_and_never_smaller(ps):
    adjusted = own.holm(ps)
    assert all(raw <= new <= 1 for raw, new in zip(ps, adjusted, strict=True))
    order = np.argsort(ps, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0)


def test_holm_known_values():
    assert own.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert own.holm([]) == []


def test_flip_test_with_shares_is_exact_and_agrees_with_drawing():
    sums = [0.75, 0.75, -0.25, 1.0, 0.5, -1.0, 0.75, 0.25]
    exact = own.flip_test(sums)
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(sums))).reshape(len(sums), -1).T
    every = np.mean(np.abs((signs * np.array(sums)).sum(axis=1)) >= abs(sum(sums)) - 1e-9)
    assert exact == pytest.approx(every)
    assert own.flip_test([value * math.pi for value in sums]) == pytest.approx(every, abs=0.02)


def test_floors_and_the_rule_of_the_floor():
    assert own.chance_floor([4, 4, 2]) == pytest.approx(1 / 3)
    assert own.majority_floor(["yes", "yes", "no"]) == pytest.approx(2 / 3)
    assert own.at_floor([own.wilson(26, 100), own.wilson(22, 100)], 0.25)
    assert not own.at_floor([own.wilson(26, 100), own.wilson(80, 100)], 0.25)


def test_standard_error_of_single_items_is_the_usual_one():
    values = [1.0, 0.0, 0.0, 1.0, 1.0]
    result = own.standard_error({str(i): v for i, v in enumerate(values)}, {})
    assert result == pytest.approx(np.std(values, ddof=1) / math.sqrt(5))
    assert math.isnan(own.standard_error({"a": 1.0}, {}))


def test_coverage_with_clusters_is_near_the_promise():
    """300 simulated comparisons, 40 clusters of 3 dependent items, a true difference of 0.15."""
    random = np.random.default_rng(7)
    held = 0
    for run in range(300):
        lean = random.normal(0, 0.8, size=40)[:, None]
        gain = (random.normal(0, 1, size=(40, 3)) + lean > 0.5).astype(float)
        loss = (random.normal(0, 1, size=(40, 3)) - lean > 1.1).astype(float)
        arm = {f"{c}.{i}": gain[c, i] for c in range(40) for i in range(3)}
        base = {f"{c}.{i}": loss[c, i] for c in range(40) for i in range(3)}
        truth = stats.norm.sf(0.5 / math.hypot(1, 0.8)) - stats.norm.sf(1.1 / math.hypot(1, 0.8))
        result = own.difference(
            arm, base, {item: item.split(".")[0] for item in arm}, resamples=600, seed=run
        )
        held += result.low <= truth <= result.high
    assert 0.90 <= held / 300 <= 0.985
