"""A model of a user's own properties: trained from a table, kept as text files, used on tables."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction import domain
from clinweave.applications.molecules.prediction.calibration import VennAbers, Widths
from clinweave.applications.molecules.prediction.data_checks import doubts, kind_of
from clinweave.applications.molecules.prediction.endpoints import COVERAGE, Endpoint, Predicted, fit_endpoint
from clinweave.applications.molecules.prediction.features import LATENT, blocks_of, describe, latent_sha256
from clinweave.applications.molecules.prediction.splits import folds, scaffolds
from clinweave.applications.molecules.prediction.structures import Refused, Structure, fingerprint
from clinweave.applications.molecules.prediction.tables import Table
from clinweave.core.artifacts import Artifact, read_manifest, sha256, stage, write_json
from clinweave.core.errors import UserError

Floats = NDArray[np.float64]
KIND = "molecules-properties"


class Nearness(NamedTuple):
    """How near rows are to the training structures: Tanimoto similarity, whose, and whether that is near enough."""

    similarity: Floats
    nearest: list[str]
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class PropertyModel:
    """Endpoints fitted on the same structures. `outside_below` is the 5th percentile of out-of-fold similarity."""

    endpoints: tuple[Endpoint, ...]
    features: str
    smiles: tuple[str, ...]
    outside_below: float
    checkpoint: Path | None = None  # of the latent, where the features have it; None is the packaged one

    def predict(
        self, structures: Sequence[Structure], progress: str = ""
    ) -> tuple[dict[str, Predicted], Nearness]:
        """Return the predictions of each endpoint, and how near each structure is to what was trained on."""
        molecules = [one.molecule for one in structures]
        best, place = domain.nearest([fingerprint(one) for one in molecules], self._prints)
        columns = describe(molecules, self.features, progress, self.checkpoint)
        said = {one.name: one.predict(columns, best) for one in self.endpoints}
        return said, Nearness(best, [self.smiles[one] for one in place], best >= self.outside_below)

    @cached_property
    def _prints(self) -> list[Any]:
        from rdkit import Chem

        return [fingerprint(Chem.MolFromSmiles(one)) for one in self.smiles]

    def save(self, folder: Path) -> None:
        """Write the model into a folder: JSON, LightGBM's own text, and the training structures."""
        told = []
        for number, one in enumerate(self.endpoints):
            for fold, booster in enumerate(one.boosters):
                (folder / f"{number}-{fold}.txt").write_text(booster.model_to_string(), "utf-8")
            widths = one.widths and {"edges": one.widths.edges.tolist(), "half": one.widths.half.tolist()}
            told.append(
                {
                    "name": one.name, "kind": one.kind, "rows": one.rows, "folds": len(one.boosters),
                    "venn": [venn.to_json() for venn in one.venn], "widths": widths,
                    "by_similarity": one.by_similarity, "measured": one.measured,
                }
            )  # fmt: skip
        whole = {
            "features": self.features,
            "outside_below": self.outside_below,
            "endpoints": told,
            "coverage": COVERAGE,
            "latent_sha256": _latent_of(self.features, self.checkpoint),
            "checkpoint": str(self.checkpoint or ""),
        }
        write_json(folder / "model.json", whole)
        (folder / "structures.smi").write_text("".join(f"{one}\n" for one in self.smiles), "utf-8")

    @classmethod
    def open(cls, folder: Path) -> "PropertyModel":
        """Return a saved model. Raises `UserError` if there is none."""
        import lightgbm

        manifest = read_manifest(folder)
        if manifest is None or manifest.get("kind") != KIND:
            raise UserError(
                f"{folder} holds no property model; make one with `clinweave molecules properties train`"
            )
        told = json.loads((folder / "model.json").read_text("utf-8"))
        endpoints = []
        for number, one in enumerate(told["endpoints"]):
            files = [folder / f"{number}-{fold}.txt" for fold in range(one["folds"])]
            widths = one["widths"] and Widths(*(np.array(one["widths"][name]) for name in ("edges", "half")))
            endpoints.append(
                Endpoint(
                    one["name"],
                    one["kind"],
                    tuple(lightgbm.Booster(model_str=file.read_text("utf-8")) for file in files),
                    one["rows"],
                    tuple(VennAbers.from_json(table) for table in one["venn"]),
                    widths or None,
                    one["by_similarity"],
                    one["measured"],
                )
            )
        smiles = tuple((folder / "structures.smi").read_text("utf-8").split())
        checkpoint = Path(told["checkpoint"]) if told["checkpoint"] else None
        if told["latent_sha256"] != _latent_of(told["features"], checkpoint):
            where = checkpoint or "the weights that come with clinweave"
            raise UserError(f"{folder} was trained on another latent than that of {where}: train it again")
        return cls(tuple(endpoints), told["features"], smiles, float(told["outside_below"]), checkpoint)


