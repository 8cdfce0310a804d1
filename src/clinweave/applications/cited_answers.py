"""Ask a model, show only what its citations bear out: retrieve, prompt, generate, check, or abstain."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinweave import caution
from clinweave.applications.quoting import quoted
from clinweave.errors import NotCapableError
from clinweave.knowledge import CitationChecker, Knowledge, Weaver, Woven, messages_for
from clinweave.leaving import PSEUDONYMISED, host_of_model, permit
from clinweave.models import Capability, LanguageModel, Message
from clinweave.records import Answer, Evidence, Sentence, Tier, Verdict

Show = Callable[[Woven, list[Message]], None]  # given the evidence and the prompt
DISCLAIMER = "For research, not for clinical decisions."
UNKNOWN = "I do not know: nothing in the answer was borne out by the evidence."
NO_EVIDENCE = "I do not know: no evidence was retrieved for this question."
UNCHECKED = "Without evidence nothing can be verified; what follows is the model's own, unchecked."


def consult(
    question: str,
    *,
    model: LanguageModel,
    weaver: Weaver,
    checker: CitationChecker,
    knowledge: Knowledge = "both",
    budget: int = 512,
    max_tokens: int = 160,
    allow_remote: str = "",
    show: Show | None = None,
) -> Answer:
    """Return an answer in which every sentence carries a verdict; with none supported it abstains.

    `text` of the answer holds the supported sentences alone, or says that it is not known; the records that were found
    stand in `evidence` either way. A request that a rule of `clinweave.caution` meets (someone in danger, harm, a dose)
    gets the rule's text, for a dose with what a passage says word for word, and the model is not asked. `show` is given
    the evidence and the prompt before the model is. Raises `UserError` for bad input, for a model that cannot generate,
    and for gated or private evidence with a model elsewhere (`allow_remote` names the host that may see it).
    """
    if Capability.GENERATE not in model.capabilities:
        raise NotCapableError(f"the model {model.name} does not generate text: choose another with --model")
    begun = time.perf_counter()
    rule = caution.screen(question)
    known: dict[str, Any] = {"question": question, "model": model.name, "knowledge": knowledge}
    if rule is not None and rule != caution.Kind.DOSE:
        return _by_rule(rule, Woven((), (), ()), known, show)
    woven = weaver.evidence(
        question,
        knowledge=knowledge,
        budget=budget,
        count_tokens=lambda text: _tokens(model, text),
    )
    found = time.perf_counter()
    if rule is not None:
        return _by_rule(rule, woven, known, show)
    guard_tiers(model, woven.items, allow_remote)
    messages = messages_for(" ".join(question.split()), woven.items)
    if show is not None:
        show(woven, messages)
    timings = {"retrieve": found - begun}
    tokens: dict[str, int] = {}
    sentences: tuple[Sentence, ...] = ()
    text, abstained = NO_EVIDENCE, True
    if knowledge == "none" or woven.items:
        reply = model.generate(messages, max_tokens=max_tokens, temperature=0.0)
        written = time.perf_counter()
        sentences = without_doses(checker.check_answer(_own(reply.text), woven.items))
        text, abstained = _shown_text(sentences, knowledge)
        timings |= {"generate": written - found, "check": time.perf_counter() - written}
        tokens = {"prompt": reply.prompt_tokens, "completion": reply.completion_tokens}
    return _answer(woven, text, sentences, **known, timings=timings, tokens=tokens, abstained=abstained)


def _by_rule(rule: caution.Kind, woven: Woven, known: Mapping[str, Any], show: Show | None) -> Answer:
    """Return the rule's own text (with quotations of a dose, where evidence holds them); no model is asked."""
    if show is not None:
        show(woven, [])
    text, sentences = quoted(woven) if rule == caution.Kind.DOSE else (caution.REPLIES[rule], ())
    return _answer(woven, text, sentences, **known, abstained=not sentences, rule=rule)


def guard_tiers(model: LanguageModel, items: Sequence[Evidence], allow_remote: str = "") -> None:
    """Refuse to send gated or private records to a model beyond this machine (see `clinweave.leaving.permit`)."""
    host = host_of_model(model)
    for item in items:
        passage = item.passage
        replaced = passage is not None and passage.licence.startswith(PSEUDONYMISED)
        for relation in item.relations:
            permit(Tier(relation.tier), host, allow_remote, what="evidence")
        if passage is not None:
            permit(Tier(passage.tier), host, allow_remote, what="evidence", pseudonymised=replaced)


def _tokens(model: LanguageModel, text: str) -> int:
    if Capability.TOKENISE in model.capabilities:
        return len(model.tokenise(text))
    return model.count_tokens([Message(role="user", content=text)])  # the back end's own cautious estimate


def _own(reply: str) -> str:
    """Return a reply without the disclaimer that our own address adds."""
    return reply.strip().removesuffix(DISCLAIMER).rstrip()


def without_doses(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences without amounts of a drug that no evidence bears out, whatever was asked."""
    return tuple(
        replace(item, text="(an amount of a drug, left out)", reason="a dose is given only as a quotation")
        if caution.states_dose(item.text) and item.verdict != Verdict.SUPPORTED
        else item
        for item in sentences
    )


def _shown_text(sentences: Sequence[Sentence], knowledge: str) -> tuple[str, bool]:
    """Return the text of the answer and whether it abstains."""
    supported = [item for item in sentences if item.verdict == Verdict.SUPPORTED]
    lines = [f"{item.text} {''.join(f'[{number}]' for number in item.evidence)}" for item in supported]
    text = " ".join(lines)
    if not supported:
        text = UNKNOWN if knowledge != "none" else f"I do not know. {UNCHECKED}"
    return text, not supported


def _answer(
    woven: Woven,
    text: str,
    sentences: tuple[Sentence, ...],
    *,
    question: str,
    model: str,
    knowledge: str,
    abstained: bool,
    timings: dict[str, float] | None = None,
    tokens: dict[str, int] | None = None,
    rule: caution.Kind | None = None,
) -> Answer:
    """Return the answer in its form: what is said, where help is (when someone at hand is meant), the disclaimer."""
    if rule is None and caution.of_a_person(question):
        text = f"{text} {caution.EMERGENCY}"
    rounded = {name: round(seconds, 3) for name, seconds in (timings or {}).items()}
    return Answer(
        question,
        f"{text} {DISCLAIMER}",
        sentences,
        woven.items,
        abstained,
        model,
        knowledge,
        rule.value if rule else "",
        rounded,
        tokens or {},
    )
