"""Dated protocols: nothing that was made after the protocol's date may speak, unless the row is labelled so."""

import calendar
import re
from collections.abc import Mapping
from datetime import date

from clinweave.core.errors import UserError

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?!\d)")


def stated_day(release: str) -> date | None:
    """Return the day that a release states ("2024-03-06", "mondo 2024-07": then the last of the month), or None."""
    late = _DAY.search(release)
    if not late:
        return None
    year, month = int(late[1]), int(late[2])
    try:
        return date(year, month, int(late[3]) if late[3] else calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def newer(sources: Mapping[str, str], day: date) -> list[str]:
    """Return "name release" of every source made after `day`, or of a release without a day; "none" is no source."""
    days = {name: stated_day(release) for name, release in sources.items() if release not in {"", "none"}}
    return [
        f"{name} {sources[name]}" + ("" if when else " (states no day)")
        for name, when in sorted(days.items())
        if when is None or when > day
    ]


def refuse(sources: Mapping[str, str], day: date, title: str, *, allow: bool = False) -> list[str]:
    """Return what is newer than `day`, where that is allowed; else raise `UserError` naming it and the fix.

    `sources` are what the compiled files themselves state: release files, mappings, and whatever was derived.
    """
    late = newer(sources, day)
    if late and not allow:
        raise UserError(
            f"{title}: this protocol is dated {day}, and {', '.join(late)} {'is' if len(late) == 1 else 'are'} "
            "newer; leave it out, or allow it with --allow-future (allow_future = true), which labels the row"
        )
    return late
