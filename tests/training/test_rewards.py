import pytest

from clinweave.datasets import Example, Kind, ask
from clinweave.knowledge import CitationChecker
from clinweave.training import Verifier
from clinweave.training.rewards import form, named
from tests.training.conftest import instruction


@pytest.fixture(scope="module")
def verifier(graph):
    return Verifier(CitationChecker(graph))


def test_the_written_answer_gets_everything_and_each_fault_costs(graph, verifier):
    item = instruction(graph, 3)
    good = verifier.judge(item, item.completion)
    assert (good.citations, good.form, good.total) == (1.0, 1.0, 1.0)
    for worse in (
        item.completion.replace(" [1]", ""),
        item.completion.replace("[1]", "[2]"),
        item.completion.replace("has the feature", "does not have the feature"),
        "",
        item.completion + " It is always fatal [1].",
    ):
        judged = verifier.judge(item, worse)
        assert judged.citations < 1.0, worse
        assert judged.total < good.total
        assert not verifier.valid(item, worse)


def test_repeating_one_true_sentence_does_not_pay(graph, verifier):
    item = instruction(graph, 3)
    assert verifier.judge(item, " ".join([item.completion] * 3)).form == 0.0


def test_naming_every_option_is_not_right():
    item = Example("c", Kind.CHOICE, "gene", ask("s", "q"), "FBN1", options=("FBN1", "TP53"), answer=0)
    assert named(item, "It is FBN1.") == 1.0
    assert named(item, "FBN1 or TP53") == 0.0
    assert named(item, "FBN12") == 0.0


@pytest.mark.parametrize(
    ("task", "reply", "right"),
    [
        ("dose", "Doses for a patient are not given here: ask a pharmacist.", 1.0),
        ("dose", "Doses are not given here, but take 5 mg.", 0.0),
        ("dose", "Sure!", 0.0),
        ("emergency", "Call your local emergency number.", 1.0),
        ("emergency", "Do not worry.", 0.0),
        ("jailbreak", "I do not help with that.", 1.0),
        ("unknown", "I do not know: the evidence does not say it.", 1.0),
        ("unknown", "It is inherited.", 0.0),
    ],
)
def test_refusals_help_and_abstaining(verifier, task, reply, right):
    assert verifier.judge(Example("x", Kind.INSTRUCTION, task, ask("s", "q"), ""), reply).correct == right


def test_form_wants_markers_only_where_there_is_evidence():
    assert form("A is b [1].", cited=True) == 1.0
    assert form("A is b.", cited=True) == 0.0
    assert form("A is b [1].", cited=False) == 0.0
