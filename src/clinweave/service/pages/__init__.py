"""The pages of the service: Ask, Note, Graph, Molecules, Runs and Data, rendered on the server.

`page_routes(state)` returns their routes. Every page works without scripts; where scripts run, htmx replaces parts
of a page. Nothing is stored: what a form needs again travels in the form.
"""

from clinweave.service.pages.routes import page_routes

__all__ = ["page_routes"]
