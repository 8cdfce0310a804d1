"""Users and their tokens: stored as hashes, with a role and an end."""

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from clinweave.core.artifacts import home as default_home
from clinweave.core.atomic import write_text
from clinweave.core.errors import UserError
from clinweave.core.typed import from_values, to_values

PREFIX = "cw_"  # tells a secret scanner what it has seen
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SPAN = re.compile(r"(\d{1,5})([hd])")


class Role(StrEnum):
    """What a user may do beyond asking about public knowledge."""

    PATIENT_DATA = "patient-data"  # send notes of patients, and see private records


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. Without tokens everybody on this machine is `LOCAL`."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Return whether the user has a role."""
        return role in self.roles


USER = "clinweave.user"  # key of an ASGI scope
LOCAL = User("local", frozenset(Role))
SHARED = User("shared", frozenset(Role))  # has the one token of --token


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A line of the token file. Times are ISO 8601 in UTC; `expires` is "" for no end."""

    name: str
    sha256: str
    created: str
    expires: str = ""
    roles: tuple[Role, ...] = ()

    def expired(self, now: datetime | None = None) -> bool:
        """Return whether the token's time is over."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) <= (now or datetime.now(UTC))


def digest(token: str) -> str:
    """Return the sha256 of a token.

    A plain hash is enough, and a slow one (scrypt) would only let anybody use up the processor: a token is 256 random
    bits, which no dictionary holds and nobody can count through.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class TokenStore:
    """The token file, readable by its owner alone. A change by another process is seen at the next look-up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._tokens: tuple[StoredToken, ...] = ()

    def tokens(self) -> tuple[StoredToken, ...]:
        """Return the stored tokens, none without a file. Raises `UserError` for a file that cannot be read."""
        with self._lock:
            try:
                status = self.path.stat()
            except FileNotFoundError:
                self._stamp, self._tokens = None, ()
                return ()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._stamp:
                self._tokens, self._stamp = _read(self.path), stamp
            return self._tokens

    def add(self, name: str, roles: Sequence[Role] = (), expires: str = "30d") -> str:
        """Store a new token of a user and return it; it cannot be read again. `expires` is 12h, 30d or "never".

        Raises `UserError` for an invalid name or span, or a name that has a token.
        """
        if not _NAME.fullmatch(name):
            raise UserError("a name has letters, digits and . _ @ - (at most 64)")
        if any(item.name == name and not item.expired() for item in self.tokens()):
            raise UserError(f"{name} has a token: revoke it first (`clinweave serve token revoke {name}`)")
        now = datetime.now(UTC).replace(microsecond=0)
        token = PREFIX + secrets.token_urlsafe(32)
        ends = "" if expires == "never" else (now + _span(expires)).isoformat()
        stored = StoredToken(name, digest(token), now.isoformat(), ends, tuple(roles))
        self._write([*(item for item in self.tokens() if item.name != name), stored])
        return token

    def revoke(self, name: str) -> None:
        """Remove the token of a user; a running server refuses it from its next request. Raises `UserError`."""
        rest = [item for item in self.tokens() if item.name != name]
        if len(rest) == len(self.tokens()):
            raise UserError(f"{name} has no token; `clinweave serve token list` shows who has")
        self._write(rest)

    def user_of(self, token_digest: str) -> User | None:
        """Return the user of a token's digest, None if nobody has it or its time is over.

        Every stored digest is compared in constant time, so the time taken tells nothing.
        """
        match = None
        for item in self.tokens():
            if hmac.compare_digest(item.sha256.encode(), token_digest.encode()) and not item.expired():
                match = item
        return User(match.name, frozenset(match.roles)) if match else None

    def _write(self, tokens: Sequence[StoredToken]) -> None:
        write_text(self.path, json.dumps(to_values(list(tokens)), indent=1) + "\n", private=True)


def token_store(home: Path | None = None) -> TokenStore:
    """Return the token file of a home folder, of the configured one if not given."""
    return TokenStore((home or default_home()) / "service" / "tokens.json")


def _read(path: Path) -> tuple[StoredToken, ...]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a token file: {type(error).__name__}") from error
    return from_values(tuple[StoredToken, ...], values, str(path))


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise UserError(f"{text!r} is no time span: give hours (12h), days (30d) or never")
    return timedelta(hours=int(match[1])) if match[2] == "h" else timedelta(days=int(match[1]))
