"""A condition of clinweave as a model of the lm-evaluation-harness: its tasks, with evidence put into the prompt.

    python -m clinweave.evaluation.comparison.lm_eval_model --model clinweave \
        --model_args model=smollm2,condition=graph,question=question --tasks pubmedqa

needs `pip install lm-eval`. Retrieval sees the field `question` of an item's document and never its options; the
prompt is the harness's own, below the evidence. Prompts are chats, so `--apply_chat_template` has no effect.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from clinweave.core.artifacts import home
from clinweave.core.errors import UserError
from clinweave.evaluation.comparison.conditions import EvidenceProvider, find_condition
from clinweave.evaluation.comparison.prompts import LISTED
from clinweave.evaluation.language_model import token_counter
from clinweave.knowledge import render
from clinweave.models import LanguageModel, Message, open_model
from clinweave.records import Question

NAME = "clinweave"
_OPTIONS = ("model", "condition", "budget", "question", "graph")


class Request(Protocol):
    """What the harness asks: its `Instance`."""

    @property
    def args(self) -> tuple[Any, ...]:
        """Return (context, continuation) or (context, settings)."""

    @property
    def doc(self) -> Mapping[str, Any]:
        """Return the item's document."""


class Likelihood(NamedTuple):
    """Log-likelihood of a continuation in nats; whether it is the greedy one is not known and said to be False."""

    logprob: float
    is_greedy: bool


class RequestAnswerer:
    """Answers the harness's requests with a model and the evidence of one condition."""

    def __init__(
        self,
        model: LanguageModel,
        provider: EvidenceProvider | None,
        condition: str,
        question: str = "question",
    ) -> None:
        """`provider` may be None for a condition without retrievers; `question` names the document's field."""
        self.model = model
        self.provider = provider
        self.condition = find_condition(condition)
        self.question = question

    def likelihoods(self, requests: Sequence[Request]) -> list[Likelihood]:
        """Return one likelihood per request; the continuations of one prompt are scored together."""
        made: list[Likelihood] = []
        for _, group in groupby(requests, key=lambda request: (id(request.doc), request.args[0])):
            rows = list(group)
            prompt = self.prompt(rows[0])
            # the harness puts a blank before each continuation; here it is the start of the assistant's turn
            scores = self.model.score(prompt, [str(row.args[1]).strip() or " " for row in rows])
            made += [Likelihood(score.logprob, is_greedy=False) for score in scores]
        return made

    def replies(self, requests: Sequence[Request]) -> Iterator[str]:
        """Yield one reply per request, up to the stops and the length that the task states."""
        for request in requests:
            settings = request.args[1]
            stops = settings.get("until") or []
            reply = self.model.generate(
                self.prompt(request),
                max_tokens=int(settings.get("max_gen_toks") or 256),
                temperature=float(settings.get("temperature") or 0.0),
                stop=[stops] if isinstance(stops, str) else list(stops),
            )
            yield reply.text

    def prompt(self, request: Request) -> list[Message]:
        """Return the chat of a request: the evidence for the document's question, then the harness's own prompt."""
        facts = ""
        if self.provider is not None and self.condition.retrievers:
            asked = str(self._asked(request.doc)).strip()
            question = Question(id="", task="", question=asked, options=(), answer=0)
            evidence = self.provider.evidence(self.condition, question, ())
            facts = f"Facts:\n{render(evidence.items)}\n\n" if evidence.items else ""
        content = f"{facts}{request.args[0]}"
        return [{"role": "system", "content": LISTED}, {"role": "user", "content": content}]

    def _asked(self, doc: Mapping[str, Any]) -> Any:
        if self.question not in doc:
            raise UserError(
                f"--model_args question={self.question}: the task's documents have no such field, only "
                f"{', '.join(map(str, doc))}"
            )
        return doc[self.question]


def open_answerer(
    model: str = "smollm2",
    condition: str = "base",
    budget: int = 400,
    question: str = "question",
    graph: str = "",
) -> RequestAnswerer:
    """Open a model and, where the condition needs it, the knowledge base of CLINWEAVE_HOME (or a built graph)."""
    from clinweave.evaluation.knowledge_bases import KnowledgeBaseBuilder

    opened = open_model(model, home=home())
    if not find_condition(condition).retrievers:
        return RequestAnswerer(opened, None, condition, question)
    base = KnowledgeBaseBuilder(home(), (), lambda _: None, graph).default()
    provider = EvidenceProvider(base.context_builder, token_counter(opened), int(budget))
    return RequestAnswerer(opened, provider, condition, question)


def register() -> type[Any]:
    """Register "clinweave" with the harness and return its class. Raises `UserError` where lm-eval is missing."""
    try:
        from lm_eval.api.model import LM
        from lm_eval.api.registry import register_model
    except ImportError as error:
        raise UserError("lm-eval is not installed: pip install lm-eval") from error

    @register_model(NAME)
    class ClinweaveLM(LM):  # type: ignore[misc]
        """The harness's face of `RequestAnswerer`."""

        def __init__(self, batch_size: Any = None, device: Any = None, **options: Any) -> None:  # noqa: ARG002
            super().__init__()
            known = {name: value for name, value in options.items() if name in _OPTIONS}
            if unknown := options.keys() - known.keys() - {"max_batch_size"}:
                raise UserError(
                    f"--model_args: unknown {', '.join(sorted(unknown))}; known are {', '.join(_OPTIONS)}"
                )
            self.answerer = open_answerer(**known)

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            """Return (log-likelihood, False) of each continuation."""
            return [tuple(pair) for pair in self.answerer.likelihoods(requests)]  # type: ignore[misc]

        def generate_until(self, requests: list[Any]) -> list[str]:
            """Return the replies."""
            return list(self.answerer.replies(requests))

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:  # noqa: ARG002
            """Refuse perplexity of plain text: prompts here are chats."""
            raise UserError(
                "clinweave answers chats; tasks of rolling log-likelihood (perplexity) are not supported"
            )

    return ClinweaveLM


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    register()
    cli_evaluate()
