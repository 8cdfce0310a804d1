from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.comparison import find_condition
from clinweave.evaluation.comparison.conditions import EvidenceProvider
from clinweave.evaluation.comparison.perturbations import PERTURBATIONS, informal, perturbed, with_typos
from clinweave.evaluation.comparison.results import summarise
from clinweave.evaluation.comparison.samples import Scorer, prepare, score_all


def run(questions, context_builder, reader, tmp_path, conditions):
    provider = EvidenceProvider(context_builder, lambda text: len(text.split()), 50)
    jobs = list(prepare(questions, conditions, provider, lambda _: None))
    return jobs, score_all(jobs, Scorer(reader, Cache(tmp_path / "c")), lambda _: None)


def test_typos_change_a_tenth_of_the_words_and_no_number():
    text = (
        "Which antibiotic is recommended for pneumonia with a CURB-65 score above 2.5 in adults over 80 years"
    )
    result = with_typos(text, "q1")
    changed = [(a, b) for a, b in zip(text.split(), result.split(), strict=True) if a != b]
    assert len(changed) == 1
    assert all(abs(len(a) - len(b)) <= 1 for a, b in changed)
    assert result == with_typos(text, "q1") != with_typos(text, "q2")
    assert with_typos("no 5 mg", "q") == "no 5 mg"


def test_every_word_is_really_changed():
    assert all(with_typos("aaaa llll eeee", str(seed)) != "aaaa llll eeee" for seed in range(200))


def test_informal_keeps_decimals_and_hyphens():
    assert (
        informal("Is X-linked (AR?) dose 2.5 mg, or more? Yes.", "")
        == "is x-linked ar dose 2.5 mg or more yes"
    )


def test_the_right_option_stays_right_in_another_order(questions):
    for question in questions:
        result = perturbed(question, "option-order")
        assert result.options[result.answer] == question.options[question.answer]
        assert result.option_ids[result.answer] == question.option_ids[question.answer]
        assert result.options != question.options


def test_retrieval_sees_the_perturbed_question(questions, context_builder, reader, tmp_path):
    longer = [replace(q, question=f"Please tell which feature has disease {q.id[1:]}?") for q in questions]
    jobs, _ = run(longer, context_builder, reader, tmp_path, ("base", "graph~typos", "graph"))
    asked = {job.sample.condition: job.prompt[-1]["content"].splitlines()[-1] for job in jobs[:3]}
    assert asked["base"] == asked["graph"] != asked["graph~typos"]


def test_distracting_and_contradicting_evidence_stand_after_the_right_one(
    questions, context_builder, reader, tmp_path
):
    jobs, _ = run(
        questions,
        context_builder,
        reader,
        tmp_path,
        ("base", "graph", "graph~distracting", "graph~contradicting"),
    )
    shown = {job.sample.condition: job.sample.evidence for job in jobs[:4]}
    right = shown["graph"]
    assert shown["graph~distracting"][: len(right)] == right
    assert "Disease 0" not in shown["graph~distracting"][-1]
    assert shown["graph~contradicting"] == (*right, "Disease 0 has the features: cough; unease.")


def test_robustness_is_compared_with_the_unperturbed_condition_in_a_family_of_its_own(
    questions, context_builder, reader, tmp_path
):
    conditions = ("base", "graph", "graph~informal", "base~typos")
    _, samples = run(questions, context_builder, reader, tmp_path, conditions)
    summary = summarise(samples, resamples=50)
    rows = {
        (row.condition, row.baseline, row.family) for row in summary.comparisons if row.metric == "accuracy"
    }
    assert rows == {
        ("graph", "base", "conditions"),
        ("graph~informal", "graph", "robustness"),
        ("base~typos", "base", "robustness"),
    }
    assert set(summary.tasks["small"].changes) == {"graph"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("graph~typo", "no perturbation is called 'typo'"),
        ("grahp~typos", "grahp"),
        ("lookup~typos", "is a control"),
        ("base~distracting", "no evidence to perturb"),
    ],
)
def test_what_cannot_be_perturbed_is_refused(name, message):
    with pytest.raises(UserError, match=message):
        find_condition(name)


def test_every_perturbation_can_be_named():
    assert {find_condition(f"graph~{name}").perturbation for name in PERTURBATIONS} == set(PERTURBATIONS)
    assert find_condition("both~typos").title == "+ text and graph, typos"
