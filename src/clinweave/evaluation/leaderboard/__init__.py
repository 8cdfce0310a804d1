"""Leaderboards: a folder that accumulates runs, ranks what is comparable and refuses the rest."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.leaderboard.boards import Board as Board
    from clinweave.evaluation.leaderboard.boards import compare_runs as compare_runs
    from clinweave.evaluation.leaderboard.boards import read_boards as read_boards
    from clinweave.evaluation.leaderboard.entries import add_run as add_run

__getattr__, __dir__ = attach(
    __name__,
    {"Board": "boards", "add_run": "entries", "compare_runs": "boards", "read_boards": "boards"},
)
