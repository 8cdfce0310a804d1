"""How often a finding occurs: the notations of HPO annotations, and words for them.

Source of the classes: HPO's frequency terms (HP:0040280 to HP:0040285) and their stated percentages.
"""

import re
from dataclasses import dataclass

CLASSES: dict[str, tuple[str, float, float]] = {  # id -> word, lowest and highest per cent
    "HP:0040280": ("always", 100, 100),
    "HP:0040281": ("very frequent", 80, 99),
    "HP:0040282": ("frequent", 30, 79),
    "HP:0040283": ("occasional", 5, 29),
    "HP:0040284": ("very rare", 1, 4),
    "HP:0040285": ("excluded", 0, 0),
}
WORDS = {word: (low, high) for word, low, high in CLASSES.values()}
UNKNOWN_WEIGHT = 0.3  # where a source states no frequency: between occasional and frequent

_COUNT = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?\s*(?:-\s*(\d+(?:\.\d+)?)\s*)?%")


@dataclass(frozen=True, slots=True)
class Frequency:
    """A share of patients in per cent, as a range; `count` and `total` where the source counted."""

    low: float
    high: float
    count: int | None = None
    total: int | None = None
    word: str = ""  # the HPO class, where the source names one

    @property
    def weight(self) -> float:
        """Return a share from 0 to 1 for ranking; small counts are drawn towards one half (Laplace)."""
        if self.count is not None and self.total is not None:
            return (self.count + 1) / (self.total + 2)
        return (self.low + self.high) / 200


def parse(text: str) -> Frequency | None:
    """Return the value of a recorded frequency ("HP:0040281", "7/12", "45%", "10-20%"), None if not stated."""
    text = text.strip()
    if text in CLASSES:
        word, low, high = CLASSES[text]
        return Frequency(low, high, word=word)
    if match := _COUNT.fullmatch(text):
        count, total = int(match[1]), int(match[2])
        if total == 0 or count > total:
            return None
        share = 100 * count / total
        return Frequency(share, share, count, total)
    if match := _PERCENT.fullmatch(text):
        low = float(match[1])
        high = float(match[2] or match[1])
        return Frequency(low, high) if low <= high <= 100 else None
    return None


parse_frequency = parse  # the name under which the package offers it


def describe(text: str) -> str:
    """Return a recorded frequency as an evidence item prints it; "" if none is stated."""
    value = parse(text)
    if value is None:
        return ""
    if value.word:
        return value.word
    return text.strip().replace(" ", "")


def weight(text: str) -> float:
    """Return the ranking weight (0 to 1) of a recorded frequency; not stated counts as `UNKNOWN_WEIGHT`."""
    value = parse(text)
    return UNKNOWN_WEIGHT if value is None else value.weight


def is_absent(recorded: str) -> bool:
    """Say whether a recorded frequency means that nobody had the finding ("excluded", "0/44")."""
    stated = parse(recorded)
    return stated is not None and stated.high == 0
