"""The page Ask: a question, its answer with citation marks, and follow-up questions about the same subject."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from clinweave.agent import AgentResult
from clinweave.core.errors import UserError
from clinweave.records import Answer, Audience
from clinweave.service.agent_runs import read_replies, run_agent, step_views
from clinweave.service.pages.answer_view import answer_view
from clinweave.service.pages.follow_up import Subject, subject_of, with_subject
from clinweave.service.pages.forms import FormFields, read_form
from clinweave.service.pages.rendering import render
from clinweave.service.pages.sources_alone import SourcesAlone
from clinweave.service.security.admission import user_of
from clinweave.tools import MAX_ITEMS

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState

EXAMPLES = (
    "Which gene is associated with Marfan syndrome?",
    "What is the treatment of hypoglycaemia?",
    "How is cystic fibrosis inherited?",
)


class AskPage:
    """The routes of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """Return the page without an answer."""
        return self._page(request, None, self._state.base.audience, None)

    async def answer(self, request: Request) -> Response:
        """Answer the question of the form; for htmx the answer alone, with the subject for the next question."""
        form = await read_form(request)
        question = " ".join(form.text("question").split())
        if not question:
            raise UserError("the question is empty: write it into the box")
        audience = _audience(form, self._state.base.audience)
        if form.text("steps") == "yes":
            return await self._in_steps(request, form, question, audience)
        result = await self._state.lookups.run(self._ask, question, audience, _subject(form))
        return self._page(request, result, audience, question)

    async def _in_steps(
        self, request: Request, form: FormFields, question: str, audience: Audience
    ) -> Response:
        """Answer with the agent; every step is shown. A question of the agent is a form with the replies so far."""
        self._state.rules.check_role(user_of(request), "/api/v1/agent")
        self._state.preparation.check("diagnose")
        replies = form.texts("reply")[-MAX_ITEMS:]
        run = await self._state.answers.run(
            self._run_agent, question, audience, read_replies(replies), _subject(form)
        )
        return self._page(request, run.answer, audience, question, complete=True, run=run, replies=replies)

    def _run_agent(
        self, question: str, audience: Audience, replies: dict[str, str], subject: Subject | None
    ) -> AgentResult:
        base = self._state.base
        if subject is not None and base.has("graph"):
            question = with_subject(question, base.link(question), subject)
        return run_agent(base, question, audience, replies)

    async def with_model(self, request: Request) -> Response:
        """Answer the same question once more, with the sentences of the model."""
        form = await read_form(request)
        question, written = form.text("asked").strip(), form.text("question").strip()
        if not question or not self._state.has_model:
            raise UserError("there is no question, or no model to write about it")
        audience = _audience(form, self._state.base.audience)
        base = self._state.base
        result = await self._state.answers.run(
            base.ask, question, retrievers=self._retrievers, audience=audience
        )
        return self._page(request, result, audience, written or question, complete=True)

    @property
    def _retrievers(self) -> tuple[str, ...]:
        return self._state.chat.retrievers or ("graph", "text")

    def _ask(self, question: str, audience: Audience, subject: Subject | None) -> Answer:
        """Return what the sources say of a question, about the subject of the one before if it names none."""
        base = SourcesAlone(self._state.base) if self._state.has_model else self._state.base
        if subject is not None and base.has("graph"):
            question = with_subject(question, base.link(question), subject)
        return base.ask(question, retrievers=self._retrievers, audience=audience)

    def _page(
        self,
        request: Request,
        result: Answer | None,
        audience: Audience,
        written: str | None,
        *,
        complete: bool = False,
        run: AgentResult | None = None,
        replies: tuple[str, ...] = (),
    ) -> Response:
        """Return the page, or the answer alone; `complete` says that a model, if any, has written its sentences."""
        view = answer_view(result) if result is not None else None
        return render(
            request,
            "answer.html" if request.headers.get("hx-request") == "true" and view else "ask.html",
            view=view,
            written=written,
            subject=subject_of(result) if result is not None else None,
            audience=audience.value,
            examples=EXAMPLES,
            model=self._state.base.model_name,
            has_model=self._state.has_model,
            # the sources' answer is shown at once; the model's sentences are asked for afterwards
            model_to_come=self._state.has_model
            and not complete
            and result is not None
            and not result.guardrail,
            complete=complete and self._state.has_model,
            run=run,
            steps=step_views(run) if run is not None else (),
            replies=replies,
            in_steps=run is not None,
        )


def _audience(form: FormFields, default: Audience) -> Audience:
    value = form.text("audience", default.value)
    if value not in {item.value for item in Audience}:
        raise UserError("the audience is clinician or public")
    return Audience(value)


def _subject(form: FormFields) -> Subject | None:
    """Return the subject of the question before, None where the user does not keep it."""
    name, text, question = (
        form.text(field).strip() for field in ("subject", "subject_text", "subject_question")
    )
    return Subject(name, text, question) if name and question and form.text("keep") == "yes" else None
