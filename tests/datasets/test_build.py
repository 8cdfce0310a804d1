import json
from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import (
    DataSettings,
    Kind,
    build_data,
    check_file,
    poisoned,
    read_examples,
    to_question,
)
from clinweave.datasets.examples import from_row, to_row
from clinweave.datasets.instructions import FEATURE
from clinweave.datasets.newer_release import made_true
from clinweave.knowledge import CitationChecker
from clinweave.records import Relation, Verdict
from tests.datasets.small_world import World

SETTINGS = DataSettings(diseases=60, per_kind=20, passages=3, safety=24, held_out=0.3, held_facts=0.3)


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture(scope="module")
def built(world, tmp_path_factory):
    return build_data(world, None, tmp_path_factory.mktemp("data") / "set", SETTINGS)


def items(built, kind, split="train"):
    return list(read_examples(built.path / f"{kind}.{split}.jsonl"))


def everything(built):
    return [item for path in sorted(built.path.glob("*.jsonl")) for item in read_examples(path)]


def test_no_tested_disease_nor_its_kin_is_trained_on(built, world):
    by_split = {}
    for item in everything(built):
        if item.cluster.startswith("MONDO"):
            by_split.setdefault(item.split, set()).add(item.cluster)
    tested = by_split["held-out-diseases"]
    trained = by_split["train"] | by_split["held-out-facts"]
    assert tested
    assert not tested & trained
    for disease in tested:
        assert not (world.ancestors(disease) | world.descendants(disease)) & trained


def test_a_held_out_fact_is_in_no_prompt_or_reply_of_the_training_split(built):
    held = {each.gold for each in items(built, "choice", "held-out-facts")}
    assert held
    for each in everything(built):
        if each.split != "train":
            continue
        assert each.gold not in held
        shown = {(row.subject, row.predicate, row.object) for item in each.evidence for row in item.relations}
        assert not shown & held


def test_every_cited_answer_is_borne_out_and_every_fault_is_one(built, world):
    checker = CitationChecker(world)
    cited = [item for item in items(built, "instruction") if item.task in {"cited", "path"}]
    assert len(cited) > 20
    for item in cited:
        assert {result.verdict for result in checker.check_answer(item.completion, item.evidence)} == {
            Verdict.SUPPORTED
        }
    faults = {"wrong-neighbour", "unsupported", "wrong-citation"}
    pairs = [item for item in items(built, "preference") if item.rejection in faults]
    assert {item.rejection for item in pairs} >= {"wrong-citation", "wrong-neighbour"}
    for item in pairs:
        verdicts = [result.verdict for result in checker.check_answer(item.rejected, item.evidence)]
        assert Verdict.SUPPORTED not in verdicts, (item.rejection, item.rejected)


def test_wrong_statements_are_neither_recorded_nor_kin_of_what_is(built, world):
    trained = {}  # held-out facts are not spared among wrong names by heart: their absence would tell them
    for item in items(built, "instruction"):
        if item.task == "closed-book" and item.gold[1] == FEATURE:
            trained.setdefault(item.cluster, set()).add(item.gold[2])
    checked = 0
    for item in everything(built):
        for subject, predicate, target in item.wrong:
            if predicate != FEATURE:
                continue
            recorded = {row.object for row in world.relations(subject, FEATURE)}
            output = trained.get(subject, recorded) if item.task == "closed-book" else recorded
            near = output.union(*(world.ancestors(true) | world.descendants(true) for true in output))
            assert target not in near
            checked += 1
    assert checked > 20


def test_refusals_and_not_known_are_among_the_instructions(built):
    tasks = {
        item.task for split in ("train", "held-out-diseases") for item in items(built, "instruction", split)
    }
    assert tasks >= {"cited", "quoted", "closed-book", "unknown", "dose", "emergency", "jailbreak"}
    train, test = (
        {
            item.prompt[-1]["content"].split(" ")[0:3].__str__()
            for item in items(built, "instruction", split)
            if item.task == "dose"
        }
        for split in ("train", "held-out-diseases")
    )
    assert train
    assert test
    assert not train & test


def test_the_same_settings_give_the_same_bytes(built, world, tmp_path):
    again = build_data(world, None, tmp_path / "again", SETTINGS)
    assert again.manifest["files"] == built.manifest["files"]
    other = build_data(world, None, tmp_path / "other", replace(SETTINGS, seed=1))
    assert other.manifest["files"] != built.manifest["files"]


def test_every_shape_that_is_written_passes_the_check(built):
    files = [*built.path.rglob("*.jsonl")]
    assert len(files) > 10
    for path in files:
        checked = check_file(path)
        assert not checked.problems, path
        assert checked.rows


def test_card_and_description_name_what_is_there(built):
    card = (built.path / "README.md").read_text("utf-8")
    assert "Made up" in card
    assert "Not checked against any benchmark" in card
    info = json.loads((built.path / "dataset_info.json").read_text("utf-8"))
    assert all((built.path / item["file_name"]).is_file() for item in info.values())


def test_a_benchmark_question_is_removed_and_reported(built, world, tmp_path):
    taken = items(built, "choice")[0]
    row = {
        "question": to_question(taken).question + " And a few more words.",
        "options": list(taken.options),
        "answer": 0,
    }
    exact = {**row, "question": to_question(taken).question, "id": "x"}
    (tmp_path / "bench.jsonl").write_text(json.dumps(exact) + "\n" + json.dumps(row) + "\n", "utf-8")
    result = build_data(world, None, tmp_path / "set", SETTINGS, benchmarks=[tmp_path / "bench.jsonl"])
    report = json.loads((result.path / "decontamination.json").read_text("utf-8"))
    assert report["removed"] >= 1
    assert taken.id in {hit["id"] for hit in report["hits"]}
    assert taken.id not in {item.id for item in everything(result)}


def test_a_later_release_makes_some_distractors_true(built, world):
    choices = items(built, "choice")
    subject, predicate, target = next(
        wrong for item in choices for wrong in item.wrong if wrong[1] == FEATURE
    )
    later = [Relation(subject, predicate, target, "hpoa")]
    result = made_true(world, choices, later)
    assert result["made_true"]["wrong options"] >= 1
    assert result["statements"]["wrong options"] > result["made_true"]["wrong options"]
    assert made_true(world, choices, [])["made_true"] == {}


def test_rows_survive_the_round_trip(built):
    for item in everything(built)[::7]:
        assert from_row(json.loads(json.dumps(to_row(item)))) == item


def test_own_files_join_and_a_held_out_part_is_warned_of(world, tmp_path):
    own = tmp_path / "medmcqa_dev.jsonl"
    own.write_text(
        json.dumps({"instruction": "What is a gene?", "output": "A stretch of DNA."}) + "\n", "utf-8"
    )
    result = build_data(world, None, tmp_path / "set", SETTINGS, add=[own])
    assert any("MIRAGE" in item for item in result.manifest["warnings"])
    assert any(item.completion == "A stretch of DNA." for item in items(result, "instruction"))
    with pytest.raises(UserError, match="gone"):
        build_data(world, None, tmp_path / "set2", SETTINGS, add=[tmp_path / "gone.jsonl"])


def test_poisoning_turns_a_share_round(built):
    pairs = items(built, "preference")
    turned = sum(
        item.completion != other.completion for item, other in zip(pairs, poisoned(pairs, 0.5), strict=True)
    )
    assert 0.3 * len(pairs) < turned < 0.7 * len(pairs)
    assert all(item.kind == Kind.PREFERENCE for item in pairs)
