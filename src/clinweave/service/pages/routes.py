"""The routes of the pages."""

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from clinweave.service.pages.ask import AskPage
from clinweave.service.pages.data import DataPage
from clinweave.service.pages.evidence import EvidencePages
from clinweave.service.pages.graph import GraphPage
from clinweave.service.pages.molecules import MoleculesPage
from clinweave.service.pages.note import NotePage
from clinweave.service.pages.notices import notices
from clinweave.service.pages.problems import as_page
from clinweave.service.pages.rendering import static
from clinweave.service.pages.runs import RunsPage

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState


def page_routes(state: "ServiceState") -> list[BaseRoute]:
    """Return the routes of all pages over the shared state of the service."""
    ask, evidence, note, graph = AskPage(state), EvidencePages(state), NotePage(state), GraphPage(state)
    data, runs, molecules = DataPage(state), RunsPage(state), MoleculesPage(state)
    return [
        Route("/", as_page(ask.show), methods=["GET"]),
        Route("/ask", as_page(ask.answer), methods=["POST"]),
        Route("/ask/model", as_page(ask.with_model), methods=["POST"]),
        Route("/passage", as_page(evidence.passage), methods=["GET"]),
        Route("/relation", as_page(evidence.relation), methods=["GET"]),
        Route("/note", as_page(note.show), methods=["GET"]),
        Route("/note", as_page(note.read), methods=["POST"]),
        Route("/note/terms", as_page(note.terms), methods=["POST"]),
        Route("/note/export", as_page(note.export), methods=["POST"]),
        Route("/note/{part}", as_page(note.part), methods=["POST"]),
        Route("/graph", as_page(graph.show), methods=["GET"]),
        Route("/graph/names", as_page(graph.names), methods=["GET"]),
        Route("/molecules", as_page(molecules.show), methods=["GET"]),
        Route("/molecules", as_page(molecules.read), methods=["POST"]),
        Route("/molecules/similar", as_page(molecules.similar), methods=["POST"]),
        Route("/runs", as_page(runs.show), methods=["GET"]),
        Route("/runs/{name}/report", as_page(runs.report), methods=["GET"]),
        Route("/data", as_page(data.show), methods=["GET"]),
        Route("/notices", as_page(notices), methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
