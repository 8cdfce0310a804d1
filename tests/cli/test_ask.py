"""`clinweave ask` through the program: tables, JSON, exit codes."""

import json

import pytest

from clinweave.cli import main
from clinweave.records import Passage
from tests.knowledge.small_base import SmallBase

QUESTION = "What are the features of Alpha syndrome?"
TEXT = "Alpha syndrome is rarely seen before the age of ten."


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(["ask", *arguments]) or 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def built(monkeypatch):
    """Put the small world in the place of what `clinweave graph build` makes."""
    passages = [Passage("p", TEXT, "Alpha", "doc.txt", 10, 10 + len(TEXT), "own", licence="mine")]
    monkeypatch.setattr(
        "clinweave.knowledge_base.KnowledgeBase", lambda **options: SmallBase(passages=passages, **options)
    )


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.json"
    reply = "Alpha syndrome has the feature Arachnodactyly [1]. Alpha syndrome has the feature Cataract [1]."
    path.write_text(json.dumps({"rules": [], "otherwise": reply}), "utf-8")
    return f"scripted:{path}"


def test_json_is_one_document(run, built, script):
    code, out, _ = run(QUESTION, "--model", script, "--json", "--show-prompt")
    document = json.loads(out)
    assert code == 0
    assert [item["verdict"] for item in document["sentences"]] == ["supported", "not verified"]
    assert document["abstained"] is False
    below = document["answer"].partition("Written by scripted:script, each sentence checked:\n")[2]
    assert below.startswith("Alpha syndrome has the feature Arachnodactyly. [1]\n")
    assert document["statements"][0]["evidence"] == ["1"]
    assert document["retrievers"] == ["graph", "text"]
    assert (document["audience"], document["notes"]) == ("public", [])
    assert document["mentions"][0]["id"] == "MONDO:1"
    assert document["prompt"][-1]["content"].startswith("Evidence:\n[")
    assert {item["kind"] for item in document["evidence"]} == {"relation", "passage"}
    first = document["evidence"][0]["relations"][0]
    assert (first["release"], first["licence"]) == ("2025", "CC0")


def test_the_table_marks_every_sentence_and_names_sources(run, built, script):
    code, out, _ = run(QUESTION, "--model", script)
    assert code == 0
    assert "supported" in out
    assert "not verified" in out
    assert "fake 2025 (CC0)" in out
    assert "PMID:1" in out
    assert "1 more retrieved" in " ".join(out.split())
    code, out, _ = run(QUESTION, "--knowledge", "text")
    assert code == 0
    assert "more retrieved" in " ".join(out.split())
    assert "For research, not for clinical decisions." in " ".join(out.split())


@pytest.mark.parametrize("question", ["", "   "])
def test_empty_question(run, question):
    code, out, err = run(question)
    assert (code, out) == (2, "")
    assert "empty" in err


def test_a_megabyte(run, built, script):
    code, _, err = run("Alpha " * 200_000, "--model", script)
    assert code == 2
    assert "20,000" in err


def test_nothing_built(run, script):
    for knowledge, named in (("graph", "clinweave setup"), ("text", "clinweave index build")):
        code, out, err = run(QUESTION, "--model", script, "--knowledge", knowledge)
        assert (code, out) == (2, "")
        assert named in err
        assert "clinweave setup" in err


