"""Which files a graph is built from: fetched releases, what the user adds, and what readers borrow from others."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.records import Source

Files = dict[str, dict[str, Path]]
_PACKED = (".gz", ".bz2")
_TABLES = (".csv", ".tsv")
_TEXTS = (".xml", ".nxml", ".tsv", ".json")


def graph_inputs(names: Sequence[str], added: Iterable[tuple[str, Path]], home: Path) -> Files:
    """Return database id -> its files, for `build_graph`.

    `names` are ids of databases that the catalogue brings, or "default" or "all" (every open one of the catalogue);
    `added` gives a file or folder for a database id, in place of the catalogue's; another name is a source of the
    user's own, whose tables the folder holds. A reader's optional files are taken
    from another database's release where its own has none. Raises `UserError` for an unknown id, or missing files.
    """
    from clinweave.databases import DATABASES, DEFAULT, OPEN
    from clinweave.resources import located_for

    added = list(added)
    asked: list[str] = []
    for name in names or ("default",):
        asked += {"default": DEFAULT, "all": OPEN}.get(name, (name,))
    asked = list(dict.fromkeys(asked))
    for name in asked:
        if name not in DATABASES:
            raise UserError(f"no database is called {name!r}; there are {', '.join(sorted(DATABASES))}")
    explicit: Files = {}
    for name, path in added:
        matched = files_of(name, path) if name in DATABASES else own_files(name, path)
        _join(name, explicit.setdefault(name, {}), matched)
    located = located_for([name for name in asked if name not in explicit], home)
    located.update(explicit)
    pool = {
        file: path for name, files in located.items() if name in DATABASES for file, path in files.items()
    }
    for name, files in located.items():
        for file in DATABASES[name].optional if name in DATABASES else ():
            if file not in files and file in pool and name not in _ALONE:
                files[file] = pool[file]
    return {name: located[name] for name in dict.fromkeys([*asked, *explicit])}


def _join(name: str, located: dict[str, Path], more: Mapping[str, Path]) -> None:
    """Add the files of another folder, none in the place of one that was given before."""
    from clinweave.databases import DATABASES

    for file, path in more.items():
        key = file
        if path in located.values():
            continue
        if file in located:
            if name in DATABASES and not (DATABASES[name].many or DATABASES[name].repeats):
                raise UserError(
                    f"--add {name}: both {located[file]} and {path} are its {file}; give one of them"
                )
            key = f"{path.parent.name}/{file}"
            key = key if key not in located else f"{path.parent}/{file}"
        located[key] = path


_ALONE = frozenset({"drug_names"})  # its own release is complete: the same with or without the others


def files_of(name: str, path: Path) -> dict[str, Path]:
    """Return the files of one database in a file or folder: by their names, with or without .gz or .bz2."""
    from clinweave.databases import DATABASES

    database = DATABASES[name]
    if not path.exists():
        raise UserError(f"--add {name}={path}: no such file or folder")
    if path.is_file():
        return {path.name if database.many else database.files[0]: path}
    inside = sorted(item for item in path.rglob("*") if item.is_file())
    if database.many:
        files = {str(item.relative_to(path)): item for item in inside if _bare(item).endswith(_TEXTS)}
        if not files:
            raise UserError(f"--add {name}={path}: the folder holds no {', '.join(_TEXTS)} file")
        return {
            _bare(item) if len(files) == 1 else key.removesuffix(".gz"): item for key, item in files.items()
        }
    expected = (*database.files, *database.optional)
    names = {_bare(item): item for item in inside}
    files = {database.also[name]: item for name, item in names.items() if name in database.also}
    files.update({name: item for name, item in names.items() if name in expected})
    if missing := [file for file in database.files if file not in files]:
        raise UserError(f"--add {name}={path}: the folder lacks {', '.join(missing)} (also .gz or .bz2)")
    return files


def own_files(name: str, path: Path) -> dict[str, Path]:
    """Return the tables of a source of the user's own: a file, or a folder's .csv and .tsv; with their source.toml."""
    from clinweave.databases import DATABASES, SOURCE_FILE

    nearest = get_close_matches(name, DATABASES, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise UserError(f"--add {name}: a source is named by small letters, digits, '-' and '_'")
    if not path.exists():
        raise UserError(f"--add {name}={path}: no such file or folder{hint}")
    if path.is_file():
        stated = path.with_name(SOURCE_FILE)
        return {path.name: path, **({SOURCE_FILE: stated} if stated.is_file() else {})}
    inside = sorted(item for item in path.rglob("*") if item.is_file() and _bare(item).endswith(_TABLES))
    if not inside:
        raise UserError(
            f"--add {name}={path}: no database is called {name!r}{hint}, and as a source of your own the folder "
            "holds no .csv or .tsv table"
        )
    files = {item.relative_to(path).as_posix(): item for item in inside}
    if (stated := path / SOURCE_FILE).is_file():
        files[SOURCE_FILE] = stated
    return files


def _bare(path: Path) -> str:
    return path.name.removesuffix(path.suffix) if path.suffix in _PACKED else path.name


def reader_versions(databases: Iterable[str]) -> dict[str, int]:
    """Return the version of each database's reader, and of what all share: another version gives another graph."""
    from clinweave.databases import DATABASES, READERS_VERSION

    versions = {name: DATABASES[name].version for name in sorted(databases) if name in DATABASES}
    return {**versions, "shared": READERS_VERSION}


def as_recorded(source: Source, files: Mapping[str, Path]) -> Source:
    """Return a source with what `clinweave fetch` recorded of its first file, where the file does not state it."""
    from clinweave.databases import recorded_fact

    path = next(iter(files.values()), Path())
    release, licence = (
        recorded_fact(path, fact) if stated == "not stated" else stated
        for fact, stated in (("release", source.release), ("licence", source.licence))
    )
    return replace(source, release=release, licence=licence)


def mixed_releases(sources: Mapping[str, Source]) -> list[str]:
    """Return a warning for each pair of sources that are parts of one release and state different ones."""
    warnings = []
    for first, other in (("hpo", "hpoa"),):
        if first in sources and other in sources:
            releases = sources[first].release, sources[other].release
            if "not stated" not in releases and releases[0] != releases[1]:
                warnings.append(
                    f"{first} is of {releases[0]}, {other} of {releases[1]}: terms of one may be missing in the other"
                )
    return warnings
