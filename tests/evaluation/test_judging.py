"""Judges: text measures by hand-worked examples, a rubric judge that shows its noise, correlation with people."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from clinweave.evaluation.judging import (
    DEFAULT_RUBRICS,
    RubricJudge,
    bert_score,
    concept_f1,
    overlap_f1,
    rank_correlation,
    rouge_l,
)
from clinweave.models import Capability, Generation, OptionScore

FACTUAL = DEFAULT_RUBRICS[0]


def test_rouge_l_of_a_worked_example():
    # "police killed the gunman" against "police kill the gunman": police the gunman, 3 of 4 (Lin 2004)
    assert rouge_l("police kill the gunman", "police killed the gunman").f1 == 0.75
    assert rouge_l("the gunman kill police", "police killed the gunman").f1 == 0.5
    assert overlap_f1("the gunman kill police", "police killed the gunman").f1 == 0.75


def test_texts_without_words_agree_with_each_other_only():
    assert rouge_l("", "...").f1 == 1
    assert rouge_l("", "fever").f1 == 0
    assert rouge_l("fever", "").f1 == 0


def test_a_word_twice_counts_as_often_as_in_both():
    assert overlap_f1("no no no", "no fever").precision == pytest.approx(1 / 3)


def test_concepts_with_another_status_do_not_match():
    def recognise(text):
        return [("HP:1", "absent" if "no " in text else "present")] if "fever" in text else []

    assert concept_f1("fever", "has fever", recognise).f1 == 1
    assert concept_f1("no fever", "has fever", recognise).f1 == 0
    assert concept_f1("well", "healthy", recognise).f1 == 1


def test_bert_score_matches_each_token_with_its_nearest():
    known = {"fever": (1.0, 0.0), "pyrexia": (0.8, 0.6), "cough": (0.0, 1.0)}

    def vectors(text):
        return np.array([known[word] for word in text.split()], np.float32).reshape(-1, 2)

    score = bert_score("pyrexia", "fever cough", vectors)
    assert score.precision == pytest.approx(0.8)  # nearest is fever
    assert score.recall == pytest.approx((0.8 + 0.6) / 2)
    assert bert_score("fever", "fever", vectors).f1 == pytest.approx(1.0)
    assert bert_score("", "", vectors).f1 == 1.0
    assert bert_score("", "fever", vectors).f1 == 0.0


def test_rank_correlation_is_that_of_scipy_and_finds_clusters():
    random = np.random.default_rng(1)
    left = random.normal(size=80)
    right = np.round(left + random.normal(size=80))
    names = [str(i) for i in range(80)]
    result = rank_correlation(left, right, names, resamples=300)
    assert result.rho == pytest.approx(spearmanr(left, right).statistic)
    assert result.low < result.rho < result.high
    doubled = rank_correlation([*left, *left], [*right, *right], [*names, *names], resamples=300)
    assert doubled.high - doubled.low > 0.8 * (result.high - result.low)  # copies of an item add no certainty


def test_ratings_that_are_all_the_same_cannot_be_ranked():
    result = rank_correlation([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], ["a", "b", "c"])
    assert (result.rho, result.low, result.ceiling) == (None, None, 1.0)
    with pytest.raises(ValueError, match="three"):
        rank_correlation([1.0], [1.0], ["a"])
    with pytest.raises(ValueError, match="length"):
        rank_correlation([1.0], [1.0, 2.0], ["a"])


class Scripted:
    """A model whose replies, or likelihoods, are a function of the prompt."""

    def __init__(self, reply=None, score=None):
        self.reply, self.likelihood, self.prompts = reply, score, []
        self.capabilities = frozenset({Capability.SCORE if score else Capability.GENERATE})

    def generate(self, messages, **_):
        self.prompts.append(messages[-1]["content"])
        return Generation(self.reply(messages[-1]["content"]), 1, 1, 0.0)

    def score(self, messages, options):
        self.prompts.append(messages[-1]["content"])
        return [OptionScore(self.likelihood(messages[-1]["content"], option), (1,)) for option in options]


def test_a_rating_is_asked_with_the_scale_in_both_orders():
    model = Scripted(reply=lambda _: "I rate this 3.")
    result = RubricJudge(model).rate(FACTUAL, "source", "summary")
    assert (result.value, result.spread, result.unparsed) == (3, 0, 0)
    first, second = model.prompts
    assert first.index("1: most") < first.index("4: all")
    assert second.index("4: all") < second.index("1: most")


def test_a_judge_that_takes_the_first_value_shows_its_spread():
    model = Scripted(reply=lambda prompt: "1" if prompt.index("1: ") < prompt.index("4: ") else "4")
    result = RubricJudge(model).rate(FACTUAL, "source", "summary")
    assert (result.value, result.spread) == (2.5, 3)


@pytest.mark.parametrize("reply", ["", "good", "between 2 and 3", "7", "2.5", "-1"])
def test_a_reply_that_names_no_one_value_is_counted(reply):
    result = RubricJudge(Scripted(reply=lambda _: reply)).rate(FACTUAL, "s", "t")
    assert (result.value, result.unparsed) == (None, 2)


def test_where_a_model_scores_the_rating_is_the_expected_value():
    model = Scripted(score=lambda _, option: 0.0 if option in {"2", "4"} else -50.0)
    assert RubricJudge(model).rate(FACTUAL, "s", "t").value == pytest.approx(3)


def test_a_preference_for_a_position_cancels_out_and_is_said():
    by_place = RubricJudge(Scripted(reply=lambda _: "1")).prefer("Which is better?", "s", "x", "y")
    assert (by_place.value, by_place.consistent) == (0, False)
    by_text = RubricJudge(Scripted(reply=lambda p: "1" if p.index("good") < p.index("bad") else "2"))
    assert by_text.prefer("Which?", "s", "good", "bad").value == 1
    result = by_text.prefer("Which?", "s", "bad", "good")
    assert (result.value, result.consistent) == (-1, True)
    lost = RubricJudge(Scripted(reply=lambda _: "neither")).prefer("Which?", "s", "x", "y")
    assert (lost.value, lost.consistent, lost.unparsed) == (None, False, 2)