def test_an_unknown_concept_is_told(run, built, script):
    code, out, _ = run("what of zorglub", "--model", script, "--knowledge", "graph", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["abstained"] is True
    assert any("no concept" in note for note in document["notes"])


def test_an_address_that_refuses_and_one_that_is_none(run, built):
    code, out, _ = run(QUESTION, "--model", "http://127.0.0.1:9/v1#m")
    assert code == 0
    assert "cannot be reached" in " ".join(out.split())
    assert "Arachnodactyly" in out
    code, out, err = run(QUESTION, "--model", "http://127.0.0.1:9/v1#m", "--knowledge", "none")
    assert (code, out) == (1, "")
    assert "cannot be reached" in err
    code, _, err = run(QUESTION, "--model", "no-such-model")
    assert code == 2
    assert "no-such-model" in err


def test_a_wrong_choice(run):
    code, _, err = run(QUESTION, "--knowledge", "web")
    assert code == 2
    assert "web" in err


def test_without_a_model_the_sources_answer(run, built):
    code, out, _ = run(QUESTION, "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["model"], document["sentences"]) == ("none", [])
    assert "Arachnodactyly" in document["answer"]
    assert document["abstained"] is False


def test_the_document_is_a_contract(run, built, script):
    kinds = {
        "answer": str, "abstained": bool, "statements": list, "evidence": list, "mentions": list, "notes": list,
        "question": str, "sentences": list, "retrievers": list, "audience": str, "guardrail": str, "model": str,
        "timings": dict, "tokens": dict,
    }  # fmt: skip
    for arguments in (
        (QUESTION,),
        (QUESTION, "--model", script),
        ("what of zorglub",),
        ("I want to kill myself",),
        (QUESTION, "--knowledge", "none", "--model", script),
    ):
        code, out, _ = run(*arguments, "--json")
        document = json.loads(out)
        assert code == 0
        assert {name: type(document[name]) for name in kinds} == kinds
        assert "prompt" not in document
        ids = {item["id"] for item in document["evidence"]}
        for statement in document["statements"]:
            assert set(statement["evidence"]) <= ids
            assert statement["kind"] in {"relation", "quotation", "code", "ranking"}


def test_the_audience(run, built, monkeypatch):
    assert json.loads(run(QUESTION, "--audience", "clinician", "--json")[1])["audience"] == "clinician"
    monkeypatch.setenv("CLINWEAVE_AUDIENCE", "clinician")
    assert json.loads(run(QUESTION, "--json")[1])["audience"] == "clinician"
    assert json.loads(run(QUESTION, "--audience", "public", "--json")[1])["audience"] == "public"
    code, out, err = run(QUESTION, "--audience", "dentist")
    assert (code, out) == (2, "")
    assert "public or clinician" in err


def test_control_characters_do_not_reach_the_terminal(run, built, tmp_path):
    path = tmp_path / "script.json"
    path.write_text(
        json.dumps({"otherwise": "Alpha \x1b]0;PWNED\x07\x1b[31m [1]. \u202eevil\ud800"}), "utf-8"
    )
    code, out, _ = run(QUESTION, "--model", f"scripted:{path}")
    assert code == 0
    assert not set("\x1b\x07\u202e\ud800") & set(out)
    assert "\\x1b]0;PWNED" in out


TREATED = (
    "Alpha syndrome is treated with aspirin, rest, a brace at night, swimming, drops for the eyes, a check of the "
    "heart every year and advice to the family about what to expect in the years to come."
)
MYTHS = (
    "It is a misconception that large doses of vitamin C cure Alpha syndrome in every child. "
    "Nobody believes losartan is harmful in Alpha syndrome."
)


@pytest.fixture
def ask_of(run, monkeypatch, tmp_path):
    """Return a function that asks of one passage, with a model that always writes the same."""

    def call(passage: Passage, question: str, reply: str) -> dict:
        monkeypatch.setattr(
            "clinweave.knowledge_base.KnowledgeBase",
            lambda **options: SmallBase(passages=[passage], **options),
        )
        path = tmp_path / "script.json"
        path.write_text(json.dumps({"otherwise": reply}), "utf-8")
        options = ("--knowledge", "text", "--model", f"scripted:{path}")
        code, out, err = run(question, *options, "--json")
        assert code == 0, err
        assert run(question, *options)[0] == 0  # the table has a mark for every verdict
        return json.loads(out)

    return call


@pytest.mark.parametrize(
    ("text", "section"),
    [
        (MYTHS, ""),
        ("Large doses of vitamin C cure Alpha syndrome in every child.", "Statements the panel threw out"),
        ("Large doses of vitamin C cure Alpha syndrome in every child. [Retracted 2019.]", ""),
    ],
)
def test_a_model_cannot_have_a_denied_claim_shown(ask_of, text, section):
    claim = "Large doses of vitamin C cure Alpha syndrome in every child"
    text = f"{text} {TREATED}"  # so the model has a statement to write about
    passage = Passage("p", text, "Alpha syndrome", "doc.txt", 0, len(text), "own", section=section)
    document = ask_of(passage, "How is Alpha syndrome treated?", f"{claim}. {claim} [1]. {claim} [2].")
    assert document["sentences"]
    assert not any(item["verdict"] == "supported" for item in document["sentences"])
    assert not document["answer"].startswith(claim)


def test_a_true_sentence_beside_the_question_is_marked_and_not_shown(ask_of):
    text = f"Alpha syndrome is caused by a virus. {TREATED}"
    passage = Passage("p", text, "Alpha syndrome", "doc.txt", 0, len(text), "own")
    reply = f"Alpha syndrome is caused by a virus [1]. {TREATED[:-1]} [1]."
    document = ask_of(passage, "How is Alpha syndrome treated?", reply)
    assert [item["verdict"] for item in document["sentences"]] == [
        "supported, but not an answer",
        "supported",
    ]
    assert "treatment" in document["sentences"][0]["reason"]
    assert not document["answer"].startswith("Alpha syndrome is caused")


def test_the_source_is_quoted_in_the_place_of_a_sentence_that_it_does_not_state(ask_of):
    more = (
        "In the teens the spine of Alpha syndrome is treated by surgery only after a scan of the whole back."
    )
    text = f"{TREATED} {more}"
    passage = Passage("p", text, "Alpha syndrome", "doc.txt", 0, len(text), "own")
    reply = "Alpha syndrome is treated by surgery of the spine in the teens [1]. Alpha syndrome is cured by gold [1]."
    document = ask_of(passage, "How is Alpha syndrome treated?", reply)
    first, second = document["sentences"]
    assert (first["verdict"], first["quotation"], first["evidence"]) == ("not verified", more, ["1"])
    assert (second["verdict"], second["quotation"]) == ("not verified", "")
    assert "gold" not in document["answer"]
    assert "treated by surgery of the spine" not in document["answer"]
    assert (
        document["answer"].count(more) == 1
    )  # quoted once, by the statement or in the place of the sentence


CARE = (
    "Alpha syndrome is treated with aspirin, rest, a brace at night, swimming, drops for the eyes, a check of the "
    "heart every year and advice about sport. Splints worn by day are of use in Alpha syndrome too, like warm baths."
)
IN_OTHER_WORDS = "Swimming and braces belong to the treatment of Alpha syndrome."


def test_a_judged_sentence_is_marked_and_stands_beside_the_source(run, monkeypatch, tmp_path):
    passages = [Passage("p", CARE, "Alpha syndrome", "doc.txt", 0, len(CARE), "own")]
    monkeypatch.setattr(
        "clinweave.knowledge_base.KnowledgeBase", lambda **options: SmallBase(passages=passages, **options)
    )
    writer, judge = tmp_path / "writer.json", tmp_path / "judge.json"
    writer.write_text(json.dumps({"otherwise": IN_OTHER_WORDS}), "utf-8")
    question = ("How is Alpha syndrome treated?", "--knowledge", "text", "--model", f"scripted:{writer}")
    for no, verdict in ((-6.0, "supported"), (-0.2, "not verified")):
        rules = [{"when": f"B (statement): {IN_OTHER_WORDS}", "scores": {"Yes": -0.1, "No": no}}]
        judge.write_text(json.dumps({"rules": rules}), "utf-8")
        address = f"scripted:{judge}"
        document = json.loads(run(*question, "--judge", address, "--json")[1])
        (sentence,) = document["sentences"]
        assert (sentence["verdict"], sentence["supported_by"]) == (
            verdict,
            address if verdict == "supported" else "",
        )
        assert document["judge"] == address
        assert "judge (part of check)" in document["timings"]
        note = f"(supported by the model judge {address}, not by rules; the source says: “Alpha syndrome is treated"
        assert (f"{IN_OTHER_WORDS} [1] {note}" in document["answer"]) == (verdict == "supported")
    assert "judge (part of check)" not in json.loads(run(*question, "--json")[1])["timings"]


def test_a_judge_must_be_on_this_machine_and_exist(run, built, script):
    for address, message in (("http://127.0.0.1:1/v1#x", "cannot judge"), ("qwen9", "Unknown model")):
        code, out, err = run(QUESTION, "--model", script, "--judge", address)
        assert (code, out) == (2, "")
        assert message in err
