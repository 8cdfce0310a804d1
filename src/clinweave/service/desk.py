"""Answers a parsed request: the rules first, then the model, with evidence as `ask` does it or as it came."""

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinweave import caution
from clinweave.applications import DISCLAIMER, consult
from clinweave.models import LanguageModel
from clinweave.records import Evidence, Passage, Relation, to_json
from clinweave.service.requests import Asked

if TYPE_CHECKING:
    from clinweave.knowledge import CitationChecker, Knowledge, Weaver

_SENTENCE = re.compile(r"(?<=[.!?])(\s+)")
_LEFT_OUT = "(an amount of a drug, left out)"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back: the whole text, checked; the counts; and what OpenAI's form has no place for."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    more: dict[str, Any]


class Desk:
    """A model, and what is woven into its prompts. One request at a time reaches the model."""

    def __init__(
        self,
        model: LanguageModel,
        weaver: "Weaver",
        checker: "CitationChecker",
        *,
        name: str,
        knowledge: "Knowledge" = "none",
        budget: int = 512,
        allow_remote: str = "",
    ) -> None:
        self.model, self.name, self.knowledge = model, name, knowledge
        self._weaver, self._checker, self._budget, self._remote = weaver, checker, budget, allow_remote
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        """Return the reply to a request. Raises `UserError` and `ModelError` as the model and the weaver do."""
        with self._lock:
            return self._bare(asked) if self.knowledge == "none" else self._woven(asked)

    def _woven(self, asked: Asked) -> Reply:
        """Answer the last message from evidence; earlier turns are not read, as each question stands for itself."""
        answer = consult(
            asked.messages[-1]["content"],
            model=self.model,
            weaver=self._weaver,
            checker=self._checker,
            knowledge=self.knowledge,
            budget=self._budget,
            max_tokens=asked.max_tokens,
            allow_remote=self._remote,
        )
        more = {
            "knowledge": answer.knowledge,
            "abstained": answer.abstained,
            "caution": answer.caution,
            "sentences": [to_json(one) for one in answer.sentences],
            "citations": [citation(one) for one in answer.evidence],
            "disclaimer": DISCLAIMER,
        }
        tokens = answer.tokens
        return Reply(answer.text, "stop", tokens.get("prompt", 0), tokens.get("completion", 0), more)

    def _bare(self, asked: Asked) -> Reply:
        """Pass the messages on; nothing can be verified, so amounts of a drug are left out unless they were given."""
        request = own_words(asked.messages[-1]["content"])
        rule = caution.screen(request)
        more: dict[str, Any] = {
            "knowledge": "none",
            "abstained": False,
            "caution": "",
            "disclaimer": DISCLAIMER,
        }
        if rule is not None:
            more |= {"abstained": True, "caution": rule.value}
            return Reply(f"{caution.REPLIES[rule]} {DISCLAIMER}", "stop", 0, 0, more)
        made = self.model.generate(
            asked.messages,
            max_tokens=asked.max_tokens,
            temperature=asked.temperature,
            seed=asked.seed,
            stop=asked.stop,
        )
        text = without_amounts(made.text.strip(), " ".join(one["content"] for one in asked.messages))
        if caution.of_a_person(request):
            text = f"{text}\n{caution.EMERGENCY}"
        return Reply(
            f"{text}\n{DISCLAIMER}", made.finish_reason, made.prompt_tokens, made.completion_tokens, more
        )


def own_words(content: str) -> str:
    """Return what a user asks: of a prompt of clinweave's own form, the question alone without its evidence."""
    if content.startswith("Evidence:\n") and "\n\nQuestion: " in content:
        return content.rpartition("\n\nQuestion: ")[2].rpartition("\n")[0] or content
    return content


def without_amounts(text: str, given: str) -> str:
    """Return the text without sentences that state an amount of a drug, unless the prompt holds them word for word."""
    parts = _SENTENCE.split(text)
    for place in range(0, len(parts), 2):
        bare = re.sub(r"\s*\[\d+\]", "", parts[place]).strip(" .")
        if caution.states_dose(bare) and bare.casefold() not in given.casefold():
            parts[place] = _LEFT_OUT
    return "".join(parts)


def citation(item: Evidence) -> dict[str, Any]:
    """Return what stands behind one numbered item: its text, and source, release and licence of each record."""
    records: list[Relation | Passage] = [
        *item.relations,
        *([item.passage] if item.passage is not None else []),
    ]
    sources = dict.fromkeys((one.source, one.release, one.licence) for one in records)
    publications = dict.fromkeys(name for one in item.relations for name in one.publications)
    return {
        "id": item.id,
        "kind": item.kind,
        "text": item.text,
        "sources": [
            {"source": source, "release": release, "licence": licence} for source, release, licence in sources
        ],
        "publications": list(publications),
        "document": item.passage.document if item.passage is not None else None,
    }
