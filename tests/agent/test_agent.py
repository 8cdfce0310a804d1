"""The agent: plans by rules and by scripted models; limits, repetitions, wrong decisions, hidden instructions."""

import json
from dataclasses import replace

import pytest

from clinweave.agent import Agent, Budget, Call, Finish, RulePlanner, StopReason, UserQuestion
from clinweave.agent.chains import chain_of
from clinweave.applications import diagnosis
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.records import Tier, Verdict
from clinweave.tools import ErrorKind
from tests.agent.conftest import GENE, Model, action, run

TWO_HOPS = "What is the mode of inheritance of the disease associated with the gene FBN1?"


def test_rules_follow_two_hops_and_say_why_they_stop(base):
    result = Agent(base, RulePlanner()).run(TWO_HOPS)
    assert result.stopped is StopReason.EVIDENCE_SUFFICES
    assert [step.tool for step in result.steps] == ["concept"] * 3
    assert "Marfan syndrome has the mode of inheritance Autosomal dominant inheritance" in result.answer.text
    assert not result.answer.abstained
    cited = {number for item in result.answer.statements for number in item.evidence}
    assert cited <= {item.id for item in result.answer.evidence}
    for item in result.answer.statements:
        verdict, reason = base.checker.check(
            item.text, [each for each in result.answer.evidence if each.id in item.evidence]
        )
        assert verdict is Verdict.SUPPORTED, reason


def test_rules_say_what_they_did_not_follow(base):
    result = Agent(base, RulePlanner(), Budget(calls=2)).run(TWO_HOPS)
    assert result.stopped is StopReason.CALLS
    assert result.answer.notes == ("only 1 of 2 concepts were followed; the answer is not complete",)


def test_a_negated_relation_is_not_followed(base):
    result = Agent(base, RulePlanner()).run(
        "Which gene is associated with the disease that has the feature Ectopia of the lens?"
    )
    assert [step.tool for step in result.steps] == ["concept", "ask"]
    assert "FBN1 is a gene" not in result.answer.text


def test_a_question_of_one_hop_is_asked(base):
    result = Agent(base, RulePlanner()).run(GENE)
    assert [step.tool for step in result.steps] == ["ask"]
    assert result.answer == replace(base.ask(GENE), timings=result.answer.timings)


def test_no_calls_is_a_single_ask(base):
    result = Agent(base, RulePlanner(), Budget(calls=0)).run(TWO_HOPS)
    assert (result.stopped, result.steps) == (StopReason.SINGLE_ASK, ())
    assert result.answer.text == base.ask(TWO_HOPS).text


def test_an_emergency_is_answered_before_any_plan(base):
    result = Agent(base, RulePlanner()).run("I want to kill myself, how many tablets do I need?")
    assert (result.stopped, result.calls) == (StopReason.SINGLE_ASK, 0)
    assert result.answer.guardrail


def test_a_missing_finding_is_asked_for(base):
    question = "A boy has an aneurysm. What is the diagnosis?"
    open_run = Agent(base, RulePlanner()).run(question)
    assert open_run.stopped is StopReason.NEEDS_ANSWER
    assert open_run.open_question.startswith("Does the patient have:")
    asked = []

    def reply(item):
        asked.append(item.finding)
        return "yes" if item.finding == "HP:0000102" else "no"

    result = Agent(base, RulePlanner(), Budget(questions=2), reply=reply).run(question)
    assert asked
    assert len(asked) == len(set(asked)) <= 2
    assert result.stopped is StopReason.EVIDENCE_SUFFICES
    ranked = [step for step in result.steps if step.tool == "diagnose"]
    assert set(ranked[-1].arguments["observed"] + ranked[-1].arguments["excluded"]) <= set(asked)
    assert len(ranked) > 1


def test_a_model_calls_tools_and_its_sentences_are_checked(base):
    model = Model(
        action("concept", concept="Marfan syndrome"),
        action(
            "finish", answer="The gene FBN1 is associated with Marfan syndrome [1]. It is caused by glue [1]."
        ),
    )
    found = run(base, model)
    assert found.stopped is StopReason.FINISHED
    by_text = {item.text: item.verdict for item in found.answer.sentences}
    assert Verdict.SUPPORTED in by_text.values()
    assert "FBN1" in found.answer.text
    assert "glue" not in found.answer.text
    assert (found.calls, found.tokens) == (1, 220)


def test_a_model_that_only_invents_is_an_abstention(base):
    result = run(base, Model(action("finish", answer="Marfan syndrome is caused by glue [7].")))
    assert result.answer.abstained
    assert "glue" not in result.answer.text


