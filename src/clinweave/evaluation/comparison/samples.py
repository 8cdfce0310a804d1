"""One item under one condition: prepared (evidence and prompt), then scored and cached."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import islice
from threading import Lock

from clinweave.core.errors import ModelError, UserError
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.comparison.conditions import (
    Condition,
    EvidenceProvider,
    find_condition,
    in_report_order,
    others_of,
)
from clinweave.evaluation.comparison.lookup import has_gold, look_up, named_options
from clinweave.evaluation.comparison.perturbations import perturbed
from clinweave.evaluation.comparison.prompts import messages
from clinweave.models import (
    MAX_TOKENS,
    Choice,
    LanguageModel,
    Message,
    choose,
    choose_method,
    identity_of,
    same_option,
    sent_prompts,
)
from clinweave.records import Evidence, Question, Tier

BLIND = "options-only"  # the control that hides the question
METHODS = ("auto", "option-text", "letter", "generation")
_FAILURES = 5  # in a row; then the model counts as unavailable
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Sample:
    """The result of one item under one condition. `choice` None is unscored, and `unscored` says why."""

    task: str
    id: str
    kind: str
    cluster: str
    condition: str
    question: str
    options: tuple[str, ...]
    answer: int
    choice: int | None = None
    score: float = 0.0  # 1 right; 0 wrong, unparsed, or where the look-up did not decide
    unscored: str = ""  # "", "undecided", "unparsed", "tokens", "error"
    method: str = ""
    scores: tuple[float, ...] = ()
    raw: str = ""
    gold: bool | None = None  # the gold relation or passage is in the evidence
    named: bool = False  # the evidence names the right option
    evidence: tuple[str, ...] = ()
    evidence_tokens: int = 0
    prompt: str = ""  # hash
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """A prepared sample and its prompt."""

    sample: Sample
    prompt: list[Message]


def prepare(
    questions: Sequence[Question],
    conditions: Sequence[str],
    provider: EvidenceProvider,
    tick: Tick,
    method: str = "option-text",
) -> Iterator[Job]:
    """Yield the jobs of a task, all conditions of an item together: a run cut short stays paired."""
    for question in questions:
        others = others_of(question, questions) if _needs_others(conditions) else []
        for name in conditions:
            if provider.applies(find_condition(name), question):
                yield _job(question, find_condition(name), provider, others, method)
        tick(1)


def _needs_others(conditions: Sequence[str]) -> bool:
    """Return whether a condition shows evidence about another item."""
    return any(
        name in {"wrong-entity", "wrong-text"} or find_condition(name).perturbation == "distracting"
        for name in conditions
    )


def _job(
    question: Question,
    condition: Condition,
    provider: EvidenceProvider,
    others: Sequence[Question],
    method: str,
) -> Job:
    question = perturbed(question, condition.perturbation)
    evidence = provider.evidence(condition, question, others)
    prompt = messages("" if condition.name == BLIND else question.question, evidence.items, method)
    sample = Sample(
        task=question.task,
        id=question.id,
        kind=question.kind,
        cluster=question.cluster or question.id,
        condition=condition.name,
        question=question.question,
        options=question.options,
        answer=question.answer,
        gold=has_gold(question, evidence.items) if _can_hold_gold(condition, question) else None,
        named=any(
            same_option(question.options, index, question.answer)
            for index in named_options(question, evidence.items)
        ),
        evidence=tuple(item.text for item in evidence.items) if _public(evidence.items) else (),
        evidence_tokens=evidence.tokens,
    )
    if condition.name != "lookup":
        return Job(sample, prompt)
    choice = look_up(question, evidence.items)
    return Job(
        replace(
            sample,
            choice=choice,
            score=float(same_option(question.options, choice, question.answer)),
            method="look-up",
            unscored="undecided" if choice is None else "",
        ),
        prompt,
    )


def _can_hold_gold(condition: Condition, question: Question) -> bool:
    """Return whether a condition's evidence could hold the gold relation, or the gold text."""
    return ("graph" if question.gold is not None else "text") in condition.retrievers


def _public(items: Sequence[Evidence]) -> bool:
    """Return whether evidence may be written into results: nothing gated or private is copied there."""
    tiers = {row.tier for item in items for row in item.relations}
    tiers |= {item.passage.tier for item in items if item.passage is not None}
    return tiers <= {Tier.PUBLIC, Tier.PUBLIC.value}


