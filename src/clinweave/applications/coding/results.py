"""What the coder returns."""

from dataclasses import asdict, dataclass

NOTICE = "Support for coders; not for billing: a qualified coder decides."


@dataclass(frozen=True, slots=True)
class Quote:
    """A place in the note and the sentence around it. Offsets count characters."""

    start: int
    end: int
    text: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code that the note supports."""

    code: str
    title: str
    evidence: tuple[Quote, ...]
    rules: tuple[str, ...]  # guideline sections and tabular notes that were applied
    certainty: str  # "stated" or "uncertain, coded as established"
    missing: tuple[str, ...] = ()  # what a more specific code would need


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was considered and not coded, and why."""

    code: str  # "" where none was chosen
    text: str
    reason: str
    rule: str
    evidence: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Coding:
    """The codes suggested for one note, in order, and what was considered."""

    setting: str
    release: str
    codes: tuple[Suggestion, ...]
    considered: tuple[Rejected, ...]
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE

    def to_json(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return asdict(self)