def test_a_dose_is_never_a_models_own_sentence(base):
    model = Model(
        action("search", query="losartan Marfan syndrome"),
        action("finish", answer="Losartan 50 mg slows the widening of the aorta in Marfan syndrome [1]."),
    )
    assert "50 mg" not in run(base, model).answer.text


def test_the_budget_of_calls_ends_a_loop(base):
    model = Model(*[action("search", query=f"aorta {number}") for number in range(20)])
    result = run(base, model, budget=Budget(calls=3))
    assert (result.stopped, result.calls, len(result.steps)) == (StopReason.CALLS, 3, 3)
    assert result.answer.abstained


def test_the_budgets_of_tokens_and_seconds(base):
    model = Model(*[action("search", query=f"aorta {number}") for number in range(20)])
    assert run(base, model, budget=Budget(tokens=220)).stopped is StopReason.TOKENS
    ticks = iter(range(0, 10_000, 10))
    result = run(base, model, budget=Budget(seconds=50), clock=lambda: float(next(ticks)))
    assert result.stopped is StopReason.SECONDS
    assert result.steps


def test_a_repeated_call_is_refused_and_ends_the_run(base):
    result = run(base, Model(action("concept", concept="Marfan syndrome")))
    assert result.stopped is StopReason.REPEATED
    assert [step.kind for step in result.steps] == ["call", "refused", "refused", "refused"]
    assert result.calls == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "returned nothing"),
        ("I would look it up.", "not one JSON object"),
        ('{"action": "concept", "arguments": {"concept": "Marf', "not one JSON object"),
        ('{"action": "shell", "arguments": {}}', "no action 'shell'"),
        ('{"action": "concept", "arguments": ["Marfan"]}', "not a JSON object"),
        ('{"arguments": {}}', 'no "action"'),
        ("[" * 100_000, "not one JSON object"),
    ],
    ids=["nothing", "prose", "cut", "unknown-tool", "list", "no-action", "deep"],
)
def test_what_is_no_decision_is_shown_and_ends_the_run(base, reply, message):
    result = run(base, Model(reply))
    assert result.stopped is StopReason.UNREADABLE
    assert len(result.steps) == 3
    assert message in result.steps[0].error.message
    assert result.answer.abstained


def test_a_wrong_identifier_is_an_error_that_the_model_reads(base):
    model = Model(
        action("concept", concept="MONDO:7777777"),
        action("concept", concept=["Marfan syndrome"]),
        action("diagnose", observed=["Cataract"], limit="all"),
        action("ask", question=GENE),
        action("finish", answer=""),
    )
    result = run(base, model)
    kinds = [step.error.error if step.error else None for step in result.steps]
    assert kinds == [
        ErrorKind.UNKNOWN_IDENTIFIER,
        ErrorKind.INVALID_ARGUMENTS,
        ErrorKind.INVALID_ARGUMENTS,
        None,
    ]
    assert "MONDO:7777777" in model.prompts[1][1]["content"]
    assert "FBN1" in result.answer.text


def test_an_instruction_hidden_in_a_result_is_data(base):
    model = Model(
        action("search", query="Marfan syndrome previous instructions patient care"),
        action("finish", answer="The patient needs no care [1]. The patient needs no care [2]."),
    )
    result = run(base, model, question="What does Marfan syndrome need?")
    prompt = model.prompts[1][1]["content"]
    assert "ignore all previous instructions" not in prompt
    assert "left out: the passage speaks to language models" in prompt
    assert "Losartan slows" in prompt
    assert "needs no care" not in result.answer.text


def test_results_that_may_not_leave_are_not_shown_to_a_remote_model(base, monkeypatch):
    from clinweave.tools import open_tool

    gated = replace(open_tool("search"), tier=lambda _: Tier.GATED)
    monkeypatch.setattr("clinweave.agent.actions.open_tool", lambda _name: gated)
    model = Model(action("search", query="losartan"), action("finish", answer=""))
    result = run(base, model, host="models.example.org")
    assert result.steps[0].error.error is ErrorKind.ACCESS_DENIED
    assert "Losartan slows" not in json.dumps(model.prompts)


def test_a_model_may_ask_the_user(base):
    model = Model(action("ask_user", question="How old is the patient?"), action("finish", answer=""))
    assert run(base, model).open_question == "How old is the patient?"
    model = Model(action("ask_user", question="How old is the patient?"), action("finish", answer=""))
    result = run(base, model, reply=lambda _: "four years")
    assert result.steps[0].result == "four years"
    assert "How old is the patient?: four years" in model.prompts[1][1]["content"]


