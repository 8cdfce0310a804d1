"""A hand-made graph: six diseases with their own features, and a context builder that reads the last word."""

from types import SimpleNamespace

import pytest

from clinweave.knowledge import Context
from clinweave.records import Evidence, Question, Relation

FEATURES = ("fever", "cough", "rash", "tremor", "cramps", "fatigue")
FEATURE = "biolink:has_phenotype"


class SmallGraph:
    """A graph that publishes nothing about its diseases: none of them is rare or common."""

    @staticmethod
    def resolve(_):
        return None


class SmallContextBuilder:
    """The face of `ContextBuilder`: disease k has the feature k, and nothing else."""

    graph, index = SmallGraph(), True
    linker = None

    def evidence(self, question, *, retrievers, budget, count_tokens, keep=None, rewrite=None):
        place = int(question.rstrip("?").split()[-1])
        return self.evidence_for(
            (f"D:{place}",),
            question,
            retrievers=retrievers,
            budget=budget,
            count_tokens=count_tokens,
            keep=keep,
            rewrite=rewrite,
        )

    def evidence_for(self, concepts, question, *, retrievers, budget, count_tokens, keep=None, rewrite=None):
        if "graph" not in retrievers:
            return Context((), (), ())
        place = int(concepts[0].removeprefix("D:"))
        rows = [
            Relation(f"D:{place}", FEATURE, f"F:{place}", "made"),
            Relation(f"D:{place}", FEATURE, "F:9", "made"),
        ]
        rows = [row for row in rows if keep is None or keep(row)]
        rows = [rewrite(row) if rewrite else row for row in rows]
        names = [FEATURES[int(row.object[2:])] if row.object != "F:9" else "unease" for row in rows]
        text = f"Disease {place} has the features: {'; '.join(names)}."
        return Context((), (Evidence("1", "relation", text, 1.0, tuple(rows)),), ())


@pytest.fixture
def context_builder():
    return SmallContextBuilder()


@pytest.fixture
def questions():
    result = []
    for index in range(6):
        ids = [(index + step) % 6 for step in range(4)]
        result.append(
            Question(
                id=f"q{index}",
                task="small",
                question=f"Which feature has disease {index}?",
                options=tuple(FEATURES[item] for item in ids),
                answer=0,
                kind="feature",
                concepts=(f"D:{index}",),
                gold=(f"D:{index}", FEATURE, f"F:{index}"),
                option_ids=tuple(f"F:{item}" for item in ids),
                cluster=f"D:{index}",
            )
        )
    return result


class Reader:
    """A model that says the option standing in its prompt's facts, else the last option."""

    name, local = "reader", True
    asked = 0

    def identity(self):
        return "reader"

    def __init__(self):
        from clinweave.models import Capability

        self.capabilities = frozenset({Capability.SCORE})

    def score(self, messages, options):
        from clinweave.models import OptionScore

        self.asked += 1
        facts = messages[-1]["content"].split("Question:")[0]
        return [
            OptionScore(-0.1 if option in facts else -1.0 - 0.1 * (len(options) - index), (1,))
            for index, option in enumerate(options)
        ]

    def count_tokens(self, messages):
        return sum(len(message["content"].split()) for message in messages)

    def describe(self):
        return {"name": "reader", "version": 1}

    def close(self):
        pass


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def small():
    return SimpleNamespace(features=FEATURES)
