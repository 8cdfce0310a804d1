"""An OpenAI-compatible address for a model, with or without knowledge; on this machine alone unless told otherwise."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.app import Limits as Limits
    from clinweave.service.app import make_app as make_app
    from clinweave.service.desk import Desk as Desk
    from clinweave.service.serving import serve as serve

__getattr__, __dir__ = attach(
    __name__, {"Desk": "desk", "Limits": "app", "make_app": "app", "serve": "serving"}
)
