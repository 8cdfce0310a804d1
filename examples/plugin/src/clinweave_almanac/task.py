"""A task of a comparison: which finding belongs to a disease, from the graph."""

from random import Random

from clinweave.evaluation.comparison import TaskSettings
from clinweave.knowledge import Graph
from clinweave.records import Question

YEARS = {"Alpha syndrome": 1931, "Beta syndrome": 1950, "Gamma syndrome": 1972}


def make_questions(graph: Graph, settings: TaskSettings, seed: int) -> list[Question]:
    """Return at most `settings.count` questions; the same seed gives the same questions.

    `graph` is there to make questions from its relations; these come from the almanac alone.
    """
    random = Random(seed)
    questions = []
    for name, year in list(YEARS.items())[: settings.count or None]:
        options = [str(value) for value in YEARS.values()]
        random.shuffle(options)
        questions.append(
            Question(
                id=f"first-described/{name}",
                task="first-described",
                question=f"When was {name} first described?",
                options=tuple(options),
                answer=options.index(str(year)),
                kind="year",
                cluster=name,  # questions that depend on each other share a cluster
                origin="almanac",
            )
        )
    return questions
