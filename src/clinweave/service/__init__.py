"""An OpenAI-compatible server for a knowledge base and a model, on this machine's loopback by default."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.app import Limits as Limits
    from clinweave.service.app import make_app as make_app
    from clinweave.service.handler import ChatHandler as ChatHandler
    from clinweave.service.serving import check as check
    from clinweave.service.serving import serve as serve

__getattr__, __dir__ = attach(
    __name__,
    {"check": "serving", "ChatHandler": "handler", "Limits": "app", "make_app": "app", "serve": "serving"},
)
