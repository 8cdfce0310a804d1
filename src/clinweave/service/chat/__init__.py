"""OpenAI's chat API: /v1/models, /v1/chat/completions, /v1/completions."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.chat.handler import ChatHandler as ChatHandler
    from clinweave.service.chat.routes import chat_routes as chat_routes

__getattr__, __dir__ = attach(__name__, {"ChatHandler": "handler", "chat_routes": "routes"})
