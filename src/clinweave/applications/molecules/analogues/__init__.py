"""Analogues of a lead: transformations learned from matched pairs, and the neighbourhood of its latent."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.analogues.requests import AnalogueRequest as AnalogueRequest
    from clinweave.applications.molecules.analogues.requests import analogue_request as analogue_request
    from clinweave.applications.molecules.analogues.results import AnalogueResult as AnalogueResult
    from clinweave.applications.molecules.analogues.results import WaySummary as WaySummary
    from clinweave.applications.molecules.analogues.results import write_analogues as write_analogues
    from clinweave.applications.molecules.analogues.results import write_page as write_page
    from clinweave.applications.molecules.analogues.search import WAYS as WAYS
    from clinweave.applications.molecules.analogues.search import find_analogues as find_analogues
    from clinweave.applications.molecules.analogues.transformations import Transformations as Transformations
    from clinweave.applications.molecules.analogues.transformations import learn as learn
    from clinweave.applications.molecules.analogues.transformations import (
        open_transformations as open_transformations,
    )

__getattr__, __dir__ = attach(
    __name__,
    {
        "AnalogueRequest": "requests",
        "AnalogueResult": "results",
        "Transformations": "transformations",
        "WAYS": "search",
        "WaySummary": "results",
        "analogue_request": "requests",
        "find_analogues": "search",
        "learn": "transformations",
        "open_transformations": "transformations",
        "write_analogues": "results",
        "write_page": "results",
    },
)
