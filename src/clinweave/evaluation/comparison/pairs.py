"""Which conditions of a task are compared with which: conditions, their sums, controls, perturbations and models."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal

from clinweave.evaluation.comparison.conditions import (
    CONDITIONS,
    CONTROLS,
    is_control,
    split_model,
    with_model,
)
from clinweave.evaluation.comparison.perturbations import MARK

Family = Literal["conditions", "sums", "controls", "robustness", "models", "gains"]
# (condition, baseline, family): Holm's correction runs within a family over all tasks
COMPARISONS: tuple[tuple[str, str, Family], ...] = (
    ("text", "base", "conditions"),
    ("graph", "base", "conditions"),
    ("both", "base", "conditions"),
    ("both", "text", "sums"),
    ("both", "graph", "sums"),
    *((control, "base", "controls") for control in CONTROLS),
    *(("graph", control, "controls") for control in CONTROLS),
)


def compared_pairs(names: Sequence[str]) -> Iterator[tuple[str, str, Family]]:
    """Yield the (condition, baseline, family) of a task that has conditions of these names.

    Each condition is compared with the same condition of every model before it (family `models`), and so is what it
    adds over the model alone (`gains`).
    """
    models = _models(names)
    for model, own in models.items():
        others: list[tuple[str, str, Family]] = [
            (name, name.partition(MARK)[0], "robustness") if MARK in name else (name, "base", "conditions")
            for name in own
            if name not in CONDITIONS
        ]
        for condition, baseline, family in (*COMPARISONS, *others):
            if condition in own and baseline in own:
                yield with_model(condition, model), with_model(baseline, model), family
    for earlier, later in combinations(models, 2):
        for name in models[later]:
            if name in models[earlier] and not is_control(name) and MARK not in name:
                yield with_model(name, later), with_model(name, earlier), "models"
                if name != "base":
                    yield with_model(name, later), with_model(name, earlier), "gains"


def _models(names: Iterable[str]) -> dict[str, list[str]]:
    """Return model -> its conditions, the first model first."""
    models: dict[str, list[str]] = {"": []}
    for name in names:
        condition, model = split_model(name)
        models.setdefault(model, []).append(condition)
    return models
