"""Start the server: on loopback without more, elsewhere only with a token."""

import socket
from collections.abc import Callable

from clinweave.core.access_policy import loopback
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.service.app import make_app
from clinweave.service.state import ServiceState

_SHORTEST = 16  # characters of a token


def serve(
    state: ServiceState,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str = "",
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` is given the address to open ("http://127.0.0.1:8000"). Port 0: a free one.

    Raises `UserError` for an address beyond this machine without a token, or a token too short to keep anyone out.
    """
    check(host, token)
    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ClinweaveError(
            f"{host}:{port} is not available: {error.strerror}; choose another --port"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    # no access log, and of uvicorn's own words the errors alone
    settings = uvicorn.Config(
        make_app(state, token=token), log_level="error", access_log=False, lifespan="off",
        server_header=False, timeout_keep_alive=30, h11_max_incomplete_event_size=64 << 10,
    )  # fmt: skip
    with listener:
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        uvicorn.Server(settings).run(sockets=[listener])
    state.close()


def check(host: str, token: str) -> None:
    """Raise `UserError` where a host may not be bound with this token."""
    if token and len(token) < _SHORTEST:
        raise UserError(f"a token has at least {_SHORTEST} characters: take one from `openssl rand -hex 24`")
    if not loopback(host) and not token:
        raise UserError(
            f"{host} can be reached from other machines: give --token (or CLINWEAVE_TOKEN), or serve 127.0.0.1 alone"
        )
