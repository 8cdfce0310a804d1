"""Scores of one reply."""

from collections.abc import Mapping


class Scored(dict[str, float]):
    """Measure -> score of one reply, and the outcome in a word."""

    def __init__(self, outcome: str, scores: Mapping[str, float]) -> None:
        super().__init__(scores)
        self.outcome = outcome
