"""Who may ask: hosts, origins, tokens, sessions of browsers, and how often."""

import hmac
import ipaddress
import secrets
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from clinweave.core.access_policy import loopback
from clinweave.service.errors import RequestError
from clinweave.service.security.rates import RateLimiter
from clinweave.service.security.users import LOCAL, SHARED, Role, TokenStore, User, digest

SHORTEST = 16  # characters of the shared token
COOKIE = "clinweave_session"
SESSION_SECONDS = 12 * 3600
_SESSIONS = 1000
# take notes or findings of patients: with tokens they need the role for patient data
PATIENT_DATA_PATHS = (
    "/note",
    "/api/v1/agent",  # ranks diseases for the findings of its question
    "/api/v1/diagnose",
    "/api/v1/code",
    "/api/v1/deidentify",
    "/api/v1/query_records",
    "/api/v1/summarize",
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class AccessRules:
    """Conditions that a request must meet before it is routed. The default: this machine alone, without tokens.

    `tokens_needed` asks every request for a bearer token or the session of a login. `hosts` are names that the Host
    header may have besides loopback, addresses, and this machine's own name.
    """

    shared_token: str = ""
    tokens: TokenStore | None = None
    tokens_needed: bool = False
    hosts: tuple[str, ...] = ()
    per_minute: float = 0  # requests of one user, or of one address without tokens; 0: no limit
    secure_cookies: bool = False
    private: bool = False  # the knowledge holds private records: every route needs the role for patient data
    draining: bool = False  # set on SIGTERM: new requests get status 503
    _sessions: "OrderedDict[str, tuple[str, float]]" = field(
        default_factory=OrderedDict
    )  # id -> (digest, end)

    def __post_init__(self) -> None:
        self.tokens_needed = self.tokens_needed or bool(self.shared_token)
        self._rates = RateLimiter(self.per_minute)
        self._failures = RateLimiter(10, burst=20)  # wrong tokens of one address

    def check_host(self, headers: Headers) -> None:
        """Raise `RequestError` for a host name that is not this server's.

        A page in a browser may reach this machine by a name of its own (DNS rebinding); an address is no name.
        """
        host = hostname(headers.get("host", ""))
        if loopback(host):
            return
        if not self.tokens_needed:
            raise RequestError("without a token only requests to localhost are answered", 403)
        if not (_is_address(host) or host in {*map(str.lower, self.hosts), *_own_names()}):
            raise RequestError("the Host header is not this server's; name it with --allow-host", 403)

    def check_origin(self, headers: Headers) -> None:
        """Raise `RequestError` for a request that a web page of another origin made."""
        origin, host = headers.get("origin"), headers.get("host", "")
        if origin is None:
            foreign = headers.get("sec-fetch-site", "") in {"cross-site", "same-site"}
        else:
            foreign = not _same_site(origin, host, other_ports=not self.tokens_needed)
        if foreign:
            raise RequestError("requests from a web page of another origin are refused", 403)

    def authenticate(self, method: str, headers: Headers, address: str) -> User:
        """Return who asks. Raises `RequestError` 401, or 429 after too many wrong tokens of an address."""
        if not self.tokens_needed:
            return LOCAL
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            if not self._failures.allow(address, cost=0):
                raise RequestError("too many wrong tokens; wait a minute", 429, code="rate_limit_exceeded")
            user = self.user_of(digest(token.strip()))
            if user is None:
                self._failures.allow(address)
                raise RequestError("the token is not valid, or its time is over", 401, code="invalid_api_key")
            return user
        user = self._user_of_session(headers.get("cookie", ""))
        if user is None:
            raise RequestError("a bearer token is needed", 401, code="invalid_api_key")
        if method not in _SAFE and headers.get("origin") is None and "sec-fetch-site" not in headers:
            raise RequestError("a change with a cookie needs the Origin header of a browser", 403)
        return user

    def check_role(self, user: User, path: str) -> None:
        """Raise `RequestError` 403 for patient data and a user without the role for it."""
        taken = any(path == item or path.startswith(f"{item}/") for item in PATIENT_DATA_PATHS)
        if (self.private or taken) and not user.may(Role.PATIENT_DATA):
            raise RequestError(f"this needs the role {Role.PATIENT_DATA}", 403, code="role_missing")

    def check_rate(self, user: User, address: str) -> None:
        """Raise `RequestError` 429 for more requests than are allowed."""
        if not self._rates.allow(user.name if self.tokens_needed else address):
            raise RequestError("too many requests; wait a moment", 429, code="rate_limit_exceeded")

    def user_of(self, token_digest: str) -> User | None:
        """Return the user of a token's digest, None for a token that is not valid."""
        shared = bool(self.shared_token) and hmac.compare_digest(digest(self.shared_token), token_digest)
        user = self.tokens.user_of(token_digest) if self.tokens is not None else None
        return user or (SHARED if shared else None)

    def log_in(self, token: str, address: str) -> str | None:
        """Return the id of a new session for a valid token, else None. Raises `RequestError` 429."""
        if not self._failures.allow(address, cost=0):
            raise RequestError("too many wrong tokens; wait a minute", 429, code="rate_limit_exceeded")
        token_digest = digest(token.strip())
        if self.user_of(token_digest) is None:
            self._failures.allow(address)
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[digest(session)] = (token_digest, time.monotonic() + SESSION_SECONDS)
        while len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def log_out(self, cookies: str) -> None:
        """End the session of a Cookie header."""
        self._sessions.pop(digest(_session_id(cookies)), None)

    def _user_of_session(self, cookies: str) -> User | None:
        token_digest, end = self._sessions.get(digest(_session_id(cookies)), ("", 0.0))
        # looked up again each time: a revoked token ends its sessions
        return self.user_of(token_digest) if time.monotonic() < end else None


def _session_id(cookies: str) -> str:
    pairs = (item.strip().partition("=") for item in cookies.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def hostname(netloc: str) -> str:
    """Return the host of "host:port" in lower case, "" where it is not one."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own_names() -> set[str]:
    name = socket.gethostname().lower()
    return {name, name.partition(".")[0]} - {""}


def _same_site(origin: str, host: str, *, other_ports: bool) -> bool:
    """Return whether a page's origin is this server itself, or with `other_ports` any server on this machine."""
    try:
        parts = urlsplit(origin)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    return parts.netloc.lower() == host.lower() or (other_ports and loopback(name))
