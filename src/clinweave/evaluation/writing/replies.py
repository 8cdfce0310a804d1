"""Replies to the items of a task: asked once, kept in the run's cache, scored. What fails is counted per item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinweave.core.errors import ModelError
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.judging import DEFAULT_RUBRICS, RubricJudge
from clinweave.evaluation.writing.items import Item
from clinweave.evaluation.writing.tasks import WrittenTask
from clinweave.models import LanguageModel, identity_of

CONTROL = "control"
_FAILURES = 5  # in a row; then the model counts as unavailable
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Reply:
    """One reply. `unscored` says why there is none: "error" (the model failed) or "empty".

    `cut`: it was ended by max_tokens.
    """

    task: str
    id: str
    kind: str
    cluster: str
    condition: str
    question: str
    reference: str
    reply: str = ""
    outcome: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    unscored: str = ""
    cut: bool = False
    prompt_tokens: int = 0
    written_tokens: int = 0
    seconds: float = 0.0


class Writer:
    """Asks one model. An item that it fails on is counted; several failures in a row end the run."""

    def __init__(
        self, model: LanguageModel, cache: Cache, max_tokens: int, seed: int, *, probe: bool = False
    ) -> None:
        self.model, self._cache, self._max_tokens, self._seed = model, cache, max_tokens, seed
        known = {key: value for key, value in model.describe().items() if key not in {"threads", "seconds"}}
        identity = identity_of(model, probe=probe)
        self.describe: dict[str, Any] = {**known, "weights": identity or "not stated"}
        self._reuse = bool(identity)  # replies of weights that nobody identifies are good for this run alone
        self._failures = 0

    def __call__(self, task: WrittenTask, item: Item, condition: str, name: str) -> Reply:
        """Return the scored reply to an item under a condition; `name` is the condition's name in the results."""
        blank = _blank(task, item, name)
        if (ruled := task.answered(item, condition)) is not None:
            return _scored(task, item, blank, {"reply": ruled})
        prompt = task.messages(item, condition)
        key = Cache.key(self.describe, f"written {self._max_tokens} {self._seed}", prompt, [])
        row = self._cache.get(key) if self._reuse else None
        if row is None:
            try:
                made = self.model.generate(
                    prompt, max_tokens=self._max_tokens, temperature=0.0, seed=self._seed
                )
            except ModelError:
                self._failures += 1
                if self._failures >= _FAILURES:
                    raise
                return Reply(**{**blank, "unscored": "error"})
            self._failures = 0
            row = {
                "reply": made.text, "cut": made.finish_reason == "length", "prompt_tokens": made.prompt_tokens,
                "written_tokens": made.completion_tokens, "seconds": round(made.seconds, 3),
            }  # fmt: skip
            if self._reuse:
                self._cache.put(key, row)
        return _scored(task, item, blank, row)


def control_replies(task: WrittenTask, items: Sequence[Item]) -> list[Reply]:
    """Return what one does without a model: always refuse, always "correct", the conversation itself."""
    return [_scored(task, item, _blank(task, item, CONTROL), {"reply": task.control(item)}) for item in items]


def _blank(task: WrittenTask, item: Item, condition: str) -> dict[str, Any]:
    return {
        "task": task.settings.type, "id": item.id, "kind": item.kind, "cluster": item.cluster, "condition": condition,
        "question": item.question, "reference": item.reference,
    }  # fmt: skip


def _scored(task: WrittenTask, item: Item, blank: dict[str, Any], row: dict[str, Any]) -> Reply:
    scored = task.score(item, str(row["reply"]))
    unscored = "" if str(row["reply"]).strip() else "empty"  # scored all the same, and counted
    return Reply(**{**blank, **row, "outcome": scored.outcome, "scores": dict(scored), "unscored": unscored})


@dataclass(frozen=True)
class Judged:
    """Ratings of replies by a model: "condition\\titem" -> rubric -> value, and how many were no number."""

    ratings: dict[str, dict[str, float]]
    unparsed: int
    failed: int
    spread: float | None  # mean difference between the scale listed up and down
    judge: str


def judged(replies: Sequence[Reply], judge: RubricJudge, tick: Tick) -> Judged:
    """Rate each reply by every rubric, the scale in both orders; failures of the judge are counted."""
    ratings: dict[str, dict[str, float]] = {}
    unparsed = failed = 0
    spreads = []
    for reply in replies:
        for rubric in DEFAULT_RUBRICS:
            try:
                rating = judge.rate(rubric, reply.question, reply.reply, reply.reference)
            except ModelError:
                failed += 1
                continue
            unparsed += rating.unparsed
            if rating.value is not None:
                ratings.setdefault(f"{reply.condition}\t{reply.id}", {})[f"judge-{rubric.id}"] = rating.value
                spreads.append(rating.spread)
        tick(1)
    mean = sum(spreads) / len(spreads) if spreads else None
    return Judged(ratings, unparsed, failed, mean, judge.model.name)
