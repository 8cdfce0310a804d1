"""A term of an ontology as its tags and values, whichever file it was read from."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Stanza:
    """One [Term] stanza: the row of its head and its values by tag."""

    row: int
    tags: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def first(self, tag: str) -> str:
        """Return the first value of a tag, or "" where it has none."""
        return self.tags[tag][0] if tag in self.tags else ""

    def all(self, tag: str) -> list[str]:
        """Return every value of a tag, without trailing comments ("! name")."""
        return [value.split(" ! ")[0].strip() for value in self.tags.get(tag, ())]
