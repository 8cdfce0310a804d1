"""Parts of an answer before it is complete: the sources at once, checked sentences one by one, nothing unchecked."""

import pytest

from clinweave.applications import DISCLAIMER, AnswerPart, ModelSettings, joined
from clinweave.applications.consult.checked_reply import MAX_SENTENCES, CheckedReply
from clinweave.applications.consult.prompt import RULES, ShownStatement, prompt_for, shown_to_model
from clinweave.knowledge import CitationChecker
from clinweave.models import Capability
from clinweave.models.scripted import ScriptedModel
from clinweave.records import Audience, Evidence, Passage, Statement, Verdict
from tests.knowledge.fakes import RELATIONS
from tests.knowledge.small_base import SmallBase, says

QUESTION = "What are the features of Alpha syndrome?"
GOOD = "Alpha syndrome has the feature Arachnodactyly [1]."
OTHER = "Alpha syndrome has the feature Aortic dilatation [1]."


class Writer(ScriptedModel):
    """Writes word by word and notes how many words were asked of it, and what had been shown before the first."""

    def __init__(self, reply, shown=()):
        super().__init__({"rules": [], "otherwise": reply})
        self.pieces, self.shown, self.before = 0, shown, ()

    def stream(self, messages, on_text, **options):
        self.before = tuple(self.shown)

        def counted(piece):
            self.pieces += 1
            return on_text(piece)

        return super().stream(messages, counted, **options)


def ask(model, on_part=lambda _: None, **options):
    return SmallBase(model).ask(QUESTION, retrievers=("graph",), on_part=on_part, **options)


def as_text(parts):
    text, sentences = "", 0
    for part in parts:
        text = joined(text, part, sentences)
        sentences += part.kind == "sentence"
    return text


def test_the_sources_come_before_the_model_is_asked_and_sentences_while_it_writes():
    parts: list[AnswerPart] = []
    model = Writer(f"{GOOD} {OTHER} Alpha syndrome is caused by glue [1].", parts)
    answer = ask(model, parts.append)
    assert [part.kind for part in model.before] == ["statements", "model"]
    assert model.before[0].text == ask("none").text.removesuffix(f"\n{DISCLAIMER}")
    kinds = [part.kind for part in parts]
    first, second = (index for index, kind in enumerate(kinds) if kind == "sentence")
    written = "".join(part.text for part in parts[:first] if part.kind == "written")
    assert GOOD in written
    assert OTHER not in written  # the first sentence was shown before the second was written
    assert "written" in kinds[first:second]
    assert answer.text == f"{as_text(parts)}\n{DISCLAIMER}"
    assert "glue" not in as_text(parts)


@pytest.mark.parametrize(
    "reply",
    ["", "I do not know.", GOOD, f"Answer: {GOOD} {OTHER}", f"{GOOD}\n\n{OTHER} {DISCLAIMER}", f"{GOOD} " * 9,
     "Alpha syndrome has Cataract [9]. [1]", "1. Alpha syndrome has the feature Arachnodactyly [1].\n2. No."],
)  # fmt: skip
def test_the_parts_make_the_text_of_the_answer(reply):
    parts: list[AnswerPart] = []
    answer = ask(says(reply), parts.append)
    assert answer.text == f"{as_text(parts)}\n{DISCLAIMER}"


def test_a_back_end_that_does_not_stream_gives_the_same_answer():
    class Whole(ScriptedModel):
        capabilities = frozenset()

    reply = f"{GOOD} {OTHER} Alpha syndrome is caused by glue [1]."
    whole = Whole({"rules": [], "otherwise": reply, "capabilities": ["generate"]})
    assert Capability.STREAM not in whole.capabilities
    streamed, at_once = ask(says(reply)), ask(whole)
    assert (at_once.text, at_once.sentences) == (streamed.text, streamed.sentences)


def test_a_repetition_ends_the_writing():
    model = Writer(f"{GOOD} " * 50)
    answer = ask(model)
    assert model.pieces < 3 * len(GOOD.split())
    assert answer.finish_reason == "stopped"
    assert [item.verdict for item in answer.sentences] == [Verdict.SUPPORTED]
    assert any("repeated itself" in note for note in answer.notes)


def test_enough_sentences_end_the_writing():
    model = Writer(" ".join(f"Number {n} is a thing of its own kind [1]." for n in range(60)))
    answer = ask(model, settings=ModelSettings(max_tokens=10_000))
    assert len(answer.sentences) == MAX_SENTENCES
    assert model.pieces < 12 * (MAX_SENTENCES + 1)


