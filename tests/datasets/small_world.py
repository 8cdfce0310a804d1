"""The small graph with what building training sets needs besides."""

from clinweave.records import Passage, Source
from tests.datasets.conftest import SmallGraph

MADE_UP = Source("made-up", "Made up", "infores:made-up", "1", "CC0 1.0", "")


class World(SmallGraph):
    manifest = {"key": "small"}  # noqa: RUF012

    def sources(self):
        return {"made-up": MADE_UP}

    def passages(self):
        for number in range(5):
            text = f"{self.known[f'MONDO:00{number}'].name} is described here in words."
            yield Passage(
                f"p{number}",
                text,
                "Definition",
                f"MONDO:00{number}",
                0,
                len(text),
                "made-up",
                concepts=(f"MONDO:00{number}",),
            )

    def degree(self, identifier):
        return len(self.relations(identifier)) + len(self.relations(None, None, identifier))

    def paths(self, *_, **__):
        return []
