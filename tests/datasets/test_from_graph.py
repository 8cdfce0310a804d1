import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.datasets import KINDS, graph_questions, read_questions, write_questions
from clinweave.datasets.distractors import Pool, distance, gives_away, plain
from clinweave.records import Concept


@pytest.fixture(scope="module")
def questions(small_graph):
    return graph_questions(small_graph, per_kind=8, kinds=("feature", "gene", "role", "parent"), seed=3)


def test_every_kind_is_filled_with_a_true_answer(small_graph, questions):
    assert Counter(question.kind for question in questions) == dict.fromkeys(
        ("feature", "gene", "role", "parent"), 8
    )
    for question in questions:
        subject, predicate, object_ = question.gold
        assert any(not row.negated for row in small_graph.relations(subject, predicate, object_))
        right = question.option_ids[question.answer]
        assert right in (subject, object_)
        assert question.options[question.answer] == small_graph.concept(right).name


def test_no_wrong_option_can_be_true(small_graph, questions):
    for question in questions:
        asked, predicate = question.concepts[0], question.gold[1]
        kin = {asked} | small_graph.ancestors(asked) | small_graph.descendants(asked)
        right = question.option_ids[question.answer]
        output = {row.object for row in small_graph.relations(kin, predicate)} | {
            row.subject for row in small_graph.relations(None, predicate, kin)
        }
        for index, option in enumerate(question.option_ids):
            if index != question.answer:
                assert option not in output | kin
                assert option not in small_graph.ancestors(right) | small_graph.descendants(right)
                assert small_graph.concept(option).category == small_graph.concept(right).category


def test_the_question_does_not_name_an_option_and_every_place_is_right_as_often(questions):
    for question in questions:
        assert len(set(question.options)) == 4
        assert not any(option in question.question for option in question.options)
    assert set(Counter(question.answer for question in questions).values()) == {8}


def test_same_seed_same_questions_other_seed_others(small_graph, questions):
    again = graph_questions(small_graph, per_kind=8, kinds=("feature", "gene", "role", "parent"), seed=3)
    other = graph_questions(small_graph, per_kind=8, kinds=("feature", "gene", "role", "parent"), seed=4)
    assert again == questions
    assert other != questions


def test_no_answer_can_be_learnt_by_heart(questions):
    for kind in ("feature", "gene", "role", "parent"):
        answers = Counter(
            question.options[question.answer] for question in questions if question.kind == kind
        )
        assert max(answers.values()) <= 2


def test_several_phrasings_are_used(questions):
    for kind in ("feature", "gene"):
        starts = {question.question.split(" ")[1] for question in questions if question.kind == kind}
        assert len(starts) > 1
    assert all(len(kind.phrasings) >= 3 for kind in KINDS.values())


def test_asking_too_much_or_an_unknown_kind_is_the_users_error(small_graph):
    with pytest.raises(UserError, match="holds enough for"):
        graph_questions(small_graph, per_kind=5_000, kinds=("gene",))
    with pytest.raises(UserError, match="unknown kind of question 'gone'"):
        graph_questions(small_graph, kinds=("gone",))


def test_store_round_trip_and_damage(questions, tmp_path):
    path = tmp_path / "questions.jsonl"
    assert write_questions(questions, path) == 32
    assert read_questions(path) == questions
    path.write_text(path.read_text("utf-8")[:-40] + "\n", "utf-8")
    with pytest.raises(ClinweaveError, match="row 32"):
        read_questions(path)


@given(st.integers(0, 10_000), st.integers(0, 199))
@settings(max_examples=30)
def test_distractors_are_as_well_known_and_as_long(seed, place):
    result = random.Random(5)
    words = ["".join(result.choices("abcdefgh", k=result.randint(4, 30))) for _ in range(200)]
    concepts = [Concept(f"HP:{i}", "c", word, "s") for i, word in enumerate(words)]
    pool = Pool(concepts, {f"HP:{i}": int(result.paretovariate(0.7)) for i in range(200)})
    blocked = {f"HP:{i}" for i in range(0, 200, 3)} | {f"HP:{place}"}
    drawn = pool.draw(
        f"HP:{place}", blocked=blocked, asked="zzz", count=4, position=seed, random=random.Random(seed)
    )
    if drawn is not None:
        assert len(set(drawn.ids)) == 4
        assert drawn.ids[drawn.answer] == f"HP:{place}"
        for item in set(drawn.ids) - {f"HP:{place}"}:
            assert item not in blocked
            assert distance(pool[f"HP:{place}"], pool[item]) <= 1.1


def test_a_guess_by_popularity_is_no_better_than_chance():
    result = random.Random(11)
    words = ["".join(result.choices("abcdefgh", k=12)) for _ in range(1500)]
    counts = {f"HP:{i}": int(10 * result.paretovariate(1.0)) for i in range(1500)}
    pool = Pool([Concept(f"HP:{i}", "c", word, "s") for i, word in enumerate(words)], counts)
    hits = []
    for i in result.choices(range(1500), weights=list(counts.values()), k=300):  # answers are well-known ones
        drawn = pool.draw(f"HP:{i}", blocked={f"HP:{i}"}, asked="zzz", count=4, position=0, random=result)
        if drawn:
            known = [counts[item] for item in drawn.ids]
            hits.append((known[0] == max(known)) / known.count(max(known)))
    assert len(hits) > 150
    assert sum(hits) / len(hits) < 0.36  # drawn without regard to it, the best known is right in most


@pytest.mark.parametrize(
    ("option", "asked", "given"),
    [
        ("Cardiomyopathy", "dilated cardiomyopathy 3", True),
        ("Cardiomyopathic change", "dilated cardiomyopathy 3", True),
        ("SCN1A", "SCN1A seizure disorder", True),
        ("Seizure", "Dravet syndrome", False),
        ("Lung disease", "Kidney disease", False),
    ],
)
def test_words_that_give_an_option_away(option, asked, given):
    assert gives_away(option, asked) is given


def test_plain_names():
    assert plain("Long QT syndrome 3")
    assert not plain("obsolete thing")
    assert not plain("(2S)-2-[4-(1H-1,2,3)]")
    assert not plain("1,2,3,4-7-8")