class Scorer:
    """Scores jobs with one model, from the cache where it can. Safe to call from several threads."""

    def __init__(
        self,
        model: LanguageModel,
        cache: Cache,
        *,
        method: str = "auto",
        max_tokens: int = MAX_TOKENS,
        reasoning: bool = False,
        max_tokens_total: int | None = None,
        reuse_unidentified: bool = False,
    ) -> None:
        if method not in METHODS:
            raise UserError(f"unknown way of choosing {method!r}: choose {', '.join(METHODS)}")
        self.method = choose_method(model) if method == "auto" else method
        self.model = model
        self.cache = cache
        self.max_tokens, self.reasoning = max_tokens, reasoning
        self.describe = {
            key: value for key, value in model.describe().items() if key not in {"threads", "seconds"}
        }
        identity = identity_of(model, probe=reuse_unidentified)
        self.describe["weights"] = identity or "not stated"
        # Scores of weights that nobody identifies are good for this run alone: the next run may meet other weights.
        self._run = "" if identity else secrets.token_hex(16)
        self.failure = ""  # what the model said when it last failed
        self.fresh = 0  # items scored now
        self.reused = 0  # items taken from the cache
        self.spent = 0  # tokens of the items scored now
        self._limit = max_tokens_total
        self._failures = 0
        self._lock = Lock()

    def __call__(self, job: Job) -> Sample:
        """Return the scored sample. Raises `ModelError` after several failures in a row."""
        sample = job.sample
        if sample.method == "look-up":
            return sample
        key = Cache.key(self.describe, self._method_key(), job.prompt, sample.options)
        cached = self.cache.get(key + self._run)
        if cached is None:
            if self._limit is not None and self.spent >= self._limit:
                return replace(sample, method=self.method, unscored="tokens", prompt=key)
            choice = self._ask(job)
            if choice is None:
                return replace(sample, method=self.method, unscored="error", prompt=key)
            cached = asdict(choice)
            self.cache.put(key + self._run, cached)
        else:
            with self._lock:
                self.reused += 1
        return _scored(sample, Choice(**cached), key)

    def _method_key(self) -> str:
        """Return the method with what changes a reply, as part of a score's key."""
        default = self.max_tokens == MAX_TOKENS and not self.reasoning
        if self.method != "generation" or default:
            return self.method
        return f"{self.method} {self.max_tokens}{' reasoning' if self.reasoning else ''}"

    def sent(self, job: Job) -> list[list[Message]]:
        """Return the prompts that a job sends to the model, exactly; none for a look-up."""
        if job.sample.method == "look-up":
            return []
        return sent_prompts(job.prompt, job.sample.options, self.method, reasoning=self.reasoning)

    def _ask(self, job: Job) -> Choice | None:
        try:
            choice = choose(
                self.model,
                job.prompt,
                list(job.sample.options),
                self.method,
                max_tokens=self.max_tokens,
                reasoning=self.reasoning,
            )
        except ModelError as error:
            with self._lock:
                self.failure = str(error)
                self._failures += 1
                if self._failures >= _FAILURES:
                    raise
            return None
        with self._lock:
            self._failures = 0
            self.fresh += 1
            self.spent += choice.tokens
        return choice


def _scored(sample: Sample, choice: Choice, key: str) -> Sample:
    return replace(
        sample,
        choice=choice.index,
        score=float(same_option(sample.options, choice.index, sample.answer)),
        unscored="" if choice.index is not None else "unparsed",
        method=choice.method,
        scores=tuple(round(value, 6) for value in choice.scores),
        raw=choice.raw,
        prompt=key,
        tokens=choice.tokens,
        seconds=choice.seconds,
    )


def score_all(jobs: Sequence[Job], scorer: Scorer, tick: Tick, *, concurrency: int = 1) -> list[Sample]:
    """Return the samples in the order of the jobs; `concurrency` threads ask a remote model at once.

    Raises `ModelError` where the model failed on every item that it was asked: such a run measures nothing.
    """
    samples = _scored_all(jobs, scorer, tick, concurrency)
    asked = [sample for sample in samples if sample.method != "look-up"]
    if asked and all(sample.unscored == "error" for sample in asked):
        raise ModelError(f"the model failed on all {len(asked)} items: {scorer.failure}")
    return samples


def _scored_all(jobs: Sequence[Job], scorer: Scorer, tick: Tick, concurrency: int) -> list[Sample]:
    samples: list[Sample] = []
    if concurrency <= 1:
        for job in jobs:
            samples.append(scorer(job))
            tick(1)
        return samples
    waiting = iter(jobs)
    with ThreadPoolExecutor(concurrency) as pool:
        while batch := list(islice(waiting, 8 * concurrency)):
            for sample in pool.map(scorer, batch):
                samples.append(sample)
                tick(1)
    return samples


def to_row(sample: Sample) -> dict[str, object]:
    """Return a sample as the JSON row of samples.jsonl; what differs from run to run (seconds) is left out."""
    row = asdict(sample)
    row.pop("seconds")
    return row


def by_condition(rows: Iterable[Sample]) -> Mapping[str, list[Sample]]:
    """Return condition -> its samples, in the order of reports."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for row in rows:
        groups[row.condition].append(row)
    return {name: groups[name] for name in in_report_order(groups)}
