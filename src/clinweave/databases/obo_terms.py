"""A term of an ontology as tags and values, independent of the file format."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Stanza:
    """One [Term] stanza: the row of its head and its values by tag, without trailing qualifiers and comments."""

    row: int
    tags: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    qualifiers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # one for each value

    def add(self, tag: str, value: str, qualifiers: str = "") -> None:
        """Add one value with the text of its qualifiers (`source="x"`)."""
        self.tags[tag].append(value)
        self.qualifiers[tag].append(qualifiers)

    def first(self, tag: str) -> str:
        """Return the first value of a tag, or "" where it has none."""
        return self.tags[tag][0].strip() if tag in self.tags else ""

    def all(self, tag: str) -> list[str]:
        """Return every value of a tag."""
        return [value.strip() for value in self.tags.get(tag, ())]

    def qualified(self, tag: str) -> list[tuple[str, str]]:
        """Return (value, text of its qualifiers) of a tag."""
        return list(zip(self.all(tag), self.qualifiers.get(tag, ()), strict=True))