def _latent_of(features: str, checkpoint: Path | None) -> str:
    return latent_sha256(checkpoint) if LATENT in blocks_of(features) else ""


def fit_model(
    structures: Sequence[Structure],
    answers: Mapping[str, Floats],
    features: str = "maplight",
    *,
    seed: int = 0,
    checkpoint: Path | None = None,
) -> PropertyModel:
    """Fit one endpoint for each column of answers (NaN where unknown) on these structures."""
    smiles = [one.smiles for one in structures]
    groups = scaffolds(smiles)
    prints = [fingerprint(one.molecule) for one in structures]
    columns = describe([one.molecule for one in structures], features, "describing the molecules", checkpoint)
    similarity = (
        domain.out_of_fold(prints, folds(groups, 5, seed)) if len(smiles) > 1 else np.zeros(len(smiles))
    )
    endpoints = [
        fit_endpoint(name, kind_of(values), columns, values, prints=prints, groups=groups, seed=seed)
        for name, values in _told(answers)
    ]
    return PropertyModel(
        tuple(endpoints), features, tuple(smiles), float(np.quantile(similarity, 0.05)), checkpoint
    )


def _told(answers: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """Yield each column of answers, with what is being learned on a terminal's standard error."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(
        list(answers.items()),
        "learning",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _usable(table: Table) -> NDArray[np.int64]:
    """Return which rows have a structure. Raises `UserError` where none has."""
    good = np.array(table.good, np.int64)
    if not len(good):
        refused = [one.reason for one in table.structures if isinstance(one, Refused)]
        why = (
            f"no row has a structure; the first: {refused[0]}"
            if refused
            else "there is no row below the header"
        )
        raise UserError(f"{table.path}: {why}")
    return good


def train(
    table: Table,
    targets: Sequence[str],
    out: Path,
    features: str = "maplight",
    *,
    bounds: str = "leave-out",
    seed: int = 0,
    checkpoint: Path | None = None,
) -> Artifact:
    """Train on a table and write the model's folder; the same table and settings are not trained on twice.

    `bounds` says what becomes of answers such as ">10" (`read_answers`). The manifest's `notes` hold what was made of
    the cells, structures whose answers contradict each other, and numbers that had better be logarithms.
    """
    if not targets:
        raise UserError("name at least one column to learn with --target")
    read = {name: table.answers(name, bounds) for name in targets}
    answers = {name: one.values for name, one in read.items()}
    latent = _latent_of(features, checkpoint)
    if LATENT in blocks_of(features) and not latent:
        raise UserError(
            "the features have `latent`, and there is no model that gives it: name one with --checkpoint"
        )
    good = _usable(table)
    structures = [one for one in table.structures if isinstance(one, Structure)]

    def build(work: Path) -> dict[str, Any]:
        known = {name: values[good] for name, values in answers.items()}
        model = fit_model(structures, known, features, seed=seed, checkpoint=checkpoint)
        model.save(work)
        groups = scaffolds([one.smiles for one in structures])
        return {
            "rows": len(table.rows),
            "refused": len(table.rows) - len(good),
            "repeated_structures": len(structures) - len({one.smiles for one in structures}),
            "notes": [
                f"{name}: {note}"
                for name, one in read.items()
                for note in [*one.notes, *doubts(one.values[good], structures, groups, good)]
            ],
            "endpoints": {
                one.name: {"kind": one.kind, "rows": one.rows, **one.measured} for one in model.endpoints
            },
        }

    import lightgbm
    import rdkit

    parameters = {
        "targets": list(targets), "features": features, "seed": seed, "smiles_column": table.smiles_column,
        "bounds": bounds, "lightgbm": lightgbm.__version__, "rdkit": rdkit.__version__, "latent": latent,
    }  # fmt: skip
    return stage(out, KIND, {"table": sha256(table.path)}, parameters, build)
