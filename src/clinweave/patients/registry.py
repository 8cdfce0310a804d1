"""Registry of patient stores, collections and proposals: the places that a purge has to search."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest, recover_all, write_json
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, reason, regular_file
from clinweave.patients.store import KIND, PatientStore

FILE = "patients.json"
_MEND = "restore it from a backup, or delete it and run `clinweave patients load` for stores outside the home"


def register(store: Path, home: Path, collection: str = "") -> None:
    """Note a store, and a collection that was made from it."""

    def change(registry: dict[str, Any]) -> None:
        collections = registry["stores"].setdefault(str(store.resolve()), [])
        if collection and collection not in collections:
            collections.append(collection)

    _update(home, change)


def register_proposals(folder: Path, home: Path) -> None:
    """Note a folder of proposals that a model makes from private texts, wherever it is."""

    def change(registry: dict[str, Any]) -> None:
        registry["proposals"] = sorted({*registry["proposals"], str(folder.resolve())})

    _update(home, change)


def proposals(home: Path) -> list[Path]:
    """Return the folders of proposals from private texts, also those that are no more."""
    return [Path(path) for path in _read(home)["proposals"]]


def stores(home: Path) -> dict[Path, list[str]]:
    """Return the stores that still are there, each with the collections made from it."""
    registered = {Path(path): list(names) for path, names in _read(home)["stores"].items()}
    recover_all(home / "patients")
    for folder in sorted((home / "patients").glob("*")):
        if not folder.name.startswith(".") and folder.is_dir():
            registered.setdefault(folder.resolve(), [])
    return {
        path: names
        for path, names in sorted(registered.items())
        if (read_manifest(path) or {}).get("kind") == KIND
    }


def one_store(where: Path | None, home: Path, patient: str = "") -> PatientStore:
    """Open the store `where`, or the only one that there is (that holds `patient`). Raises `UserError` otherwise."""
    if where is not None:
        return PatientStore.open(where)
    candidates = [PatientStore.open(path) for path in stores(home)]
    if patient and len(candidates) > 1:
        candidates = [store for store in candidates if store.find(patient) is not None]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UserError("no store contains this patient" if patient and stores(home) else
                        "there is no store of patients; `clinweave patients load PATH` makes one")  # fmt: skip
    raise UserError(f"say which store with --in: {', '.join(str(store.path) for store in candidates)}")


def _read(home: Path) -> dict[str, Any]:
    file = home / FILE
    if not kind_of(file):
        return {"stores": {}, "proposals": []}
    try:
        registry = json.loads(regular_file(file).read_text("utf-8"))
        stores, folders = dict(registry.get("stores", {})), list(registry.get("proposals", []))
        sound = all(isinstance(names, list) for names in stores.values()) and all(
            isinstance(name, str)
            for name in (*folders, *(name for names in stores.values() for name in names))
        )
    except (OSError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise UserError(f"{file} is damaged ({reason(error)}); {_MEND}") from error
    if not sound:
        raise UserError(f"{file} is damaged (not a list of stores); {_MEND}")
    return {"stores": stores, "proposals": folders}


def _update(home: Path, change: Callable[[dict[str, Any]], object]) -> None:
    registry = _read(home)
    change(registry)
    write_json(home / FILE, registry, private=True)
