"""Results as tables, from Python."""

from dataclasses import dataclass

import clinweave


@dataclass(frozen=True)
class Score:
    """A record."""

    accuracy: float | None
    interval: tuple[float, float]


@dataclass(frozen=True)
class Task:
    """A record with records inside."""

    n: int
    conditions: dict[str, Score]


@dataclass(frozen=True)
class Results:
    """A study."""

    kind: str
    tasks: dict[str, Task]
    scores: tuple[Score, ...]
    empty: tuple[Score, ...] = ()


def test_each_list_of_records_is_a_table_with_its_keys():
    score = Score(0.5, (0.4, 0.6))
    tables = clinweave.result_tables(
        Results(
            "toy", {"a": Task(3, {"base": score, "text": Score(None, (0, 1))}), "b": Task(4, {})}, (score,)
        )
    )
    assert sorted(tables) == ["scores", "tasks", "tasks.conditions"]
    assert tables["tasks"].to_pylist() == [{"key": "a", "n": 3}, {"key": "b", "n": 4}]
    assert tables["tasks.conditions"].to_pylist() == [
        {"key": "a", "key_2": "base", "accuracy": 0.5, "interval": [0.4, 0.6]},
        {"key": "a", "key_2": "text", "accuracy": None, "interval": [0.0, 1.0]},
    ]
    assert tables["scores"].num_rows == 1
