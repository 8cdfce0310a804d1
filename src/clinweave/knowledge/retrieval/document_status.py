"""What a document says of its own status: withdrawn, a draft, or in the place of another one."""

import re
from collections.abc import Iterable, Iterator

from clinweave.knowledge.retrieval.version_names import MONTH, STATUS_WORD

MAX_HEAD = 800  # characters at the beginning of a document that are read for its status and version
_NAMED = re.compile(
    rf"[\[(](?:{STATUS_WORD})(?: [^\])]{{0,40}})?[\])]|[ ._-](?:{STATUS_WORD})$|^(?:{STATUS_WORD})(?::|_| - |-)",
    re.IGNORECASE,
)
_NAMED_LOUDLY = re.compile(rf"(?<![A-Za-z])(?:{STATUS_WORD.upper()})(?![A-Za-z])")
_ITSELF = (
    r"(?:this|the present) (?:clinical |local |trust |hospital )?"
    r"(?:guideline|guidance|document|policy|protocol|procedure|pathway|version|edition|recommendation|article|review|"
    r"publication|page|content|advice)s?"
)
_WHEN = rf"(?:on|in|since)? ?(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{MONTH})?[\d ./-]{{2,12}}"
_STATED = re.compile(
    rf"^\W*(?:document |guideline |review )?status\W{{0,4}}(?:{STATUS_WORD}|expired|archived|replaced|"
    r"no longer in (?:force|use))\b"
    r"|^\W*(?:stand|status|statut|estado|stato)\W{1,4}(?:ung\u00fcltig|au\u00dfer kraft|aufgehoben|zur\u00fcckgezogen|"
    r"abrog\u00e9|p\u00e9rim\u00e9|annul\u00e9|obsol\u00e8te|retir\u00e9|derogad[oa]|obsolet[oa]|retirad[oa]|anulad[oa]|ritirato|abrogato)\b"
    rf"|^\W*(?:{STATUS_WORD}|archived)\W*(?:$|{_WHEN}\W*$)"
    rf"|^\W*(?-i:{STATUS_WORD.upper()}|ARCHIVED)\b(?! from the market)"
    rf"|^\W*(?:{STATUS_WORD}|archived)\b\W{{1,4}}(?:do not use|not for (?:clinical )?use|for reference only)\b"
    r"|^\W*(?:superseded|rescinded) by\b"
    r"|^\W*(?:withdrawn|retired|replaced) (?:by|on|from|in)\b[^\n]{0,60}"
    r"(?:guideline|guidance|version|policy|protocol|document|\bv\d|\b(?:19|20)\d\d\b)"
    rf"|\b{_ITSELF} (?:has been|was|is|is now|has now been) (?:(?:formally|now|officially) )?"
    rf"(?:{STATUS_WORD}|replaced|no longer (?:valid|current|in force|in use|applicable|to be used))\b",
    re.IGNORECASE | re.MULTILINE,
)
_SUPERSEDES = re.compile(
    rf"(?:\b{_ITSELF}|^\W*(?:it|and)?|\bversion [\w.]+,?)\s*(?:which )?(?:supersedes?|replaces?)\b:?\s*"
    r"(?P<what>[^\n]{3,160}?)(?=[.;]\s|[.;]?$)",
    re.IGNORECASE | re.MULTILINE,
)
_DRAFT = re.compile(
    r"\bstatus\W{0,4}(?:draft|consultation|proposed|in preparation)\b|^\W*(?:draft|consultation draft)\b"
    r"|\bthis (?:is a|document is a) draft\b",
    re.IGNORECASE | re.MULTILINE,
)


_MAX_STAMP = 120  # characters
_OUT_OF_USE = re.compile(r"^\W*(?:do not use|not for (?:clinical )?use|expired)\b", re.IGNORECASE)


def withdrawn_by_name(names: Iterable[str]) -> str:
    """Return why a document of these names is withdrawn, "" if none of them says so."""
    loud = any(_NAMED.search(text) or _NAMED_LOUDLY.search(text) for text in names)
    return "its name or title says that it is withdrawn" if loud else ""


def withdrawn_by_text(head: str) -> str:
    """Return why a document that begins so is withdrawn, "" if it does not say so of itself."""
    stated = _STATED.search(head[:MAX_HEAD])
    return f"its text says {' '.join(stated[0].split())[:80]!r}" if stated else ""


def is_stamp(line: str) -> bool:
    """Say whether a line of a header or a watermark states the document's status: "WITHDRAWN", "Draft"."""
    return len(line) <= _MAX_STAMP and bool(
        withdrawn_by_text(line) or is_draft(line) or _OUT_OF_USE.search(line)
    )


def superseded_by_text(head: str) -> Iterator[tuple[str, str]]:
    """Yield (what is superseded, the whole statement) of what a document says that it supersedes."""
    for match in _SUPERSEDES.finditer(head[:MAX_HEAD]):
        yield match["what"], " ".join(match[0].split())[:100]


def is_draft(head: str) -> bool:
    """Say whether a document that begins so is not in force yet."""
    return bool(_DRAFT.search(head[:MAX_HEAD]))
