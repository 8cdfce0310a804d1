import pytest

from clinweave.core.agreement import krippendorff_alpha, weighted_kappa

# Krippendorff 2011, section C: four observers, twelve units, missing values
TABLE = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}
UNITS = [{name: row[i] for name, row in TABLE.items() if row[i] is not None} for i in range(12)]


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_the_published_example(level, alpha):
    assert krippendorff_alpha(UNITS, level=level) == pytest.approx(alpha, abs=0.0006)


def test_alpha_of_perfect_random_and_opposite_raters():
    assert krippendorff_alpha([{"a": i % 3, "b": i % 3} for i in range(9)]) == 1
    assert krippendorff_alpha([{"a": i % 2, "b": 1 - i % 2} for i in range(20)], level="nominal") < 0
    assert krippendorff_alpha([{"a": 1, "b": 1}]) is None
    assert krippendorff_alpha([{"a": 1}, {"b": 2}]) is None
    assert krippendorff_alpha([]) is None


def test_kappa_is_that_of_a_worked_table():
    # 20 both yes, 5 and 10 apart, 15 both no: observed agreement .70, chance .50, kappa .40
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert weighted_kappa(first, second, weights="none") == pytest.approx(0.4)
    assert weighted_kappa(first, second) == pytest.approx(0.4)  # with two categories weights change nothing


def test_a_near_miss_counts_less_with_weights():
    first, near, far = [1, 2, 3, 4, 5], [2, 2, 3, 4, 5], [5, 2, 3, 4, 5]
    assert weighted_kappa(first, near) > 0.9
    assert weighted_kappa(first, far) < weighted_kappa(first, near)


def test_kappa_where_it_is_not_defined():
    assert weighted_kappa([], []) is None
    assert weighted_kappa([3, 3], [3, 3]) is None
    with pytest.raises(ValueError, match="2 and 1"):
        weighted_kappa([1, 2], [1])
