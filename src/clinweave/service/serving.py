"""Start the server: on loopback without more, elsewhere only with tokens."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from clinweave.core.access_policy import loopback
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.service.security.policy import SHORTEST, AccessRules

if TYPE_CHECKING:
    import uvicorn

    from clinweave.service.state import ServiceState

_STOPPING = 600  # seconds that running requests have after SIGTERM; a service manager may end it earlier
_CONNECTIONS = 1000


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen. With certificate and key the server speaks HTTPS alone."""

    host: str = "127.0.0.1"
    port: int = 8000  # 0: a free one
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        """Return "https" or "http"."""
        return "https" if self.certificate is not None else "http"


def serve(
    state: "ServiceState", listen: Listen | None = None, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until interrupted; `ready` is given the address to open ("http://127.0.0.1:8000").

    SIGTERM and SIGINT finish the requests that run and refuse new ones. Raises `UserError` for an address beyond this
    machine without tokens, a token too short to keep anyone out, or a certificate that cannot be read.
    """
    chosen = listen or Listen()
    check(chosen.host, state.rules)
    _check_certificate(chosen)
    listener = _listener(chosen)
    name = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    try:
        with listener:
            ready(f"{chosen.scheme}://{name}:{listener.getsockname()[1]}")
            state.ready = True
            prepare = state.preparation.start if state.settings.warm_up else _nothing
            make_server(state, chosen, started=prepare).run(sockets=[listener])
    finally:
        state.close()


def _nothing() -> None:
    """Do nothing once the server has started."""


def make_server(
    state: "ServiceState", listen: Listen | None = None, *, started: Callable[[], None] = _nothing
) -> "uvicorn.Server":
    """Return the server of a state, with its limits; `run(sockets=[...])` starts it, and calls `started` then."""
    import uvicorn

    from clinweave.service.app import make_app
    from clinweave.service.connections import TimedProtocol

    class Server(uvicorn.Server):
        """A server that tells when it answers and when it stops, and returns after SIGTERM."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Listen, and call `started` once requests are answered."""
            await super().startup(sockets)
            started()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """Refuse what comes from now on."""
            state.rules.draining = True
            super().handle_exit(sig, frame)
            self._captured_signals.clear()  # uvicorn would send itself the signal again

    chosen = listen or Listen()
    # no access log, and of uvicorn's own words the errors alone
    settings = uvicorn.Config(
        make_app(state), http=TimedProtocol, ws="none", log_level="error", access_log=False, lifespan="off",
        server_header=False, timeout_keep_alive=30, h11_max_incomplete_event_size=64 << 10,
        limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=_STOPPING,
        ssl_certfile=chosen.certificate, ssl_keyfile=chosen.key, proxy_headers=False,
    )  # fmt: skip
    return Server(settings)


def check(host: str, rules: AccessRules) -> None:
    """Raise `UserError` where a host may not be bound with these rules."""
    if rules.shared_token and len(rules.shared_token) < SHORTEST:
        raise UserError(f"a token has at least {SHORTEST} characters: take one from `openssl rand -hex 24`")
    if loopback(host):
        return
    if not rules.tokens_needed or not (rules.shared_token or (rules.tokens and rules.tokens.tokens())):
        raise UserError(
            f"{host} can be reached from other machines: give each user a token (`clinweave serve token add NAME`) "
            "or all the same (--token or CLINWEAVE_TOKEN), or serve 127.0.0.1 alone"
        )


def _check_certificate(listen: Listen) -> None:
    if (listen.certificate is None) != (listen.key is None):
        raise UserError("--tls-cert and --tls-key are needed together")
    if listen.certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(listen.certificate, listen.key)
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"--tls-cert {listen.certificate}, --tls-key {listen.key}: {error.strerror or error}; "
            "give the PEM files of a certificate and of its key"
        ) from error


def _listener(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family)
    except OSError as error:
        raise ClinweaveError(
            f"{listen.host}:{listen.port} is not available: {error.strerror}; choose another --port"
        ) from error
