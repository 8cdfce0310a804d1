"""A model that can be held to a grammar chooses sentences of the sources: only such as pass the check, quoted."""

import json

import pytest

from clinweave.applications.consult.candidates import candidates, without_shared_names
from clinweave.applications.consult.checked_reply import CHOSEN, cited_evidence
from clinweave.applications.consult.model_text import SHORT_ANSWER, ModelSettings, write
from clinweave.applications.consult.prompt import ShownStatement
from clinweave.applications.consult.selection import RULES, choose_sentences
from clinweave.knowledge import CitationChecker
from clinweave.models import Generation, open_model
from clinweave.models.scripted import ScriptedModel
from clinweave.records import Audience, Evidence, Mention, Passage, Statement, Verdict

GOUT = (
    "Gout is treated with colchicine in the acute attack and with allopurinol between attacks. It is caused by "
    "crystals of uric acid. This protein lowers urate. Does gout hurt? Attacks begin in one joint at night."
)


class Chooser(ScriptedModel):
    """Gives a fixed reply to a request under a schema, and keeps what it was asked."""

    def __init__(self, reply):
        super().__init__({"rules": [], "otherwise": "Gout is treated with gold [1]."})
        self.reply, self.schema, self.messages = reply, None, ()

    def generate_json(self, messages, schema, *, max_tokens):
        self.schema, self.messages = schema, messages
        return Generation(self.reply, 100, 3, 0.1)


def evidence(text=GOUT, number="7", title="What is (are) gout ?"):
    passage = Passage(f"p{number}", text, title, "d", 0, len(text), "own")
    return Evidence(number, "passage", text, 1.0, (), passage)


def written(model, question="How is gout treated?", composed="word " * (SHORT_ANSWER + 1), **more):
    item = evidence()
    parts = []
    result = write(
        question, [Statement(GOUT, "quotation", ("7",))], [item], model, CitationChecker(None), ModelSettings(),
        Audience.CLINICIAN, composed, parts.append, **more,
    )  # fmt: skip
    return result, parts


def options(question=""):
    shown = [ShownStatement(GOUT, (evidence(),))]
    return [item.text for item in candidates(shown, cited_evidence(shown), CitationChecker(None), question)]


def test_only_sentences_that_pass_the_check_can_be_chosen_and_pronouns_are_replaced():
    assert options() == [
        "Gout is treated with colchicine in the acute attack and with allopurinol between attacks.",
        "Gout is caused by crystals of uric acid.",
        "Attacks begin in one joint at night.",
    ]
    assert options("What causes gout?") == ["Gout is caused by crystals of uric acid."]


def test_no_dose_can_be_chosen_without_what_stands_beside_it():
    text = "Colchicine 500 micrograms is given twice daily in gout. Gout is common in old men."
    shown = [ShownStatement(text, (evidence(text),))]
    offered = candidates(shown, cited_evidence(shown), CitationChecker(None), "")
    assert [item.text for item in offered] == ["Gout is common in old men."]


def test_a_list_of_records_is_offered_as_a_sentence_or_as_the_list_that_it_is():
    text = "Alpha syndrome has the feature: Cataract; Tall stature"
    item = Evidence("1", "relation", text, 1.0)
    shown = [ShownStatement(text, (item,))]
    assert [option.text for option in candidates(shown, [item], CitationChecker(None), "")] == [text]


@pytest.mark.parametrize(
    ("reply", "text"),
    [("[2]", "B is b. [2]"), ("[1, 2]", "A is a. [1] B is b. [2]"), ("[2, 2]", "B is b. [2]"), ("[]", "I do not know."),
     ("[9]", "I do not know."), ("", "I do not know.")],
)  # fmt: skip
def test_numbers_become_the_sentences(reply, text):
    model = Chooser(reply)
    offered = [ShownStatement("A is a", ()), ShownStatement("B is b.", ())]
    assert choose_sentences(model, "Q?", offered).text == text
    assert model.schema == {"type": "array", "items": {"enum": [1, 2]}, "minItems": 0, "maxItems": 2}
    assert model.messages[0]["content"] == RULES
    assert model.messages[-1]["content"] == "[1] A is a\n[2] B is b.\n\nQuestion: Q?"
    assert json.dumps(model.schema)


def test_a_chosen_sentence_is_shown_below_a_long_answer_although_the_statements_have_it():
    result, parts = written(Chooser("[1]"), "Tell me about gout")
    assert [item.verdict for item in result.sentences] == [Verdict.SUPPORTED]
    assert result.sentences[0].evidence == ("7",)
    below = result.text_below(GOUT, "m")
    assert below.startswith(f"{CHOSEN.format(model='m')}\nGout is treated with colchicine")
    assert [part.kind for part in parts] == ["model", "written", "sentence"]


def test_no_model_is_asked_where_the_answer_is_short_or_there_is_nothing_to_choose():
    model = Chooser("[1]")
    assert written(model, "Tell me about gout", composed="Short.")[0].prompt == ()
    assert written(model, "What causes gout?")[0].prompt == ()
    assert model.schema is None


def test_a_model_that_chooses_nothing_adds_nothing():
    result, parts = written(Chooser("[]"), "Tell me about gout")
    assert result.sentences == ()
    assert any("found no answer" in note for note in result.notes)
    assert not any(part.kind == "sentence" for part in parts)


def test_words_for_what_all_evidence_is_about_are_left_out_of_the_question_of_relevance():
    passage = Passage("p", GOUT, "t", "d", 0, len(GOUT), "own", concepts=("MONDO:1",))
    about = Evidence("1", "passage", GOUT, 1.0, (), passage)
    mention = Mention(22, 30, "Steinert", "MONDO:1", "myotonic dystrophy 1", "Disease", 1.0, False, "synonym")
    question = "What are the signs of Steinert disease?"
    assert "Steinert" not in without_shared_names(question, [mention], [about])
    assert without_shared_names(question, [mention], [about, evidence()]) == question


@pytest.mark.weights
def test_the_real_model_writes_nothing_but_numbers(weights):
    model = open_model(str(weights), threads=1, context=2048)
    offered = [
        ShownStatement("Gout is treated with colchicine.", ()),
        ShownStatement("Gout is common in men.", ()),
    ]
    reply = choose_sentences(model, "How is gout treated?", offered)
    model.close()
    left = reply.text
    for number, item in enumerate(offered, 1):
        left = left.replace(f"{item.text} [{number}]", "")
    assert left.strip() in {"", "I do not know."}
    assert reply.prompt_tokens > 100
    assert reply.completion_tokens <= 12
