from types import SimpleNamespace

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison.conditions import EvidenceProvider
from clinweave.evaluation.comparison.lm_eval_model import RequestAnswerer, register
from clinweave.models import Generation, OptionScore


class Listening:
    """A model that keeps what it is asked."""

    def __init__(self):
        self.scored, self.generated = [], []

    def score(self, messages, options):
        self.scored.append((messages[-1]["content"], list(options)))
        return [OptionScore(-float(len(option)), (1,)) for option in options]

    def generate(self, messages, **settings):
        self.generated.append((messages[-1]["content"], settings))
        return Generation("B", 1, 1, 0.0)


def request(doc, context, second):
    return SimpleNamespace(doc=doc, args=(context, second))


@pytest.fixture
def provider(context_builder):
    return EvidenceProvider(context_builder, lambda text: len(text.split()), 50)


def test_evidence_stands_above_the_prompt_and_options_are_scored_together(provider):
    model = Listening()
    answerer = RequestAnswerer(model, provider, "graph")
    docs = [{"question": f"Which feature has disease {i}?"} for i in (0, 1)]
    requests = [
        request(doc, f"Q{i}: A. fever B. cough", letter)
        for i, doc in enumerate(docs)
        for letter in (" A", " B")
    ]
    result = answerer.likelihoods(requests)
    assert [each.logprob for each in result] == [-1.0] * 4
    assert [options for _, options in model.scored] == [["A", "B"], ["A", "B"]]
    first = model.scored[0][0]
    assert first.startswith("Facts:\n")
    assert "Disease 0 has the features" in first
    assert first.endswith("Q0: A. fever B. cough")
    assert "Disease 1" in model.scored[1][0]


def test_two_documents_with_the_same_prompt_are_not_mixed(provider):
    model = Listening()
    docs = [{"question": "Which feature has disease 0?"}, {"question": "Which feature has disease 1?"}]
    RequestAnswerer(model, provider, "graph").likelihoods([request(doc, "same", " A") for doc in docs])
    assert len(model.scored) == 2
    assert model.scored[0][0] != model.scored[1][0]


def test_without_a_retriever_the_prompt_is_the_harness_s_own():
    model = Listening()
    replies = RequestAnswerer(model, None, "base").replies(
        [request({}, "Q?", {"until": ["\n"], "max_gen_toks": 9}), request({}, "Q?", {"until": "."})]
    )
    assert list(replies) == ["B", "B"]
    assert model.generated[0] == ("Q?", {"max_tokens": 9, "temperature": 0.0, "stop": ["\n"]})
    assert model.generated[1][1]["stop"] == ["."]


def test_a_field_that_documents_lack_is_named(provider):
    with pytest.raises(UserError, match=r"question=query.*only question"):
        RequestAnswerer(Listening(), provider, "graph", "query").prompt(request({"question": "x"}, "", ""))


def test_the_harness_accepts_the_model():
    pytest.importorskip("lm_eval", reason="lm-eval is not installed")
    from lm_eval.api.registry import get_model

    assert register() is get_model("clinweave")


def test_without_the_harness_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lm_eval", None)
    with pytest.raises(UserError, match="pip install lm-eval"):
        register()
