"""Refuses every connection and name look-up beyond this machine, and notes each attempt in a file.

Imported by the tests themselves and, through `sitecustomize`, by every Python program that a test starts. The note
matters: code that swallows the refusal would otherwise pass unseen.
"""

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOG = "CLINWEAVE_NETGUARD_LOG"  # where attempts are noted; unset: the guard is off


class BlockedError(OSError):
    """A connection beyond this machine was tried."""


def is_local(host: Any) -> bool:
    """Return whether `host` (a name or address) is this machine itself."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).split("%")[0])
        return address.is_loopback or address.is_unspecified  # 0.0.0.0: to listen, not to call
    except ValueError:
        return False


def install() -> None:
    """Guard this process's sockets for good; the guard acts only while `$CLINWEAVE_NETGUARD_LOG` is set."""
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name), lambda self, address: address))
    socket.getaddrinfo = _guarded(socket.getaddrinfo, lambda host, *_rest, **_more: (host, 0))


def _guarded(call: Callable[..., Any], address_of: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*arguments: Any, **options: Any) -> Any:
        address = address_of(*arguments, **options)
        log = os.environ.get(LOG)
        # a path is a socket of this machine
        if log and isinstance(address, tuple) and not is_local(address[0]):
            with Path(log).open("a", encoding="utf-8") as stream:
                stream.write(f"{address[0]}:{address[1]}\n")
            raise BlockedError(f"no test may connect to {address[0]}; mark it `network` if it must")
        return call(*arguments, **options)

    return guarded
