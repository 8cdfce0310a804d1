"""Several scorers as one: each value by its transform to 0 to 1, then a weighted mean. Described in a TOML file."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.optimization.scoring import Scored, Scorer, open_scorer
from clinweave.applications.molecules.optimization.transforms import Transform, transform_of
from clinweave.applications.molecules.properties import PROPERTIES, properties_of
from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MEANS = ("geometric_mean", "arithmetic_mean")
_KEYS = {"scorer", "name", "weight", "transform", "target", "minimize"}


@dataclass(frozen=True)
class Property:
    """A property of `PROPERTIES` as a scorer."""

    name: str
    at_once: int = 64
    bounded: bool = False

    @property
    def identity(self) -> str:
        """Return its name: the definition is fixed."""
        return f"property:{self.name}"

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        from rdkit import Chem

        index = list(PROPERTIES).index(self.name)
        molecules: list[Mol] = [Chem.MolFromSmiles(text) for text in smiles]
        return [Scored(properties_of(molecule, qed=self.name == "qed")[index], {}) for molecule in molecules]


@dataclass(frozen=True)
class Component:
    """A scorer with its name in the results, its weight and its transform (None: the score is one already)."""

    name: str
    scorer: Scorer
    weight: float
    transform: Transform | None

    def desirability(self, value: float) -> float:
        """Return the desirability; raises `ValueError` if it is not from 0 to 1."""
        result = value if self.transform is None else self.transform(value)
        if not 0 <= result <= 1:
            raise ValueError(f"{value:g} is no desirability from 0 to 1: give the scorer a transform")
        return result


@dataclass(frozen=True)
class Desirability:
    """Weighted mean of desirabilities. Parts: each scorer's desirability, and its raw value."""

    name: str
    components: tuple[Component, ...]
    mean: str
    identity: str
    bounded: bool = True

    @property
    def at_once(self) -> int:
        """Return the smallest number that a scorer is best given at once."""
        return min(component.scorer.at_once for component in self.components)

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score; where one scorer fails, the molecule fails with its problem."""
        answers = [component.scorer(smiles) for component in self.components]
        return [self._joined(values) for values in zip(*answers, strict=True)]

    def _joined(self, values: Sequence[Scored]) -> Scored:
        parts: dict[str, float] = {}
        for component, scored in zip(self.components, values, strict=True):
            if math.isnan(scored.value):
                return Scored(math.nan, {}, f"{component.name}: {scored.problem or 'no score'}")
            try:
                parts[component.name] = component.desirability(scored.value)
            except ValueError as error:
                return Scored(math.nan, {}, f"{component.name}: {error}")
            parts[f"{component.name} (raw)"] = scored.value
        weights = [component.weight for component in self.components]
        wanted = [parts[component.name] for component in self.components]
        return Scored(weighted_mean(wanted, weights, self.mean), parts)


def weighted_mean(values: Sequence[float], weights: Sequence[float], mean: str) -> float:
    """Return the weighted geometric mean (0 where one value is), or the arithmetic one, of values from 0 to 1."""
    total = sum(weights)
    if mean == "arithmetic_mean":
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total
    if any(value == 0 for value, weight in zip(values, weights, strict=True) if weight):
        return 0.0
    return math.exp(
        sum(weight * math.log(value) for value, weight in zip(values, weights, strict=True) if weight) / total
    )


def read_desirability(path: Path, allow_remote: str = "") -> Desirability:
    """Return the scorer that a TOML file describes: `aggregation`, and tables [[scorer]]. Raises `UserError`."""
    if not path.is_file():
        raise UserError(f"--scorer {path}: no such file")
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"--scorer {path}: {error}") from error
    mean, tables = data.get("aggregation", MEANS[0]), data.get("scorer")
    if mean not in MEANS:
        raise UserError(f"{path}: aggregation must be {' or '.join(MEANS)}, not {mean!r}")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UserError(f"{path}: give at least one table [[scorer]]")
    components = tuple(
        _component(table, f"{path}, scorer {number}", allow_remote) for number, table in enumerate(tables, 1)
    )
    names = [component.name for component in components]
    if len(set(names)) < len(names):
        raise UserError(f"{path}: two scorers have one name ({', '.join(names)}); give them names")
    if not sum(component.weight for component in components):
        raise UserError(f"{path}: all weights are 0")
    identity = digest([data, [component.scorer.identity for component in components]])
    return Desirability(path.stem, components, mean, f"desirability:{identity}")


def _component(table: dict[str, object], where: str, allow_remote: str) -> Component:
    if unknown := table.keys() - _KEYS:
        raise UserError(f"{where}: no key {', '.join(sorted(unknown))}; there are {', '.join(sorted(_KEYS))}")
    text, weight = str(table.get("scorer", "")), table.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise UserError(f"{where}: weight must be a number of 0 or more, not {weight!r}")
    minimise = table.get("minimize") is True
    scorer: Scorer
    if text in PROPERTIES and text != "qed":
        scorer = Property(text)
    else:
        target = str(table.get("target", ""))
        scorer = open_scorer(text, target, minimise=minimise, allow_remote=allow_remote)
    transform = table.get("transform")
    if transform is not None and not isinstance(transform, dict):
        raise UserError(
            f"{where}: transform must be a table, such as {{type = 'sigmoid', low = 0, high = 1}}"
        )
    if transform is None and not scorer.bounded:
        raise UserError(f"{where}: {text} is not bounded by 0 and 1; give it a transform")
    chosen = transform_of(transform, where) if transform is not None else None
    return Component(str(table.get("name", scorer.name)), scorer, float(weight), chosen)
