"""The page Ask: a question, its answer with citation marks, and follow-up questions about the same subject."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import UserError
from clinweave.records import Answer, Audience
from clinweave.service.pages.answer_view import answer_view
from clinweave.service.pages.follow_up import Subject, subject_of, with_subject
from clinweave.service.pages.forms import FormFields, read_form
from clinweave.service.pages.rendering import render

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
        result, asked = await self._state.answers.run(self._ask, question, audience, _subject(form))
        return self._page(request, result, audience, asked)

    def _ask(self, question: str, audience: Audience, subject: Subject | None) -> tuple[Answer, str]:
        """Return the answer and the question as the user wrote it."""
        base, retrievers = self._state.base, self._state.chat.retrievers or ("graph", "text")
        asked = question
        if subject is not None and base.has("graph"):
            asked = with_subject(question, base.link(question), subject)
        return base.ask(asked, retrievers=retrievers, audience=audience), question

    def _page(
        self, request: Request, result: Answer | None, audience: Audience, written: str | None
    ) -> Response:
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
