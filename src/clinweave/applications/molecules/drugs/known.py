"""Searchable set of drugs with known structures.

The structures are those of the dictionary of drug names (by DrugBank id or MeSH descriptor), with what is wrong in it
set right or left out (`reference`). They are made once, into `molecules/drugs` under clinweave's home.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.drugs.parts import Composition, Part, stereo_note
from clinweave.applications.molecules.drugs.reference import build_reference, composition_of
from clinweave.applications.molecules.prediction import Structure, read_structure, read_table
from clinweave.applications.molecules.prediction.structures import fingerprint, inchi_key
from clinweave.applications.molecules.prediction.tables import check_out, write_table
from clinweave.core.artifacts import sha256, stage
from clinweave.core.errors import ClinweaveError, UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_BITS = 2048
_RESOURCE = "drug-names"
VERSION = 3  # raise it when the same dictionary gives other rows
Progress = Callable[[int, int], None]


class Neighbour(NamedTuple):
    """A drug and how similar its structure is: Tanimoto of Morgan bits (radius 2, 2,048), 0 to 1."""

    id: str
    name: str
    smiles: str
    similarity: float


class Match(NamedTuple):
    """A known drug that a structure is or contains.

    `how` is one of "same" (the whole), "same parts" (in other proportions), "salt" (the active part is the drug's, with
    a counter-ion), "component" (one part of a mixture, or bound to a metal), each also "of the same skeleton" where
    stereochemistry or isotopes differ, and "same skeleton". `component` is the SMILES of the part that matched, `note`
    the other parts and how the stereochemistry compares.
    """

    id: str
    name: str
    how: str
    component: str = ""
    note: str = ""


_CLOSENESS = (
    "same", "same parts", "salt", "same skeleton", "salt of the same skeleton", "component",
    "component of the same skeleton",
)  # fmt: skip


@dataclass(frozen=True)
class KnownDrugs:
    """Columns of equal length; `bits` (drugs, 256) uint8. `about` says where they are from and what was left out."""

    ids: list[str]
    names: list[str]
    smiles: list[str]
    keys: list[str]
    bits: NDArray[np.uint8]
    about: dict[str, Any]
    wholes: list[str] = field(default_factory=list)  # what identifies all parts; empty: made from `smiles`
    kinds: list[str] = field(default_factory=list)  # the same without proportions
    salts: list[bool] = field(default_factory=list)  # the drug's name is that of a salt
    synonyms: dict[str, str] = field(default_factory=dict)  # other names and brands -> identifier
    gaps: dict[str, str] = field(default_factory=dict)  # identifier -> why there is no structure

    @classmethod
    def open(cls, home: Path) -> "KnownDrugs":
        """Return the drugs, read from the fetched dictionary on first use (some seconds)."""
        import rdkit

        from clinweave.resources import located

        files = located(_RESOURCE, home)
        approved = _approved(home)
        hashes = {name: sha256(path) for name, path in files.items()}
        if approved is not None:
            hashes[approved.name] = sha256(approved)
        folder = home / "molecules" / "drugs"
        artifact = stage(
            folder,
            "molecules-drugs",
            hashes,
            {"rdkit": rdkit.__version__},
            lambda work: build_reference(files, work, approved),
            version=VERSION,
        )
        return cls.load(folder, artifact.manifest)

    @classmethod
    def load(cls, folder: Path, manifest: Mapping[str, object]) -> "KnownDrugs":
        """Return what was built."""
        import pyarrow.parquet as pq

        table = pq.read_table(folder / "drugs.parquet")
        column_names = ("id", "name", "smiles", "inchi_key", "whole", "kinds", "salt")
        columns = {name: table.column(name).to_pylist() for name in column_names}
        data = json.loads((folder / "names.json").read_text("utf-8"))
        return cls(
            columns["id"], columns["name"], columns["smiles"], columns["inchi_key"],
            np.load(folder / "bits.npy"), dict(manifest), columns["whole"], columns["kinds"], columns["salt"],
            data["names"], {id_: f"{data['titles'][id_]} ({id_}): {why}" for id_, why in data["gaps"].items()},
        )  # fmt: skip

    def row(self, text: str) -> int | None:
        """Return the row of a drug by its identifier, name, synonym or brand (case does not matter), or None."""
        name = text.strip().casefold()
        row = self._by_text.get(name)
        return row if row is not None else self._by_text.get(self.synonyms.get(name, "").casefold())

    def gap(self, text: str) -> str:
        """Return why a drug that is known by name has no structure here, or "" where the name is not known."""
        name = text.strip()
        return self.gaps.get(self.synonyms.get(name.casefold(), name.upper()), "")

    def similar(self, smiles: str, count: int = 10, least: float = 0.0) -> list[Neighbour]:
        """Return the drugs most similar to a structure, itself left out. Raises `UserError` on no structure."""
        structure = read_structure(smiles)
        if not isinstance(structure, Structure):
            raise UserError(f"{smiles!r} is no structure: {structure.reason}")
        return self._ranked(structure, tanimoto(packed(structure.molecule), self.bits), count, least)

    def similar_by_latent(
        self, smiles: str, home: Path, count: int = 10, checkpoint: Path | None = None
    ) -> list[Neighbour]:
        """Return the drugs whose learned latents are nearest by cosine; those without a latent are left out.

        The drugs' latents are computed once for a checkpoint, under `home`. Raises `UserError` if there is none.
        """
        from clinweave.applications.molecules.prediction.features import describe, described, latent_sha256

        if not latent_sha256(checkpoint):
            raise UserError(
                f"there is no molecule model in {checkpoint or 'clinweave'}: name one with --checkpoint"
            )
        structure = read_structure(smiles)
        if not isinstance(structure, Structure):
            raise UserError(f"{smiles!r} is no structure: {structure.reason}")
        many = described(
            self.smiles, home / "molecules" / "features", "latent", "latents of drugs", checkpoint
        )
        latent = describe([structure.molecule], "latent", checkpoint=checkpoint)[0]
        if not np.isfinite(latent).all():
            raise UserError(f"the molecule model has no latent for {smiles!r}")
        size = np.linalg.norm(many, axis=1) * np.linalg.norm(latent)
        scores = np.nan_to_num(many @ latent / np.maximum(size, 1e-9), nan=-1.0).astype(np.float64)
        return self._ranked(structure, scores, count, -0.999)

    def _ranked(
        self, structure: Structure, scores: NDArray[np.float64], count: int, least: float
    ) -> list[Neighbour]:
        """Return the best drugs by score, those with the structure's own skeleton left out."""
        same = _skeleton(inchi_key(structure.molecule))
        order = np.argsort(-scores, kind="stable")
        neighbours: list[Neighbour] = []
        for index in order:
            if len(neighbours) == count or scores[index] < least:
                break
            if not same or _skeleton(self.keys[index]) != same:
                neighbours.append(
                    Neighbour(self.ids[index], self.names[index], self.smiles[index], float(scores[index]))
                )
        return neighbours

    def find(self, smiles: str) -> list[Match]:
        """Return the known drugs that a structure is or contains, the closest first.

        The same drug is the same whole: every part in its proportion. A salt of a drug by sodium, potassium, calcium,
        magnesium or a listed acid or base is "salt"; a mixture, or a compound with another metal, only has components.
        """
        composition = composition_of(smiles)
        if composition is None:
            return []
        rows = dict.fromkeys(self._by_whole.get(composition.whole, []), "same")
        rows |= {row: "same parts" for row in self._by_kinds.get(composition.kinds, []) if row not in rows}
        matches = [self._match(row, how, composition, None) for row, how in rows.items()]
        for part in composition.acting:
            alike = self._by_skeleton.get(_skeleton(part.key), [])
            matches += [
                self._match(row, self._how(row, part, composition), composition, part)
                for row in alike
                if row not in rows
            ]
        return sorted(matches, key=lambda match: (_CLOSENESS.index(match.how), match.id))

    def _how(self, row: int, part: Part, composition: Composition) -> str:
        """Return what a structure is to a drug whose active part has the skeleton of `part`."""
        if composition.active is None:
            return "component" if self.keys[row] == part.key else "component of the same skeleton"
        salt = len([item for item in composition.parts if item.role != "solvent"]) > 1 or self._is_salt(row)
        if self.keys[row] == part.key:
            return "salt" if salt else "same"
        return "salt of the same skeleton" if salt else "same skeleton"

    def _match(self, row: int, how: str, composition: Composition, part: Part | None) -> Match:
        active = part or composition.active
        notes = []
        if how == "same parts":
            notes.append("the parts are in other proportions")
        if active is not None:
            if others := composition.others(active):
                notes.append(f"together with: {others}")
            if self._is_salt(row) and how.startswith("salt"):
                notes.append(f"the drug is itself a salt: {self.names[row]}")
            if self.keys[row] and (note := stereo_note(active.key, self.keys[row], active.smiles)):
                notes.append(note)
        return Match(self.ids[row], self.names[row], how, active.smiles if active else "", "; ".join(notes))

    def _is_salt(self, row: int) -> bool:
        return bool(self.salts) and self.salts[row]

    def named(self, smiles: Iterable[str], progress: Progress | None = None) -> dict[str, Match]:
        """Return the drug that each structure is, for those that are one.

        As `find` for many: parts are looked at only where the heavy atoms are those of a drug, or there are several
        parts. `progress(done, total)`.
        """
        from rdkit import Chem

        result: dict[str, Match] = {}
        distinct = list(dict.fromkeys(smiles))
        for number, text in enumerate(distinct, 1):
            if progress and not number % 500:
                progress(number, len(distinct))
            molecule = Chem.MolFromSmiles(text)
            if molecule is None or ("." not in text and _heavy(molecule) not in self._by_atoms):
                continue
            if matches := self.find(text):
                result[text] = matches[0]
        return result

    @cached_property
    def _by_atoms(self) -> frozenset[tuple[int, ...]]:
        from rdkit import Chem, rdBase

        with rdBase.BlockLogs():
            return frozenset(_heavy(Chem.MolFromSmiles(text)) for text in self.smiles)

    @cached_property
    def _by_text(self) -> dict[str, int]:
        names = {name.casefold(): row for row, name in reversed(list(enumerate(self.names)))}
        return names | {id_.casefold(): row for row, id_ in enumerate(self.ids)}

    @cached_property
    def _by_whole(self) -> dict[str, list[int]]:
        compositions = [composition_of(smiles) for smiles in self.smiles] if not self.wholes else []
        return _rows_by(
            self.wholes or [composition.whole if composition else "" for composition in compositions]
        )

    @cached_property
    def _by_kinds(self) -> dict[str, list[int]]:
        compositions = [composition_of(smiles) for smiles in self.smiles] if not self.kinds else []
        return _rows_by(
            self.kinds or [composition.kinds if composition else "" for composition in compositions]
        )

    @cached_property
    def _by_skeleton(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, key in enumerate(self.keys):
            if key:
                rows[_skeleton(key)].append(row)
        return rows


def _approved(home: Path) -> Path | None:
    """Return the fetched table of approved drugs, or None."""
    from clinweave.resources import located

    try:
        return located("approved-drugs", home)["drugbank_approved.csv"]
    except (ClinweaveError, KeyError):
        return None


def tanimoto(query: NDArray[np.uint8], many: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the Tanimoto similarity of packed bits (256,) to each row of (n, 256); 0 where neither has a bit."""
    both = np.bitwise_count(many & query).sum(1, dtype=np.int64)
    either = np.bitwise_count(many | query).sum(1, dtype=np.int64)
    return np.asarray(both / np.maximum(either, 1), np.float64)


def packed(molecule: "Mol") -> NDArray[np.uint8]:
    """Return a molecule's Morgan bits, packed (256,)."""
    from rdkit import DataStructs

    bits = np.zeros(_BITS, np.uint8)
    DataStructs.ConvertToNumpyArray(fingerprint(molecule), bits)
    return np.packbits(bits)


def _heavy(molecule: "Mol") -> tuple[int, ...]:
    return tuple(sorted(atom.GetAtomicNum() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1))


def _skeleton(key: str) -> str:
    return key[:14]


def _rows_by(keys: Iterable[str]) -> dict[str, list[int]]:
    result: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key:
            result[key].append(row)
    return dict(result)


def answer_known(drugs: KnownDrugs, path: Path, out: Path, smiles_column: str = "") -> dict[str, object]:
    """Write the table with the columns `drug`, `drug_id` and `match`, or `reason`; return the counts."""
    table = read_table(path, smiles_column)
    check_out(table, out)
    # the whole structure as given: what is computed on elsewhere is a part of it
    all_matches = [
        drugs.find(cells[table.smiles_column]) if isinstance(item, Structure) else []
        for cells, item in zip(table.rows, table.structures, strict=True)
    ]
    first = [matches[0] if matches else None for matches in all_matches]
    write_table(
        out,
        table,
        {
            "drug": [item.name if item else "" for item in first],
            "drug_id": [item.id if item else "" for item in first],
            "match": [item.how if item else "" for item in first],
            "component": [item.component if item else "" for item in first],
            "note": [_note(matches) for matches in all_matches],
            "reason": ["" if isinstance(item, Structure) else item.reason for item in table.structures],
        },
    )
    kinds = [item.how for item in first if item]
    return {
        "rows": len(table.rows),
        "same": kinds.count("same"),
        "salt": sum(how in {"salt", "same parts"} for how in kinds),
        "skeleton": sum("skeleton" in how for how in kinds),
        "component": kinds.count("component"),
        "refused": len(table.rows) - len(table.good),
        "out": str(out),
    }


def _note(matches: Sequence[Match]) -> str:
    """Return the note of the first match, and the other drugs that are components."""
    if not matches:
        return ""
    others = [match.name for match in matches[1:] if match.component != matches[0].component]
    return "; ".join(
        filter(None, [matches[0].note, f"also: {', '.join(dict.fromkeys(others))}" if others else ""])
    )


def named_drugs(
    smiles: Iterable[str], home: Path, progress: Progress | None = None
) -> dict[str, Match] | None:
    """Return the drug that each structure is, or None where the drugs' structures were not fetched."""
    try:
        return KnownDrugs.open(home).named(smiles, progress)
    except ClinweaveError:
        return None
