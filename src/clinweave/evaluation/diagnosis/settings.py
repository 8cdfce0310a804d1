"""The keys of a recipe of diagnosis: cases, releases, protocols, and studies of what findings, texts and models add."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clinweave.core.errors import UserError
from clinweave.core.typed import path_key
from clinweave.evaluation.recipe import Recipe

FETCHED = "fetched"
NONE = "none"
TaskType = Literal["ranks", "genes", "robustness", "free-text"]
LeaveOut = Literal["none", "paper_from_true_disease", "paper_from_every_disease", "patient"]


@dataclass(frozen=True)
class TaskSettings:
    """A protocol (type "ranks") or a study. Release, Mondo and genes are the recipe's where they are empty."""

    type: TaskType
    title: str = ""
    release: str = field(
        default="", metadata=path_key()
    )  # folder of the HPO release that cases are ranked by
    mondo: str = field(default="", metadata=path_key(FETCHED, NONE))  # mondo.json, "fetched" or "none"
    genes: str = field(
        default="", metadata=path_key(FETCHED, NONE)
    )  # genes_to_phenotype.txt, "fetched" or "none"
    leave_out: LeaveOut = "none"  # which annotations that cite the case's paper are left out
    after: int = 0  # only cases with a larger PMID; makes the protocol dated
    date: str = ""  # of a dated protocol, as 2021-10-10; empty: the release's
    allow_future: bool = False  # let a dated protocol use what is newer than its date
    count: int = 0  # cases, drawn with the recipe's seed; 0: all
    pheval: bool = False  # write PhEval's disease results as well


@dataclass(frozen=True, kw_only=True)
class DiagnosisRecipe(Recipe):
    """Cases ranked under protocols that leak differently, and studies on the same cases."""

    kind: Literal["diagnosis"] = "diagnosis"
    resamples: int = 10_000
    cases: str = field(metadata=path_key())  # a folder or .tar.gz of phenopackets
    release: str = field(default="", metadata=path_key())
    mondo: str = field(default="", metadata=path_key(FETCHED, NONE))
    genes: str = field(default="", metadata=path_key(FETCHED, NONE))
    tasks: tuple[TaskSettings, ...] = ()


SETTINGS = DiagnosisRecipe


def check(recipe: DiagnosisRecipe, where: str) -> DiagnosisRecipe:
    """Return the recipe, or raise `UserError` where something is missing."""
    if not recipe.tasks:
        raise UserError(f"{where}: there are no [[tasks]], so there is nothing to run; add one")
    if not Path(recipe.cases).exists():
        raise UserError(
            f"{where}: cases: there is no {recipe.cases}; give a folder or .tar.gz of phenopackets"
        )
    for number, task in enumerate(recipe.tasks):
        if not (task.release or recipe.release):
            raise UserError(f"{where}: tasks.{number}: give `release`, the folder of an HPO release")
    return recipe
