"""A property model: trained from a user's table, saved as text files, applied to tables."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction import domain
from clinweave.applications.molecules.prediction.calibration import VennAbers, Widths
from clinweave.applications.molecules.prediction.data_checks import doubts, kind_of
from clinweave.applications.molecules.prediction.domain import Ranges
from clinweave.applications.molecules.prediction.endpoints import COVERAGE, Endpoint, Predicted, fit_endpoint
from clinweave.applications.molecules.prediction.features import describe, trained_blocks
from clinweave.applications.molecules.prediction.splits import scaffolds
from clinweave.applications.molecules.prediction.structures import Refused, Structure, fingerprint
from clinweave.applications.molecules.prediction.tables import Table
from clinweave.core.artifacts import Artifact, read_manifest, sha256, stage, write_json
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.DataStructs import ExplicitBitVect

Floats = NDArray[np.float64]
KIND = "molecules-properties"


class Nearness(NamedTuple):
    """How near rows are to the training structures: Tanimoto similarity, whose, and what lies out of range.

    `inside` and `why` are by endpoint: whether a row is inside its domain, and why it is not ("" inside).
    """

    similarity: Floats
    nearest: list[str]
    inside: dict[str, NDArray[np.bool_]]
    why: dict[str, list[str]]


@dataclass(frozen=True)
class PropertyModel:
    """Endpoints fitted on the same structures, and the ranges of these."""

    endpoints: tuple[Endpoint, ...]
    features: str
    smiles: tuple[str, ...]
    ranges: Ranges

    def predict(
        self, structures: Sequence[Structure], progress: str = ""
    ) -> tuple[dict[str, Predicted], Nearness]:
        """Return the predictions of each endpoint, and how near each structure is to what was trained on."""
        molecules = [item.molecule for item in structures]
        best, nearest = domain.nearest([fingerprint(item) for item in molecules], self._prints)
        columns = describe(molecules, self.features, progress)
        predictions = {item.name: item.predict(columns, best) for item in self.endpoints}
        beyond = self.ranges.outside(molecules)
        why = {item.name: _why_outside(best, item.inside_from, beyond) for item in self.endpoints}
        inside = {name: np.array([not text for text in texts], bool) for name, texts in why.items()}
        return predictions, Nearness(best, [self.smiles[item] for item in nearest], inside, why)

    @property
    def domain_notes(self) -> list[str]:
        """Return what is to be said of endpoints whose "inside" does not hold."""
        return [note for endpoint in self.endpoints if (note := endpoint.domain_note())]

    @cached_property
    def _prints(self) -> "list[ExplicitBitVect]":
        from rdkit import Chem

        return [fingerprint(Chem.MolFromSmiles(text)) for text in self.smiles]

    def save(self, folder: Path) -> None:
        """Write the model into a folder: JSON, LightGBM's own text, and the training structures."""
        rows = []
        for number, endpoint in enumerate(self.endpoints):
            for fold, booster in enumerate(endpoint.boosters):
                (folder / f"{number}-{fold}.txt").write_text(booster.model_to_string(), "utf-8")
            widths = endpoint.widths and {
                "edges": endpoint.widths.edges.tolist(),
                "half": endpoint.widths.half.tolist(),
            }
            rows.append(
                {
                    "name": endpoint.name, "kind": endpoint.kind, "rows": endpoint.rows,
                    "folds": len(endpoint.boosters), "widths": widths,
                    "venn": [venn.to_json() for venn in endpoint.venn],
                    "by_similarity": endpoint.by_similarity, "measured": endpoint.measured,
                    "inside_from": endpoint.inside_from, "limits": endpoint.limits,
                }
            )  # fmt: skip
        whole = {
            "features": self.features,
            "ranges": self.ranges.to_json(),
            "endpoints": rows,
            "coverage": COVERAGE,
        }
        write_json(folder / "model.json", whole)
        (folder / "structures.smi").write_text("".join(f"{endpoint}\n" for endpoint in self.smiles), "utf-8")

    @classmethod
    def open(cls, folder: Path) -> "PropertyModel":
        """Return a saved model. Raises `UserError` if there is none."""
        import lightgbm

        manifest = read_manifest(folder)
        if manifest is None or manifest.get("kind") != KIND:
            raise UserError(
                f"{folder} holds no property model; make one with `clinweave molecules properties train`"
            )
        data = json.loads((folder / "model.json").read_text("utf-8"))
        if "ranges" not in data:
            raise UserError(f"{folder} was trained before 0.2, without a domain by coverage: train it again")
        endpoints = []
        for number, entry in enumerate(data["endpoints"]):
            files = [folder / f"{number}-{fold}.txt" for fold in range(entry["folds"])]
            widths = entry["widths"] and Widths(
                *(np.array(entry["widths"][name]) for name in ("edges", "half"))
            )
            endpoints.append(
                Endpoint(
                    entry["name"],
                    entry["kind"],
                    tuple(lightgbm.Booster(model_str=file.read_text("utf-8")) for file in files),
                    entry["rows"],
                    tuple(VennAbers.from_json(table) for table in entry["venn"]),
                    widths or None,
                    entry["by_similarity"],
                    entry["measured"],
                    float(entry["inside_from"]),
                    entry["limits"] and tuple(entry["limits"]),
                )
            )
        smiles = tuple((folder / "structures.smi").read_text("utf-8").split())
        return cls(tuple(endpoints), data["features"], smiles, Ranges.from_json(data["ranges"]))


