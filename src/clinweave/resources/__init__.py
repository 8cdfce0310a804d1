"""Resources: the catalogue of releases and weights (resources.toml); download, verification and storage.

Files lie in `home/resources/<resource id>/<version>/<name>`, with a `resource.json` that states licence and release.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.resources.fetching import Fetched, download_size, fetch
    from clinweave.resources.listing import File, Official, Resource, Wheel, WheelMember, catalogue, hashes
    from clinweave.resources.store import folder, located, located_for, room_for, verify

__all__ = [
    "Fetched",
    "File",
    "Official",
    "Resource",
    "Wheel",
    "WheelMember",
    "catalogue",
    "download_size",
    "fetch",
    "folder",
    "hashes",
    "located",
    "located_for",
    "room_for",
    "verify",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Fetched": "fetching",
        "download_size": "fetching",
        "fetch": "fetching",
        "File": "listing",
        "Official": "listing",
        "Resource": "listing",
        "Wheel": "listing",
        "WheelMember": "listing",
        "catalogue": "listing",
        "hashes": "listing",
        "folder": "store",
        "located": "store",
        "located_for": "store",
        "room_for": "store",
        "verify": "store",
    },
)
