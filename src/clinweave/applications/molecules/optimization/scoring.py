"""Scorers: a named objective, a model made by `clinweave molecules properties train`, or a user's own script."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from clinweave.applications.molecules.optimization.tasks import TASKS
from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import UserError


class Scored(NamedTuple):
    """What a scorer says of one molecule: higher is better, NaN where it failed; parts by name; the problem."""

    value: float
    parts: dict[str, float]
    problem: str = ""


class Scorer(Protocol):
    """Anything that scores canonical SMILES.

    `identity` changes when its answers may; `bounded`: scores from 0 to 1; `at_once`: molecules between two writes to
    the journal, which is what a kill can lose.
    """

    @property
    def name(self) -> str:
        """Return what people call it."""
        ...

    @property
    def identity(self) -> str:
        """Return what tells it from any other."""
        ...

    @property
    def bounded(self) -> bool:
        """Return whether scores lie between 0 and 1."""
        ...

    @property
    def at_once(self) -> int:
        """Return how many molecules it is best given at once."""
        ...

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Return the answer to each molecule, in order. Never raises for a single molecule."""
        ...


@dataclass(frozen=True)
class Named:
    """One of `TASKS`."""

    name: str
    at_once: int = 64

    @property
    def identity(self) -> str:
        """Return its name: the definition is fixed."""
        return f"named:{self.name}"

    @property
    def bounded(self) -> bool:
        """Return whether scores lie between 0 and 1."""
        return TASKS[self.name]().bounded

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        from rdkit import Chem

        objective = TASKS[self.name]()
        return [Scored(*objective(Chem.MolFromSmiles(one))) for one in smiles]


@dataclass(frozen=True)
class Learned:
    """An endpoint of a property model: its probability or value; parts: how sure, and how near to what was learned."""

    name: str
    model: Any  # PropertyModel
    endpoint: str
    identity: str
    bounded: bool
    at_once: int = 64

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        from clinweave.applications.molecules.prediction import Structure, read_structure

        found = [read_structure(one) for one in smiles]
        good = [one for one in found if isinstance(one, Structure)]
        if not good:
            return [Scored(math.nan, {}, one.reason) for one in found if not isinstance(one, Structure)]
        said, near = self.model.predict(good)
        one = said[self.endpoint]
        answers = iter(
            Scored(
                float(one.value[row]),
                {
                    self.endpoint: float(one.value[row]),
                    "low": float(one.low[row]),
                    "high": float(one.high[row]),
                    "similarity to trained on": float(near.similarity[row]),
                    "inside domain": float(near.inside[row]),
                },
            )
            for row in range(len(good))
        )
        return [
            next(answers) if isinstance(item, Structure) else Scored(math.nan, {}, item.reason)
            for item in found
        ]


@dataclass(frozen=True)
class Script:
    """A user's Python file. It runs in this process with this user's rights."""

    name: str
    identity: str
    one: Callable[[str], Any] | None
    batch: Callable[[list[str]], Any] | None
    bounded: bool = False

    @property
    def at_once(self) -> int:
        """Return 1 where each molecule is scored alone: it may take minutes, and none should be lost."""
        return 1 if self.batch is None else 64

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score; an exception is that molecule's problem, or the batch's where the script scores batches."""
        if self.batch is not None:
            return self._together(list(smiles))
        return [self._alone(one) for one in smiles]

    def _alone(self, smiles: str) -> Scored:
        try:
            return _answer(self.one(smiles)) if self.one else Scored(math.nan, {}, "no score")
        except Exception as error:
            return Scored(math.nan, {}, f"{type(error).__name__}: {error}")

    def _together(self, smiles: list[str]) -> list[Scored]:
        try:
            answers = list(self.batch(smiles) if self.batch else [])
        except Exception as error:
            return [Scored(math.nan, {}, f"{type(error).__name__}: {error}")] * len(smiles)
        if len(answers) != len(smiles):
            raise UserError(
                f"{self.name}: score_batch gave {len(answers)} answers to {len(smiles)} molecules: one each, in order"
            )
        return [_answer(one) for one in answers]


@dataclass(frozen=True)
class Minimised:
    """A scorer turned round: low is good. The part "as given" keeps the value."""

    scorer: Scorer
    bounded: bool = False

    @property
    def name(self) -> str:
        """Return the scorer's name."""
        return f"low {self.scorer.name}"

    @property
    def identity(self) -> str:
        """Return the scorer's identity."""
        return f"low:{self.scorer.identity}"

    @property
    def at_once(self) -> int:
        """Return the scorer's own."""
        return self.scorer.at_once

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        return [
            Scored(-one.value, {"as given": one.value, **one.parts}, one.problem)
            for one in self.scorer(smiles)
        ]


def _answer(said: Any) -> Scored:
    """Return what a script's answer means: a number, or a mapping with "score" and parts."""
    given: dict[str, Any] = {}
    if isinstance(said, Mapping):
        given = {str(name): value for name, value in said.items() if name != "score"}
        if "score" not in said:
            return Scored(math.nan, {}, f"the answer has no 'score', only {', '.join(given)}")
        said = said["score"]
    try:
        value = float(said)
        parts = {name: float(one) for name, one in given.items()}
    except (TypeError, ValueError) as error:
        return Scored(math.nan, {}, f"not a number: {error}")
    parts = {name: one for name, one in parts.items() if math.isfinite(one)}
    if not math.isfinite(value):
        return Scored(math.nan, {}, f"{value} is no score")
    return Scored(value, parts)


def open_scorer(text: str, target: str = "", *, minimise: bool = False) -> Scorer:
    """Return the scorer that a text names: a task, a model's folder, or a .py file. Raises `UserError` on any other."""
    path = Path(text)
    found: Scorer
    if text in TASKS:
        found = Named(text)
    elif path.suffix == ".py":
        found = _script(path)
    elif path.is_dir():
        found = _learned(path, target)
    else:
        near = get_close_matches(text, TASKS, n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(
            f"--scorer {text}: neither a named objective ({', '.join(TASKS)}), nor the folder of a property model, nor "
            f"a .py file{hint}"
        )
    if target and not isinstance(found, Learned):
        raise UserError(f"--target {target}: only a property model has endpoints")
    return Minimised(found) if minimise else found


def _learned(path: Path, target: str) -> Learned:
    from clinweave.applications.molecules.prediction import PropertyModel

    model = PropertyModel.open(path)
    names = [one.name for one in model.endpoints]
    if not target and len(names) > 1:
        raise UserError(f"{path} predicts {', '.join(names)}: name one with --target")
    if target and target not in names:
        raise UserError(f"--target {target}: {path} predicts {', '.join(names)}")
    name = target or names[0]
    kind = next(one.kind for one in model.endpoints if one.name == name)
    files = {item.name: sha256(item) for item in sorted(path.iterdir()) if item.is_file()}
    return Learned(name, model, name, f"model:{digest(files)}:{name}", bounded=kind == "classification")


def _script(path: Path) -> Script:
    import importlib.util

    if not path.is_file():
        raise UserError(f"--scorer {path}: no such file")
    spec = importlib.util.spec_from_file_location(f"scorer_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"--scorer {path}: cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise UserError(f"--scorer {path}{where}: {type(error).__name__}: {error}") from error
    one, batch = getattr(module, "score", None), getattr(module, "score_batch", None)
    if not callable(one) and not callable(batch):
        raise UserError(
            f"--scorer {path}: define score(smiles: str) -> float, or score_batch(list of SMILES) -> list of floats"
        )
    return Script(
        path.stem,
        f"script:{sha256(path)}",
        one if callable(one) else None,
        batch if callable(batch) else None,
    )