def _why_outside(similarity: Floats, least: float, beyond: Sequence[str]) -> list[str]:
    """Return for each row why it is outside: not similar enough, or beyond the range of training; else ""."""
    result = []
    for value, text in zip(similarity, beyond, strict=True):
        near = "" if value >= least else f"similarity {value:.2f} below {least:.2f}"
        if not np.isfinite(least):
            near = "the stated coverage does not hold on new scaffolds"
        result.append("; ".join(filter(None, (near, text))))
    return result


def fit_model(
    structures: Sequence[Structure],
    answers: Mapping[str, Floats],
    features: str = "maplight",
    *,
    seed: int = 0,
) -> PropertyModel:
    """Fit one endpoint for each column of answers (NaN where unknown) on these structures."""
    smiles = [structure.smiles for structure in structures]
    groups = scaffolds(smiles)
    prints = [fingerprint(structure.molecule) for structure in structures]
    molecules = [structure.molecule for structure in structures]
    columns = describe(molecules, features, "describing the molecules")
    endpoints = [
        fit_endpoint(name, kind_of(values), columns, values, prints=prints, groups=groups, seed=seed)
        for name, values in _with_progress(answers)
    ]
    return PropertyModel(tuple(endpoints), features, tuple(smiles), Ranges.fit(molecules))


def _with_progress(answers: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
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
        refused = [structure.reason for structure in table.structures if isinstance(structure, Refused)]
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
) -> Artifact:
    """Train on a table and write the model's folder; the same table and settings are not trained on twice.

    `bounds` says what becomes of answers such as ">10" (`read_answers`). The manifest's `notes` hold what was made of
    the cells, structures whose answers contradict each other, and numbers that had better be logarithms.
    """
    if not targets:
        raise UserError("name at least one column to learn with --target")
    read = {name: table.answers(name, bounds) for name in targets}
    answers = {name: item.values for name, item in read.items()}
    trained_blocks(features)
    good = _usable(table)
    structures = [item for item in table.structures if isinstance(item, Structure)]

    def build(work: Path) -> dict[str, Any]:
        labels = {name: values[good] for name, values in answers.items()}
        model = fit_model(structures, labels, features, seed=seed)
        model.save(work)
        groups = scaffolds([item.smiles for item in structures])
        return {
            "rows": len(table.rows),
            "refused": len(table.rows) - len(good),
            "repeated_structures": len(structures) - len({item.smiles for item in structures}),
            "notes": [
                f"{name}: {note}"
                for name, item in read.items()
                for note in [*item.notes, *doubts(item.values[good], structures, groups, good)]
            ]
            + model.domain_notes,
            "endpoints": {
                item.name: {"kind": item.kind, "rows": item.rows, **item.measured} for item in model.endpoints
            },
        }

    import lightgbm
    import rdkit

    parameters = {
        "targets": list(targets), "features": features, "seed": seed, "smiles_column": table.smiles_column,
        "bounds": bounds, "lightgbm": lightgbm.__version__, "rdkit": rdkit.__version__, "domain": 3,
    }  # fmt: skip
    return stage(out, KIND, {"table": sha256(table.path)}, parameters, build)
