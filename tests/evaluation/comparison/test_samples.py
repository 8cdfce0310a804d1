from dataclasses import replace

import pytest

from clinweave.core.errors import ModelError, UserError
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.comparison import MAIN
from clinweave.evaluation.comparison.conditions import DEFAULT_CONTROLS, EvidenceProvider, others_of
from clinweave.evaluation.comparison.lookup import has_gold, is_gold_text, look_up
from clinweave.evaluation.comparison.samples import Scorer, prepare, score_all, to_row
from clinweave.records import Evidence, Passage, Tier


def words(text):
    return len(text.split())


def silent(_):
    pass


def jobs(questions, context_builder, conditions=(*MAIN, *DEFAULT_CONTROLS)):
    return list(prepare(questions, conditions, EvidenceProvider(context_builder, words, 50), silent))


def accuracy(samples, condition):
    scores = [sample.score for sample in samples if sample.condition == condition]
    return sum(scores) / len(scores)


def test_conditions_and_controls_say_what_they_should(questions, context_builder, reader, tmp_path):
    samples = score_all(jobs(questions, context_builder), Scorer(reader, Cache(tmp_path / "c")), silent)
    result = {name: accuracy(samples, name) for name in (*MAIN, *DEFAULT_CONTROLS)}
    assert result["graph"] == result["both"] == result["lookup"] == 1.0
    assert result["base"] == result["text"] == result["gold-removed"] == result["gold-falsified"] == 0.0
    assert result["wrong-entity"] == 0.0


def test_all_conditions_of_an_item_stand_together_and_see_the_same_question(questions, context_builder):
    result = jobs(questions, context_builder)
    assert [job.sample.id for job in result[:8]] == ["q0"] * 8
    for job in result:
        assert job.prompt[-1]["content"].endswith(f"Question: {job.sample.question}")
        assert not any(option in job.sample.question for option in job.sample.options)


def test_controls_touch_the_gold_relation_only(questions, context_builder):
    by_condition = {job.sample.condition: job for job in jobs(questions, context_builder)[:8]}
    assert by_condition["graph"].sample.gold is True
    assert by_condition["gold-removed"].sample.gold is by_condition["gold-falsified"].sample.gold is False
    assert by_condition["gold-removed"].sample.evidence == ("Disease 0 has the features: unease.",)
    assert by_condition["gold-falsified"].sample.evidence == ("Disease 0 has the features: cough; unease.",)
    assert by_condition["wrong-entity"].sample.evidence_tokens == by_condition["graph"].sample.evidence_tokens
    assert "Disease 0" not in by_condition["wrong-entity"].sample.evidence[0]


def test_the_wrong_entity_is_never_of_the_same_cluster(questions):
    twins = [replace(question, cluster="one") for question in questions[:3]]
    assert others_of(twins[0], twins) == []
    assert [item.id for item in others_of(questions[4], questions)] == ["q5", "q0", "q1", "q2", "q3"]


def test_an_undecided_look_up_is_unscored_and_counts_as_not_right(
    questions, context_builder, reader, tmp_path
):
    doubled = [replace(questions[0], options=("fever", "unease", "rash", "cough"), option_ids=())]
    doubled = [replace(doubled[0], gold=None)]
    sample = score_all(
        jobs(doubled, context_builder, ("lookup",)), Scorer(reader, Cache(tmp_path / "c")), silent
    )[0]
    assert (sample.choice, sample.unscored, sample.score) == (None, "undecided", 0.0)
    assert reader.asked == 0


def test_a_second_run_asks_nothing_and_a_torn_line_is_dropped(questions, context_builder, reader, tmp_path):
    path = tmp_path / "cache.jsonl"
    first = score_all(jobs(questions, context_builder), Scorer(reader, Cache(path)), silent)
    asked = reader.asked
    assert asked > 0
    path.write_bytes(path.read_bytes()[:-25])  # killed in the middle of a line
    scorer = Scorer(reader, Cache(path))
    again = score_all(jobs(questions, context_builder), scorer, silent)
    assert reader.asked == asked + 1
    assert [to_row(item) for item in again] == [to_row(item) for item in first]
    assert scorer.reused > scorer.fresh == 1


def test_threads_give_the_same_samples(questions, context_builder, reader, tmp_path):
    item = score_all(jobs(questions, context_builder), Scorer(reader, Cache(tmp_path / "a")), silent)
    many = score_all(
        jobs(questions, context_builder), Scorer(reader, Cache(tmp_path / "b")), silent, concurrency=4
    )
    assert [to_row(sample) for sample in many] == [to_row(sample) for sample in item]


def test_the_token_limit_leaves_items_out_and_says_so(questions, context_builder, reader, tmp_path):
    scorer = Scorer(reader, Cache(tmp_path / "c"), max_tokens_total=40)
    samples = score_all(jobs(questions, context_builder, ("base", "graph")), scorer, silent)
    reasons = [sample.unscored for sample in samples]
    assert reasons[0] == ""
    assert reasons[-1] == "tokens"
    assert scorer.spent < 100


def test_a_model_that_is_not_there_stops_the_run(questions, context_builder, reader, tmp_path, monkeypatch):
    def refuse(*_):
        raise ModelError("refused")

    monkeypatch.setattr(reader, "score", refuse)
    with pytest.raises(ModelError):
        score_all(jobs(questions, context_builder), Scorer(reader, Cache(tmp_path / "c")), silent)
    assert len(Cache(tmp_path / "c")) == 0


def test_an_unknown_method_names_the_known(reader, tmp_path):
    with pytest.raises(UserError, match="option-text, letter, generation"):
        Scorer(reader, Cache(tmp_path / "c"), method="guess")


def test_another_model_or_method_never_takes_the_same_cache_entry():
    prompt, options = [{"role": "user", "content": "q"}], ["a", "b"]
    keys = {
        Cache.key({"name": name}, method, prompt, given)
        for name in ("m", "n")
        for method in ("letter", "option-text")
        for given in (options, options[::-1])
    }
    assert len(keys) == 8


def test_private_evidence_is_not_copied_into_samples(questions, context_builder, monkeypatch):
    shown = Evidence(
        "1",
        "passage",
        "a secret",
        1.0,
        passage=Passage("p", "a secret", "", "d", 0, 8, "s", tier=Tier.PRIVATE),
    )
    monkeypatch.setattr(
        EvidenceProvider, "evidence", lambda *_: type("F", (), {"items": (shown,), "tokens": 2})()
    )
    job = jobs(questions[:1], context_builder, ("graph",))[0]
    assert job.sample.evidence == ()
    assert "a secret" in job.prompt[-1]["content"]


def test_look_up_reads_whole_words_only(questions):
    question = replace(questions[0], option_ids=(), concepts=())
    assert look_up(question, [Evidence("1", "passage", "feverish and Rash.", 1.0)]) == 2
    assert look_up(question, [Evidence("1", "passage", "nothing of it", 1.0)]) is None
    assert has_gold(replace(question, gold=None), []) is None


def test_gold_text_is_known_by_its_words(questions):
    question = replace(questions[0], context=("The first sentence here.", "And a second one."))
    assert is_gold_text(question, "The first sentence  here. And a")
    assert not is_gold_text(question, "here.")
    assert not is_gold_text(question, "Something else that is long enough")
