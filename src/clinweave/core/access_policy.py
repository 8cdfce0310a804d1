"""Access policy: decide whether material of a given tier may be sent to a remote model or exported.

Public material passes; anything passes to this machine's own loopback. Gated material leaves only where the user names
the destination. Private material must also have been pseudonymised: passages say so by their tier
(`Tier.PSEUDONYMISED`), which only `clinweave patients index` gives; no licence or other text of a user does. A manifest
that lacks a tier counts as public: only stages that read gated or private things write one.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clinweave.core.errors import AccessError
from clinweave.records import Tier

EXPORT = "export"  # the destination of files that leave the home folder
_ORDER = list(Tier)  # from open to closed


def strictest(tiers: Iterable[Tier | str]) -> Tier:
    """Return the most closed of the tiers, public if there is none."""
    return max((Tier(item) for item in tiers), key=_ORDER.index, default=Tier.PUBLIC)


def tier_of(manifest: Mapping[str, Any] | None) -> Tier:
    """Return the tier that a manifest states, public where it states none."""
    return Tier((manifest or {}).get("tier", Tier.PUBLIC))


def check_egress(
    tier: Tier, destination: str, allow: str = "", *, content: str = "text", pseudonymised: bool = False
) -> None:
    """Return where material of this tier may go to `destination`, else raise `AccessError`.

    `destination` is a host or address, "" for this machine, or `EXPORT`; `allow` is what the user named
    (`--allow-remote HOST`, or "export"). Private material passes only `pseudonymised`, whatever is allowed.
    """
    host = host_of(destination)
    if tier is Tier.PUBLIC or is_this_machine(host):
        return
    where = "be exported" if host == EXPORT else f"be sent to {host}"
    if not allow or host_of(allow) != host:
        named = "--allow-export" if host == EXPORT else f"--allow-remote {host}"
        raise AccessError(f"{tier.value} {content} may not {where}: name it with {named} if you may")
    if tier is Tier.PRIVATE and not pseudonymised:
        raise AccessError(
            f"{tier.value} {content} that is not pseudonymised may not {where}, whatever is allowed: "
            "use this machine alone, or pseudonymise first (`clinweave deidentify`)"
        )


def close_folder(path: Path, tier: Tier) -> None:
    """Make a folder of gated or private material readable by its owner alone."""
    if tier is not Tier.PUBLIC:
        path.chmod(0o700)


def host_of(address: str) -> str:
    """Return the host in an address, in lower case: "https://a.example:8000/v1#m" -> "a.example"."""
    if not address:
        return ""
    return (urlsplit(address if "//" in address else f"//{address}").hostname or address).lower()


def host_of_model(model: Any) -> str:
    """Return where a prompt to this model goes: "" for this machine, else its host."""
    if model.local:
        return ""
    details = model.describe()
    address = next(
        (str(details[key]) for key in ("host", "url", "address", "base_url") if details.get(key)), model.name
    )
    return host_of(address) or "an unknown host"


def is_this_machine(host: str) -> bool:
    """Say whether a destination is this machine itself: "" or its loopback."""
    return not host or loopback(host)


def loopback(host: str) -> bool:
    """Say whether a host is this machine's loopback. A name other than localhost is not, whatever it resolves to."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
