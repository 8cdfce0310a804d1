"""Reference structures of drugs from the dictionary of drug names, with its errors corrected or excluded.

The dictionary often gives a salt, a product of several drugs or another substance under a drug's name. Counter-ions are
set aside (`parts`); an entry whose remaining parts are several, or whose name states a metal that its structure lacks,
is left out and listed with the reason. A drug without a structure takes that of the fetched approved drugs, or of its
salt ("imatinib" of "imatinib mesylate").
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clinweave.applications.molecules.drugs.parts import METALS, Composition, Part, composition
from clinweave.applications.molecules.prediction import Structure, read_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 2048
_SALT_WORDS = re.compile(
    r"\b(?:mono|di|tri|hemi|sesqui)?(?:hydrochloride|hydrobromide|sodium|disodium|potassium|calcium|magnesium|mesylate|maleate"
    r"|fumarate|tartrate|bitartrate|citrate|sulfate|phosphate|acetate|succinate|besylate|tosylate|nitrate|lactate|malate"
    r"|gluconate|pamoate|xinafoate|benzoate|tromethamine|meglumine|hydrate|monohydrate|dihydrate|anhydrous)\b",
    re.IGNORECASE,
)


def build_reference(files: Mapping[str, Path], work: Path, approved: Path | None = None) -> dict[str, Any]:
    """Write drugs.parquet, bits.npy and names.json into `work`; return what the manifest says of them.

    `approved` is drugbank_approved.csv of ADMET-AI: structures for drugs to which the dictionary gives none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rich.console import Console
    from rich.progress import track

    from clinweave.databases import DATABASES, RowLog, drug_structures

    log = RowLog(keep=0)
    drugs = list(drug_structures(files, log))
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    gaps: dict[str, str] = {}
    forms: list[dict[str, Any]] = []  # without an identifier
    for drug in track(drugs, "structures of drugs", console=Console(stderr=True), transient=True):
        if not drug.id:
            entry = reference_row("", drug.name, drug.smiles)
            forms += [] if isinstance(entry, str) else [{**entry, "names": drug.names}]
        elif not drug.smiles:
            gaps[drug.id] = "the dictionary has no structure of it"
        elif isinstance(entry := reference_row(drug.id, drug.name, drug.smiles), str):
            left_out.append({"id": drug.id, "name": drug.name, "reason": entry})
            gaps[drug.id] = f"its structure in the dictionary was left out: {entry}"
        else:
            rows.append(entry)
    drugs = [drug for drug in drugs if drug.id]
    given = from_approved(approved, {drug.id: drug.name for drug in drugs if drug.id in gaps})
    rows += given
    wanting = gaps.keys() - {row["id"] for row in given}
    filled = from_salts([*rows, *forms], {drug.name.casefold(): drug for drug in drugs if drug.id in wanting})
    brands = [(row["id"], (row["name"], *row.pop("names", ()))) for row in filled]
    rows += filled
    built = {row["id"] for row in rows}
    pq.write_table(pa.Table.from_pylist(rows), work / "drugs.parquet")
    np.save(
        work / "bits.npy",
        np.array([row_bits(row["smiles"]) for row in rows], np.uint8).reshape(-1, _BITS // 8),
    )
    names = {
        "names": name_index([*((drug.id, (drug.name, *drug.names)) for drug in drugs), *brands]),
        "gaps": {id_: reason for id_, reason in gaps.items() if id_ not in built},
        "titles": {drug.id: drug.name for drug in drugs},
    }
    (work / "names.json").write_text(json.dumps(names, ensure_ascii=False), "utf-8")
    source = DATABASES["drug_names"].source(files)
    return {
        "drugs": len(rows),
        "left_out": [item for item in left_out if item["id"] not in built],
        "without_structure": len(names["gaps"]),
        "from_approved": len(given),
        "corrected": sum(bool(row["notes"]) for row in rows),
        "dropped": log.total,
        "licence": source.licence,
        "release": source.release,
    }


def from_approved(path: Path | None, wanting: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows for the drugs of `wanting` (identifier -> name) from a table with id (DB00001;...) and smiles."""
    if path is None:
        return []
    result: dict[str, dict[str, Any]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for number in row["id"].split(";"):
                id_ = f"DRUGBANK:{number.strip()}"
                if id_ in wanting and id_ not in result:
                    entry = reference_row(id_, wanting[id_], row["smiles"])
                    if not isinstance(entry, str):
                        result[id_] = {**entry, "notes": "structure from the approved drugs of ADMET-AI"}
    return list(result.values())


def reference_row(id_: str, name: str, smiles: str) -> dict[str, Any] | str:
    """Return the row of one drug, or why its structure cannot stand for it."""
    from rdkit import Chem, rdBase

    read = read_structure(smiles)
    if not isinstance(read, Structure):
        return read.reason
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    parsed = composition(molecule)
    present = {atom.GetSymbol() for atom in molecule.GetAtoms()}
    for symbol, stem in METALS.items():
        if (
            re.search(rf"\b{stem}", name, re.IGNORECASE)
            and symbol not in present
            and symbol not in {"As", "Se", "Sb"}
        ):
            return f"the name states {stem}, the structure has no {symbol}"
    part = _single(parsed)
    if part is None and len(parsed.acting) > 1 and not parsed.metals:
        return f"{len(parsed.acting)} parts that are no counter-ions: a product of several substances, or not this drug"
    return {
        "id": id_, "name": name, "smiles": part.smiles if part else Chem.MolToSmiles(molecule), "given": smiles,
        "inchi_key": part.key if part else "", "whole": parsed.whole, "kinds": parsed.kinds,
        "salt": bool(part and len(parsed.parts) > 1 and _names_salt(name, parsed)),
        "notes": f"the dictionary gives it with {parsed.others(part)}" if part and parsed.others(part) else "",
    }  # fmt: skip


def _single(composition: Composition) -> Part | None:
    """Return the active part; of stereoisomers of one skeleton the first."""
    if composition.active is not None:
        return composition.active
    skeletons = {part.key[:14] for part in composition.acting}
    return composition.acting[0] if len(skeletons) == 1 and not composition.metals else None


def _names_salt(name: str, composition: Composition) -> bool:
    """Say whether a name is that of the salt ("Magnesium salicylate") and not of the drug it carries."""
    words = {word.casefold() for word in re.findall(r"\w+", name)}
    carried = {word for part in composition.parts for word in part.name.split(" or ")}
    return bool(words & carried) or bool(_SALT_WORDS.search(name))


def from_salts(rows: Iterable[Mapping[str, Any]], wanting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return rows for drugs without a structure whose salt has one."""
    result: dict[str, dict[str, Any]] = {}
    for row in rows:
        base = " ".join(_SALT_WORDS.sub(" ", row["name"]).split()).casefold()
        drug = wanting.get(base)
        if drug is not None and row["inchi_key"] and base != row["name"].casefold() and drug.id not in result:
            result[drug.id] = {
                **row, "id": drug.id, "name": drug.name, "whole": f"1*{row['inchi_key']}", "kinds": row["inchi_key"],
                "salt": False, "notes": f"the active part of {row['name']}",
            }  # fmt: skip
    return list(result.values())


def name_index(drugs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Return name in folded case -> identifier; a name of several drugs that is the title of none is left out."""
    titles: dict[str, str] = {}
    owners: dict[str, set[str]] = {}
    for id_, names in drugs:
        title, *others = names
        titles.setdefault(title.casefold(), id_)
        for name in others:
            owners.setdefault(name.casefold(), set()).add(id_)
    return {name: ids.copy().pop() for name, ids in owners.items() if len(ids) == 1} | titles


def row_bits(smiles: str) -> "NDArray[np.uint8]":
    """Return the packed Morgan bits of a reference structure."""
    from rdkit import Chem, rdBase

    from clinweave.applications.molecules.drugs.known import packed

    with rdBase.BlockLogs():
        return packed(Chem.MolFromSmiles(smiles))


def composition_of(smiles: str) -> Composition | None:
    """Return the parts of a SMILES, or None where it is none."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    return composition(molecule) if molecule is not None and molecule.GetNumHeavyAtoms() else None
