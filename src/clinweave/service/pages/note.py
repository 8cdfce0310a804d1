"""The page Note: a letter is read, its findings are corrected, and a differential, codes and a summary follow.

Nothing is stored: the letter and the corrections travel in the form, and are forgotten after each request.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import UserError
from clinweave.service.pages.forms import read_form
from clinweave.service.pages.note_export import as_csv, as_paragraph, as_phenopacket
from clinweave.service.pages.note_form import NoteForm, note_form
from clinweave.service.pages.note_view import LABELS, SIGNS, LetterView, anchor_of, read_view, term_choices
from clinweave.service.pages.rendering import is_partial, render

if TYPE_CHECKING:
    from clinweave.applications.coding import Coding
    from clinweave.applications.diagnosis import DiagnosisResult
    from clinweave.applications.summary import Summary
    from clinweave.service.state import ServiceState

Result = TypeVar("Result")
_RANKS = 10
_PARTS = ("differential", "codes", "summary", "paragraph")
_TOOLS = {"differential": "diagnose", "paragraph": "diagnose", "codes": "code"}  # whose tables a part needs
EXAMPLE = """\
Thank you for referring this girl of 16 years with a possible connective tissue disorder. She is tall, with long \
fingers, scoliosis and pectus excavatum. Ectopia lentis was seen at the age of six. Echocardiography showed a dilated \
aortic root. There is no intellectual disability and no history of seizures. She may have joint hypermobility. Her \
father died of an aortic dissection; her mother has myopia. Potassium 3.1 mmol/L.
"""


class NotePage:
    """The routes of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """Return the empty page; with ?example=yes a made-up letter."""
        text = EXAMPLE if request.query_params.get("example") == "yes" else ""
        return self._page(request, NoteForm(text), None, {})

    async def read(self, request: Request) -> Response:
        """Read the letter of the form after a correction. Without scripts, everything that follows from it is there."""
        fields = await read_form(request)
        form = note_form(fields).after(fields.text("action"))
        if not form.text.strip() and not (form.observed or form.excluded or form.search):
            raise UserError("there is no letter: paste one, choose a file, or add a finding by its name")
        view, choices = await self._state.lookups.run(self._read, form)
        parts: dict[str, object] = {"choices": choices}
        if not is_partial(request):
            parts |= await self._state.lookups.run(self._parts, view, form, _PARTS)
        return self._page(request, form, view, parts)

    async def part(self, request: Request) -> Response:
        """Return one part that follows from the letter: differential, codes, summary or paragraph."""
        name = str(request.path_params["part"])
        form = note_form(await read_form(request))
        if name not in _PARTS:
            raise UserError("there is no such part of a note")
        if tool := _TOOLS.get(name):
            self._state.preparation.check(tool)
        view, _ = await self._state.lookups.run(self._read, form)
        parts = await self._state.lookups.run(self._parts, view, form, (name,))
        return render(request, f"note_{name}.html", parts, view=view, form=form)

    async def terms(self, request: Request) -> Response:
        """Return the findings whose names complete what was typed."""
        form = note_form(await read_form(request))
        choices = await self._state.lookups.run(term_choices, self._state.base.graph, form.search)
        return render(request, "note_choices.html", choices=choices, form=form)

    async def export(self, request: Request) -> Response:
        """Return the findings as a file: a phenopacket or CSV."""
        fields = await read_form(request)
        form, kind = note_form(fields), fields.text("format")
        view, _ = await self._state.lookups.run(self._read, form)
        if kind == "csv":
            return _download(as_csv(view), "findings.csv", "text/csv; charset=utf-8")
        if kind == "phenopacket":
            self._state.preparation.check("diagnose")
            text = await self._state.lookups.run(self._phenopacket, view, form)
            return _download(text, "phenopacket.json", "application/json")
        raise UserError("the format is phenopacket or csv")

    def _phenopacket(self, view: LetterView, form: NoteForm) -> str:
        return as_phenopacket(view, form, self._state.base.diagnoser().model)

    def _read(self, form: NoteForm) -> tuple[LetterView, object]:
        base = self._state.base
        return read_view(base, form), term_choices(base.graph, form.search)

    def _parts(self, view: LetterView, form: NoteForm, names: tuple[str, ...]) -> dict[str, object]:
        """Return what the named parts show; in the place of a part that cannot be had, why."""
        result: dict[str, object] = {}
        if "differential" in names or "paragraph" in names:
            ranked, problem = _tried(self._differential, view, form)
            result |= {"differential": ranked, "differential_problem": problem}
            result["paragraph"] = as_paragraph(view, ranked)
        if "codes" in names:
            result["codes"], result["codes_problem"] = _tried(self._codes, view, form)
        if "summary" in names:
            result["summary"], result["summary_problem"] = _tried(self._summary, view, form)
        return result

    def _differential(self, view: LetterView, form: NoteForm) -> "DiagnosisResult":
        if not view.observed and not view.excluded:
            raise UserError("no finding of the patient counts as present or absent; add one above")
        self._state.preparation.check("diagnose")
        case = view.case(form)
        return self._state.base.diagnose(
            case.observed, excluded=case.excluded, sex=form.sex, age=form.age, limit=_RANKS
        )

    def _codes(self, _view: LetterView, form: NoteForm) -> "Coding":
        if not form.text.strip():
            raise UserError("codes are read in a letter, and there is none")
        self._state.preparation.check("code")
        return self._state.base.code(form.text, setting=form.setting)

    def _summary(self, _view: LetterView, form: NoteForm) -> "Summary":
        from clinweave.applications.summary import summarize_notes

        if not form.text.strip():
            raise UserError("a summary is of a letter, and there is none")
        return summarize_notes({"letter": form.text}, self._state.base.linker.link)

    def _page(
        self, request: Request, form: NoteForm, view: LetterView | None, parts: dict[str, object]
    ) -> Response:
        template = "note_result.html" if is_partial(request) and view is not None else "note.html"
        return render(request, template, {"choices": (), **parts}, form=form, view=view, signs=SIGNS,
                      labels=LABELS, anchor_of=anchor_of, names=_PARTS)  # fmt: skip


def _tried(
    work: Callable[[LetterView, NoteForm], Result], view: LetterView, form: NoteForm
) -> tuple[Result | None, str]:
    """Return (result, "") or (None, why not) of a part that other parts do not depend on."""
    try:
        return work(view, form), ""
    except UserError as error:
        return None, str(error)


def _download(text: str, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.encode("utf-8", "replace"), media_type=kind, headers=headers)
