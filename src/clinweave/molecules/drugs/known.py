"""The drugs of the vocabulary that have a structure, in a form that can be searched.

The structures are those of the dictionary of drug names (about 6,800, by DrugBank id or MeSH descriptor), reduced to
the parent: without counter-ions, neutral. They are made once, into `molecules/drugs` under clinweave's home.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.artifacts import sha256, stage
from clinweave.errors import ClinweaveError, UserError
from clinweave.molecules.prediction import Structure, read_structure, read_table
from clinweave.molecules.prediction.structures import fingerprint, inchi_key
from clinweave.molecules.prediction.tables import check_out, write_table

_BITS = 2048
_RESOURCE = "drug-names"
Told = Callable[[int, int], None]


class Neighbour(NamedTuple):
    """A drug and how similar its structure is: Tanimoto of Morgan bits (radius 2, 2,048), 0 to 1."""

    id: str
    name: str
    smiles: str
    similarity: float


class Match(NamedTuple):
    """A known drug that a structure is. `how`: "same", or "same skeleton" (stereochemistry or isotopes differ)."""

    id: str
    name: str
    how: str


@dataclass(frozen=True)
class KnownDrugs:
    """Columns of equal length; `bits` (drugs, 256) uint8. `about` says where they are from and what was left out."""

    ids: list[str]
    names: list[str]
    smiles: list[str]
    keys: list[str]
    bits: NDArray[np.uint8]
    about: dict[str, Any]

    @classmethod
    def open(cls, home: Path) -> "KnownDrugs":
        """Return the drugs, read from the fetched dictionary on first use (some seconds)."""
        import rdkit

        from clinweave.resources import located

        files = located(_RESOURCE, home)
        hashes = {name: sha256(path) for name, path in files.items()}
        folder = home / "molecules" / "drugs"
        made = stage(
            folder, "molecules-drugs", hashes, {"rdkit": rdkit.__version__}, lambda work: _build(files, work)
        )
        return cls.load(folder, made.manifest)

    @classmethod
    def load(cls, folder: Path, manifest: Mapping[str, Any]) -> "KnownDrugs":
        """Return what was built."""
        import pyarrow.parquet as pq

        table = pq.read_table(folder / "drugs.parquet")
        columns = {name: table.column(name).to_pylist() for name in ("id", "name", "smiles", "inchi_key")}
        return cls(
            columns["id"], columns["name"], columns["smiles"], columns["inchi_key"],
            np.load(folder / "bits.npy"), dict(manifest),
        )  # fmt: skip

    def row(self, text: str) -> int | None:
        """Return the row of a drug by its identifier or name (case does not matter), or None."""
        return self._by_text.get(text.strip().casefold())

    def similar(self, smiles: str, count: int = 10, least: float = 0.0) -> list[Neighbour]:
        """Return the drugs most similar to a structure, itself left out. Raises `UserError` on no structure."""
        found = read_structure(smiles)
        if not isinstance(found, Structure):
            raise UserError(f"{smiles!r} is no structure: {found.reason}")
        return self._ranked(found, tanimoto(packed(found.molecule), self.bits), count, least)

    def similar_by_latent(
        self, smiles: str, home: Path, count: int = 10, checkpoint: Path | None = None
    ) -> list[Neighbour]:
        """Return the drugs whose learned latents are nearest by cosine; those without a latent are left out.

        The drugs' latents are computed once for a checkpoint, under `home`. Raises `UserError` where there is none.
        """
        from clinweave.molecules.prediction.features import describe, described, latent_sha256

        if not latent_sha256(checkpoint):
            raise UserError(
                f"there is no molecule model in {checkpoint or 'clinweave'}: name one with --checkpoint"
            )
        found = read_structure(smiles)
        if not isinstance(found, Structure):
            raise UserError(f"{smiles!r} is no structure: {found.reason}")
        many = described(
            self.smiles, home / "molecules" / "features", "latent", "latents of drugs", checkpoint
        )
        one = describe([found.molecule], "latent", checkpoint=checkpoint)[0]
        if not np.isfinite(one).all():
            raise UserError(f"the molecule model has no latent for {smiles!r}")
        size = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
        scores = np.nan_to_num(many @ one / np.maximum(size, 1e-9), nan=-1.0).astype(np.float64)
        return self._ranked(found, scores, count, -0.999)

    def _ranked(
        self, found: Structure, scores: NDArray[np.float64], count: int, least: float
    ) -> list[Neighbour]:
        """Return the best drugs by score, those with the structure's own skeleton left out."""
        same = _skeleton(inchi_key(found.molecule))
        order = np.argsort(-scores, kind="stable")
        kept: list[Neighbour] = []
        for place in order:
            if len(kept) == count or scores[place] < least:
                break
            if not same or _skeleton(self.keys[place]) != same:
                kept.append(
                    Neighbour(self.ids[place], self.names[place], self.smiles[place], float(scores[place]))
                )
        return kept

    def find(self, smiles: str) -> list[Match]:
        """Return the known drugs that a structure is: by InChIKey of the parent; exact ones first."""
        found = read_structure(smiles)
        key = inchi_key(found.molecule) if isinstance(found, Structure) else ""
        if not key:
            return []
        rows = self._by_skeleton.get(_skeleton(key), [])
        matches = [
            Match(self.ids[row], self.names[row], "same" if self.keys[row] == key else "same skeleton")
            for row in rows
        ]
        return sorted(matches, key=lambda one: (one.how != "same", one.id))

    def named(self, smiles: Iterable[str], told: Told | None = None) -> dict[str, Match]:
        """Return the drug that each structure is, for those that are one.

        As `find` for many: an InChIKey is made only where the heavy atoms are those of a drug. `told`: done, of how
        many.
        """
        from rdkit import Chem

        found: dict[str, Match] = {}
        distinct = list(dict.fromkeys(smiles))
        for number, text in enumerate(distinct, 1):
            if told and not number % 500:
                told(number, len(distinct))
            molecule = Chem.MolFromSmiles(text)
            if molecule is not None and _heavy(molecule) in self._by_atoms and (matches := self.find(text)):
                found[text] = matches[0]
        return found

    @cached_property
    def _by_atoms(self) -> frozenset[tuple[int, ...]]:
        from rdkit import Chem

        return frozenset(_heavy(Chem.MolFromSmiles(one)) for one in self.smiles)

    @cached_property
    def _by_text(self) -> dict[str, int]:
        names = {name.casefold(): row for row, name in reversed(list(enumerate(self.names)))}
        return names | {id_.casefold(): row for row, id_ in enumerate(self.ids)}

    @cached_property
    def _by_skeleton(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row, key in enumerate(self.keys):
            if key:
                found[_skeleton(key)].append(row)
        return found


def tanimoto(one: NDArray[np.uint8], many: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the Tanimoto similarity of packed bits (256,) to each row of (n, 256); 0 where neither has a bit."""
    both = np.bitwise_count(many & one).sum(1, dtype=np.int64)
    either = np.bitwise_count(many | one).sum(1, dtype=np.int64)
    return np.asarray(both / np.maximum(either, 1), np.float64)


def packed(molecule: Any) -> NDArray[np.uint8]:
    """Return a molecule's Morgan bits, packed (256,)."""
    from rdkit import DataStructs

    bits = np.zeros(_BITS, np.uint8)
    DataStructs.ConvertToNumpyArray(fingerprint(molecule), bits)
    return np.packbits(bits)


def _heavy(molecule: Any) -> tuple[int, ...]:
    return tuple(sorted(atom.GetAtomicNum() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1))


def _skeleton(key: str) -> str:
    return key[:14]


def _build(files: Mapping[str, Path], work: Path) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rich.console import Console
    from rich.progress import track

    from clinweave.databases import DATABASES, RowLog, drug_structures

    log = RowLog(keep=0)
    drugs = list(drug_structures(files, log))
    rows, bits, refused = [], [], []
    for drug in track(drugs, "structures of drugs", console=Console(stderr=True), transient=True):
        found = read_structure(drug.smiles)
        if not isinstance(found, Structure):
            refused.append({"id": drug.id, "name": drug.name, "reason": found.reason})
            continue
        rows.append(
            {
                "id": drug.id, "name": drug.name, "smiles": found.smiles, "given": drug.smiles,
                "inchi_key": inchi_key(found.molecule), "notes": "; ".join(found.notes),
            }
        )  # fmt: skip
        bits.append(packed(found.molecule))
    pq.write_table(pa.Table.from_pylist(rows), work / "drugs.parquet")
    np.save(work / "bits.npy", np.array(bits, np.uint8).reshape(-1, _BITS // 8))
    source = DATABASES["drug_names"].source(files)
    return {
        "drugs": len(rows), "refused": refused, "dropped": log.total, "licence": source.licence,
        "release": source.release,
    }  # fmt: skip


def answer_known(drugs: KnownDrugs, path: Path, out: Path, smiles_column: str = "") -> dict[str, Any]:
    """Write a table with `drug`, `drug_id` and `match` beside each row, or `reason`; return the counts."""
    table = read_table(path, smiles_column)
    check_out(table, out)
    found = [drugs.find(one.smiles) if isinstance(one, Structure) else [] for one in table.structures]
    first = [matches[0] if matches else None for matches in found]
    write_table(
        out,
        table,
        {
            "drug": [one.name if one else "" for one in first],
            "drug_id": [one.id if one else "" for one in first],
            "match": [one.how if one else "" for one in first],
            "reason": ["" if isinstance(one, Structure) else one.reason for one in table.structures],
        },
    )
    kinds = [one.how for one in first if one]
    return {
        "rows": len(table.rows),
        "same": kinds.count("same"),
        "skeleton": kinds.count("same skeleton"),
        "refused": len(table.rows) - len(table.good),
        "out": str(out),
    }


def named_drugs(smiles: Iterable[str], home: Path, told: Told | None = None) -> dict[str, Match] | None:
    """Return the drug that each structure is, or None where the drugs' structures were not fetched."""
    try:
        return KnownDrugs.open(home).named(smiles, told)
    except ClinweaveError:
        return None