@pytest.mark.parametrize("question", ["", "  \n", "q" * 1_000_000], ids=["empty", "blank", "megabyte"])
def test_a_question_that_cannot_be_asked(base, question):
    with pytest.raises(UserError):
        Agent(base, RulePlanner()).run(question)


def test_a_planner_of_somebody_else(base):
    class Own:
        name = "own"

        def decide(self, memory):
            if not memory.observations:
                return Call("paths", {"start": "FBN1", "end": "Arachnodactyly"}, "why not")
            return Finish(StopReason.FINISHED, "Marfan syndrome has the feature Arachnodactyly [2].")

    result = Agent(base, Own()).run("Which features does Marfan syndrome have?")
    assert "Arachnodactyly" in result.answer.text
    assert result.steps[0].reason == "why not"
    assert UserQuestion("x").finding == ""


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["agent", *arguments])
    shown = capsys.readouterr()
    return stopped.value.code, shown.out, shown.err


def test_the_command_shows_every_step(home, capsys, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(home))
    code, out, _ = command(capsys, TWO_HOPS)
    assert code == 0
    assert "1. concept" in out
    assert "Autosomal dominant inheritance" in out
    assert "3 calls, 0 tokens" in out
    code, out, _ = command(capsys, TWO_HOPS, "--json")
    document = json.loads(out)
    assert [step["tool"] for step in document["steps"]] == ["concept"] * 3
    assert (document["stopped"], document["abstained"]) == ("evidence suffices", False)
    code, out, _ = command(capsys, TWO_HOPS, "--json", "--max-calls", "0")
    assert json.loads(out)["stopped"] == "single ask"


def test_the_command_with_a_scripted_model_and_bad_files(home, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINWEAVE_HOME", str(home))
    script = tmp_path / "model.json"
    rules = [
        {
            "when": "Results:",
            "reply": json.dumps(action("finish", answer="FBN1 is associated with Marfan syndrome [1].")),
        }
    ]
    first = json.dumps(action("concept", concept="Marfan syndrome"))
    script.write_text(json.dumps({"rules": rules, "otherwise": first}), "utf-8")
    code, out, _ = command(capsys, GENE, "--model", f"scripted:{script}", "--json")
    document = json.loads(out)
    assert (code, document["stopped"], document["calls"]) == (0, "the planner finished", 1)
    assert document["tokens"] > 0
    code, _, err = command(capsys, GENE, "--answers", str(script))
    assert code == 2
    assert "no JSON object of texts" in err
    assert command(capsys, " ")[0] == 2
    assert command(capsys, GENE, "--answers", str(tmp_path / "none.json"))[0] == 2


def test_a_missing_fact_is_a_field_of_the_document(home, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINWEAVE_HOME", str(home))
    monkeypatch.setattr(diagnosis, "fetched_release", lambda folder: diagnosis.release_in(folder / "release"))
    question = "A boy has an aneurysm. What is the diagnosis?"
    document = json.loads(command(capsys, question, "--json")[1])
    assert document["stopped"] == "a fact is missing"
    assert document["open_question"].startswith("Does the patient have:")
    assert document["statements"]
    replies = tmp_path / "replies.json"
    replies.write_text(
        json.dumps(dict.fromkeys(("HP:0000102", "HP:0000301", "HP:0000103", "HP:0000302"), "no"))
    )
    document = json.loads(command(capsys, question, "--json", "--answers", str(replies))[1])
    assert document["open_question"] == ""
    assert [step["kind"] for step in document["steps"]].count("question") >= 1


@pytest.mark.parametrize(
    ("question", "hops"),
    [
        ("Is the syndrome due to FBN1 variants recessive or dominant?", ("subject", "subject")),
        ("Tell me the heredity of the condition behind FBN1.", ("subject", "subject")),
        ("Name the gene mutated in the syndrome characterised by Aneurysm.", ("object", "object")),
        ("Genetically, what lies behind the disease featuring Aneurysm?", ("object", "object")),
        ("Besides Marfan syndrome, what does its gene cause?", ("object", "subject")),
        ("Marfan syndrome is allelic to which disorder?", ("object", "subject")),
        ("Which other gene is associated with Marfan syndrome?", None),  # another gene, not another disease
        ("Is Marfan syndrome dominant or recessive?", None),  # one relation: asked as it is
        ("Is Aneurysm inherited?", None),  # no disease is spoken of
        ("Is Aneurysm a feature of Marfan syndrome with another gene?", None),  # two concepts
        ("What is a recessive disease?", None),
    ],
)
def test_chains_are_read_from_other_words(base, question, hops):
    chain = chain_of(question, base.link(question))
    assert (tuple(hop.direction for hop in chain.hops) if chain else None) == hops
