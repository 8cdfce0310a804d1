"""The gate: what private and gated text must pass before it leaves this machine, for a model or an export."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from clinweave.errors import UserError
from clinweave.patients.deid.pseudonymise import Pseudonymised
from clinweave.records import Tier

EXPORT = "export"  # the destination of files that leave the home folder


def gate(
    texts: Sequence[str | Pseudonymised], *, tier: Tier, destination: str, allow_remote: str = ""
) -> list[str]:
    """Return the texts where they may go to `destination`, else raise `UserError`.

    `destination` is a host or address, "" for this machine, or `EXPORT`. Public text passes; anything passes to this
    machine itself. Gated text passes where `allow_remote` names that very host (or is "export"). Private text must
    besides be `Pseudonymised`, each piece of it: raw text is refused whatever is allowed. Messages hold no text.
    """
    host = host_of(destination)
    if tier is Tier.PUBLIC or is_this_machine(host):
        return [_text(item) for item in texts]
    where = "be exported" if host == EXPORT else f"be sent to {host}"
    if not allow_remote or host_of(allow_remote) != host:
        raise UserError(f"{tier.value} text may not {where}: name it with --allow-remote {host} if you may")
    raw = sum(not isinstance(item, Pseudonymised) for item in texts)
    if tier is Tier.PRIVATE and raw:
        raise UserError(f"{raw} of {len(texts)} texts are private and not pseudonymised, they may not {where}: "
                        "pass them through the Pseudonymiser first")  # fmt: skip
    return [_text(item) for item in texts]


def host_of(address: str) -> str:
    """Return the host in an address, in lower case: "https://a.example:8000/v1#m" -> "a.example"."""
    if not address:
        return ""
    return (urlsplit(address if "//" in address else f"//{address}").hostname or address).lower()


def is_this_machine(host: str) -> bool:
    """Say whether a host is this machine itself. A name other than localhost is not, whatever it resolves to."""
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(item: str | Pseudonymised) -> str:
    return item.text if isinstance(item, Pseudonymised) else item
