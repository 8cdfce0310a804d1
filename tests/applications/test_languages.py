"""Questions in other languages: names in that language beside the English ones, its own words, unread languages."""

import pytest

from clinweave.applications import DISCLAIMER, disclaimer
from clinweave.core.errors import UserError
from clinweave.models.scripted import ScriptedModel
from clinweave.records import Passage
from tests.knowledge.fakes import FakeLinker
from tests.knowledge.small_base import SmallBase

LANGUAGES = ("es", "fr", "de", "zh", "ja")
LOCAL = {
    "MONDO:1": {"es": "síndrome alfa", "ja": "アルファ症候群"},
    "HP:2": {"es": "aracnodactilia", "ja": "くも指"},
    "HP:1": {"es": "dilatación aórtica"},
}


class ReadingLinker(FakeLinker):
    """A linker that also knows names in Spanish and Japanese."""

    languages = LANGUAGES
    official_languages = disease_languages = ("es",)

    def __init__(self):
        super().__init__()
        self.names |= {name: curie for curie, names in LOCAL.items() for name in names.values()}

    def local_name(self, curie, language):
        return LOCAL.get(curie, {}).get(language, "")


def base(**parts):
    result = SmallBase(**parts)
    result.__dict__["linker"] = ReadingLinker()
    return result


def ask(question, **more):
    return base().ask(question, retrievers=("graph",), **more)


def test_relations_carry_the_names_of_the_language_asked():
    answer = ask("¿Qué síntomas tiene el síndrome alfa?")
    assert (answer.language, answer.abstained) == ("es", False)
    assert "Alpha syndrome (síndrome alfa)" in answer.text
    assert "Arachnodactyly (aracnodactilia)" in answer.text
    assert "Entendido: “síndrome alfa” = Alpha syndrome." in answer.text
    assert any("(aracnodactilia)" in item.text for item in answer.statements)
    assert {(item.id, item.label) for item in answer.labels} >= {
        ("MONDO:1", "síndrome alfa"),
        ("HP:2", "aracnodactilia"),
    }
    assert answer.text.endswith(disclaimer("es"))
    assert disclaimer("es") != DISCLAIMER


def test_a_quotation_is_never_changed():
    text = "Alpha syndrome causes Arachnodactyly in most patients."
    passage = Passage("p", text, "Alpha syndrome", "d", 0, len(text), "fake")
    answer = base(passages=[passage]).ask("¿Qué síntomas tiene el síndrome alfa?", retrievers=("text",))
    quotes = [item for item in answer.statements if item.kind == "quotation"]
    assert all(item.text in text for item in quotes)


def test_the_language_can_be_given():
    detected = ask("síndrome alfa")
    given = ask("síndrome alfa signos", language="ES")
    assert (detected.language, given.language) == ("en", "es")
    assert "(síndrome alfa)" in given.text
    assert ask("Alpha syndrome", language="en").language == "en"
    with pytest.raises(UserError, match="'pt' is not read: choose one of en, es"):
        ask("síndrome alfa", language="pt")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("¿Qué gen causa la dilatación aórtica?", "No lo sé"),
        ("アルファ症候群の余命は？", "わかりません"),
        ("Welche Symptome hat die Krankheit?", "Das weiß ich nicht"),
    ],
)
def test_an_abstention_is_in_the_language_asked(question, says):
    answer = ask(question)
    assert answer.abstained
    assert answer.text.startswith(says)
    assert "I do not know" not in answer.text


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Quali sono i sintomi della Alpha syndrome?", "Italian"),
        ("Quais são os sintomas da doença Alpha syndrome?", "Portuguese"),
        ("Каковы симптомы астмы?", "Russian"),
        ("ما هي أعراض الربو؟", "Arabic"),
        ("천식의 증상은 무엇입니까?", "Korean"),
        ("Wat zijn de symptomen van het Alpha syndrome bij een patiënt?", "Dutch"),
    ],
)
def test_a_language_that_is_not_read_gets_no_answer_from_a_chance_match(question, name):
    answer = ask(question)
    assert answer.abstained
    assert not answer.statements
    assert name in answer.text
    assert "es, fr, de, zh, ja" in answer.text
    assert "emergency" in answer.text  # no guardrail reads the language


def test_an_english_answer_is_as_before():
    answer = ask("What are the features of Alpha syndrome?")
    assert (answer.language, answer.labels) == ("en", ())
    assert answer.text.endswith(DISCLAIMER)
    assert "(síndrome" not in answer.text


def test_no_model_is_asked_in_a_language_in_which_it_cannot_be_checked():
    class Silent(ScriptedModel):
        def generate(self, *args, **more):
            raise AssertionError("the model was asked")

    result = base(model=Silent({"rules": []}))
    answer = result.ask("¿Qué síntomas tiene el síndrome alfa?", retrievers=("graph",))
    assert (answer.model, answer.sentences, answer.abstained) == ("none", (), False)
    with pytest.raises(AssertionError, match="was asked"):
        result.ask("What are the features of Alpha syndrome?", retrievers=("graph",))