def test_what_a_listener_raises_ends_the_writing_and_is_raised():
    class GoneError(Exception):
        pass

    def listen(part):
        if part.kind == "written":
            raise GoneError

    model = Writer(f"{GOOD} {OTHER}")
    with pytest.raises(GoneError):
        ask(model, listen)
    assert model.pieces == 1


def test_not_knowing_is_no_claim():
    answer = ask(says("I do not know."))
    assert answer.sentences == ()
    assert any("found no answer" in note for note in answer.notes)
    mixed = ask(says(f"{GOOD} I do not know."))
    assert [item.text for item in mixed.sentences] == ["Alpha syndrome has the feature Arachnodactyly."]


def passage(text, number):
    result = Passage(f"p{number}", text, "Alpha", "d.txt", 0, len(text), "own")
    return Evidence(str(number), "passage", text, 1.0, passage=result)


LONG = "Alpha syndrome is seen in " + ", ".join(f"town number {n}" for n in range(40)) + "."


def test_numbers_of_the_prompt_are_put_back_into_those_of_the_evidence():
    items = [passage(f"Drug number {n} is given for Alpha syndrome.", n + 10) for n in (1, 2, 3)]
    given = [ShownStatement(item.text, (item,)) for item in items]
    checked = CheckedReply(CitationChecker(None), given, "", Audience.CLINICIAN, "", "m", lambda _: None)
    first, second, third = (item.text[:-1] for item in items)
    checked.add(f"{first} [1]. {second} [1]. {third} [77].")
    checked.finish()
    right, misnumbered, strange = checked.sentences
    assert (right.verdict, right.evidence) == (Verdict.SUPPORTED, ("11",))
    assert (misnumbered.verdict, misnumbered.evidence) == (Verdict.SUPPORTED, ("12",))
    assert (strange.verdict, strange.evidence) == (Verdict.SUPPORTED, ("13",))  # the number was never shown


def statement(text, kind="quotation", evidence=("1",), heading=""):
    return Statement(text, kind, evidence, heading)


def shown(statements, evidence, budget=500):
    return [item.text for item in shown_to_model(statements, evidence, says("x"), budget)]


def test_records_are_shown_as_plain_lists_and_codes_and_short_quotations_not_at_all():
    features = Evidence("1", "relation", "Alpha syndrome has the feature: Cataract; Cataract; Tall stature", 1.0,
                        relations=tuple(RELATIONS[:1]))  # fmt: skip
    listed = statement(
        "Alpha syndrome has these recorded features: Tall stature, Cataract (in 5 of 7 patients).", "relation"
    )
    assert shown([listed], [features]) == ["Alpha syndrome has the feature: Tall stature; Cataract"]
    fewer = statement("Alpha syndrome has these recorded features: Cataract.", "relation")
    assert shown([fewer], [features]) == ["Alpha syndrome has the feature: Cataract"]
    apart = statement("Named by one source alone, as a cause or a modifier: Cataract.", "relation")
    assert shown([apart], [features]) == []
    yes = statement("Yes: Cataract is a recorded feature of Alpha syndrome.", "relation")
    assert shown([yes], [features]) == [yes.text]
    short = passage("Alpha syndrome is treated with rest.", 1)
    assert shown([statement(short.text)], [short]) == []
    assert shown([statement(short.text), statement(LONG, evidence=("2",))], [short, passage(LONG, 2)]) == [
        short.text,
        LONG,
    ]
    assert shown([statement("I48.91: Unspecified atrial fibrillation", "code")], [short]) == []
    assert shown([statement("1. Alpha syndrome: 2 of 2 findings", "ranking")], [short]) == []


@pytest.mark.parametrize("budget", [5, 20, 60, 100, 10_000])
def test_the_statements_shown_fit_into_the_budget_and_are_cut_at_an_item(budget):
    texts = shown([statement(LONG), statement(f"Also, {LONG}", evidence=("2",))], [passage(LONG, 1), passage(LONG, 2)],
                  budget)  # fmt: skip
    model = says("x")
    assert sum(len(model.tokenise(f"[0] {text}\n")) for text in texts) <= budget
    assert all(text == LONG or LONG.startswith(text) or f"Also, {LONG}".startswith(text) for text in texts)
    assert all(text.endswith(".") or text[-1].isdigit() or text == "Also" for text in texts)
    assert bool(texts) == (budget > 5)


def test_what_every_prompt_begins_with_is_the_same():
    item = prompt_for("Q1?", [ShownStatement("A.", ())])
    other = prompt_for("Quite another question?", [ShownStatement("B.", ()), ShownStatement("C.", ())])
    assert item[:-1] == other[:-1]
    assert item[0]["content"] == RULES
    assert item[-1]["content"].startswith("Evidence:\n[1] A.\n\nQuestion: Q1?\n")
