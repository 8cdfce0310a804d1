"""The server: OpenAI's chat API, the HTTP API and the pages over one knowledge base, on loopback by default.

Start reading at `app.make_app`, which assembles the parts, and `state.ServiceState`, which they share.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.app import make_app as make_app
    from clinweave.service.chat.handler import ChatHandler as ChatHandler
    from clinweave.service.security.policy import AccessRules as AccessRules
    from clinweave.service.security.users import Role as Role
    from clinweave.service.security.users import TokenStore as TokenStore
    from clinweave.service.security.users import token_store as token_store
    from clinweave.service.serving import Listen as Listen
    from clinweave.service.serving import check as check
    from clinweave.service.serving import make_server as make_server
    from clinweave.service.serving import serve as serve
    from clinweave.service.settings import ServiceSettings as ServiceSettings
    from clinweave.service.state import ServiceState as ServiceState
    from clinweave.service.workers import BusyError as BusyError
    from clinweave.service.workers import TooSlowError as TooSlowError
    from clinweave.service.workers import WorkerPool as WorkerPool

__getattr__, __dir__ = attach(
    __name__,
    {
        "AccessRules": "security.policy",
        "Listen": "serving",
        "Role": "security.users",
        "TokenStore": "security.users",
        "check": "serving",
        "BusyError": "workers",
        "ChatHandler": "chat.handler",
        "ServiceSettings": "settings",
        "ServiceState": "state",
        "TooSlowError": "workers",
        "WorkerPool": "workers",
        "make_app": "app",
        "make_server": "serving",
        "serve": "serving",
        "token_store": "security.users",
    },
)
