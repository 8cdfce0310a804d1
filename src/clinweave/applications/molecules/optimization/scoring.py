"""Scorers: a named objective, a model made by `clinweave molecules properties train`, or a user's own script."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from clinweave.applications.molecules.optimization.tasks import TASKS
from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.molecules.prediction.model import PropertyModel


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
        return [Scored(*objective(Chem.MolFromSmiles(text))) for text in smiles]


@dataclass(frozen=True)
class Learned:
    """An endpoint of a property model: its probability or value; parts: how sure, and how near to what was learned."""

    name: str
    model: "PropertyModel"  # PropertyModel
    endpoint: str
    identity: str
    bounded: bool
    at_once: int = 64

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        from clinweave.applications.molecules.prediction import Structure, read_structure

        structures = [read_structure(entry) for entry in smiles]
        good = [entry for entry in structures if isinstance(entry, Structure)]
        if not good:
            return [
                Scored(math.nan, {}, entry.reason) for entry in structures if not isinstance(entry, Structure)
            ]
        predictions, near = self.model.predict(good)
        entry = predictions[self.endpoint]
        answers = iter(
            Scored(
                float(entry.value[row]),
                {
                    self.endpoint: float(entry.value[row]),
                    "low": float(entry.low[row]),
                    "high": float(entry.high[row]),
                    "similarity to trained on": float(near.similarity[row]),
                    "inside domain": float(near.inside[self.endpoint][row]),
                },
            )
            for row in range(len(good))
        )
        return [
            next(answers) if isinstance(item, Structure) else Scored(math.nan, {}, item.reason)
            for item in structures
        ]


@dataclass(frozen=True)
class Script:
    """A user's Python file. It runs in this process with this user's rights."""

    name: str
    identity: str
    single: Callable[[str], Any] | None
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
        return [self._alone(text) for text in smiles]

    def _alone(self, smiles: str) -> Scored:
        try:
            return answer_of(self.single(smiles)) if self.single else Scored(math.nan, {}, "no score")
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
        return [answer_of(answer) for answer in answers]


@dataclass(frozen=True)
class Minimised:
    """A scorer to be minimised. The part "as given" keeps the value."""

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
            Scored(-scored.value, {"as given": scored.value, **scored.parts}, scored.problem)
            for scored in self.scorer(smiles)
        ]


def answer_of(answer: Any) -> Scored:
    """Return what a script's answer means: a number, or a mapping with "score" and parts."""
    fields: dict[str, Any] = {}
    if isinstance(answer, Mapping):
        fields = {str(name): value for name, value in answer.items() if name != "score"}
        if "score" not in answer:
            return Scored(math.nan, {}, f"the answer has no 'score', only {', '.join(fields)}")
        answer = answer["score"]
    try:
        value = float(answer)
        parts = {name: float(number) for name, number in fields.items()}
    except (TypeError, ValueError) as error:
        return Scored(math.nan, {}, f"not a number: {error}")
    parts = {name: number for name, number in parts.items() if math.isfinite(number)}
    if not math.isfinite(value):
        return Scored(math.nan, {}, f"{value} is no score")
    return Scored(value, parts)


def open_scorer(text: str, target: str = "", *, minimise: bool = False, allow_remote: str = "") -> Scorer:
    """Return the scorer that a text names: a task, a model's folder, a .py or .toml file, an address, exec:COMMAND,
    chemprop:MODEL, shape:REFERENCE or dock:FILE.toml.

    `allow_remote` is the host that may receive structures, for a service elsewhere. Raises `UserError` on any other
    text, `AccessError` for another host.
    """
    path = Path(text)
    scorer: Scorer
    if text in TASKS:
        scorer = Named(text)
    elif shaped := _three_dimensional(text):
        scorer = shaped
    elif outside := _outside(text, path, allow_remote):
        scorer = outside
    elif text.startswith("chemprop:"):
        from clinweave.applications.molecules.optimization.chemprop import open_chemprop

        scorer, target = open_chemprop(text.removeprefix("chemprop:"), target), ""
    elif path.suffix == ".py":
        scorer = _script(path)
    elif path.is_dir():
        scorer = _learned(path, target)
    else:
        near = get_close_matches(text, TASKS, n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(
            f"--scorer {text}: neither a named objective ({', '.join(TASKS)}), nor the folder of a property model, nor "
            f"a .py or .toml file, an http address, exec:COMMAND, chemprop:MODEL, shape:REFERENCE or "
            f"dock:FILE.toml{hint}"
        )
    if target and not isinstance(scorer, Learned):
        raise UserError(f"--target {target}: only a property model has endpoints")
    return Minimised(scorer) if minimise else scorer


def _outside(text: str, path: Path, allow_remote: str) -> Scorer | None:
    """Return a service (http), a program (exec:) or several scorers as one (.toml), else None."""
    if text.startswith(("http://", "https://", "exec:")):
        from clinweave.applications.molecules.optimization.external import HttpScorer, ProgramScorer

        command = text.removeprefix("exec:").strip()
        if not command:
            raise UserError("--scorer exec: needs a command, such as 'exec:python score.py'")
        return ProgramScorer(command) if text.startswith("exec:") else HttpScorer(text, allow_remote)
    if path.suffix == ".toml":
        from clinweave.applications.molecules.optimization.desirability import read_desirability

        return read_desirability(path, allow_remote)
    return None


def _three_dimensional(text: str) -> Scorer | None:
    """Return a scorer of shape or by docking, else None."""
    if text.startswith("shape:"):
        from clinweave.applications.molecules.optimization.shape import open_shape

        return open_shape(text.removeprefix("shape:"))
    if text.startswith("dock:"):
        from clinweave.applications.molecules.optimization.docking import open_docking

        return open_docking(text.removeprefix("dock:"))
    return None


def _learned(path: Path, target: str) -> Learned:
    from clinweave.applications.molecules.prediction import PropertyModel

    model = PropertyModel.open(path)
    names = [endpoint.name for endpoint in model.endpoints]
    if not target and len(names) > 1:
        raise UserError(f"{path} predicts {', '.join(names)}: name one with --target")
    if target and target not in names:
        raise UserError(f"--target {target}: {path} predicts {', '.join(names)}")
    name = target or names[0]
    kind = next(endpoint.kind for endpoint in model.endpoints if endpoint.name == name)
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
    single, batch = getattr(module, "score", None), getattr(module, "score_batch", None)
    if not callable(single) and not callable(batch):
        raise UserError(
            f"--scorer {path}: define score(smiles: str) -> float, or score_batch(list of SMILES) -> list of floats"
        )
    return Script(
        path.stem,
        f"script:{sha256(path)}",
        single if callable(single) else None,
        batch if callable(batch) else None,
    )
