"""Translations of the Human Phenotype Ontology (https://github.com/obophenotype/hpo-translations): labels and synonyms.

A babelon file (`hp-es.babelon.tsv`, also gzipped) has one row a translated value; rows whose predicate is no label and
rows without a translation are passed over. A synonym file (`hp-fr.synonyms.tsv`) has one row a term, several synonyms
apart by "|". Only rows with the status OFFICIAL count as official; synonyms without a status come from the same
translators.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.databases.base import RowLog

LICENCE = "HPO licence: attribution with version, unmodified"
_NAME = re.compile(r"hp-([a-z]{2})\.(babelon|synonyms)\.tsv(?:\.gz)?")
_ID = re.compile(r"HP:\d{7}")
_STATUSES = frozenset({"OFFICIAL", "CANDIDATE"})
_EMPTY = frozenset({"", "NA", "N/A"})


@dataclass(frozen=True, slots=True)
class Translation:
    """One name of an HPO term, or of a disease, in another language."""

    id: str  # "HP:0001083"
    name: str
    language: str  # ISO 639-1
    label: bool  # False for a synonym
    official: bool  # False for a candidate, such as a machine translation
    own: bool = False  # from clinweave's own list, not from a file of the HPO
    english: str = ""  # the English name that this one translates, where the file states it
    source: str = ""  # "" for the HPO


def translation_files(folder: Path) -> dict[str, list[Path]]:
    """Return the translation files of a folder by language, the labels first."""
    by_language: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            by_language.setdefault(match[1], []).append(path)
    return by_language


def read_translations(path: Path, log: RowLog) -> Iterator[Translation]:
    """Yield the names of a babelon or synonym file.

    A row without an HP id, or with an unknown status, is counted in `log`. Raises `UserError` for a file of another
    name or without the columns.
    """
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise UserError(
            f"{path}: not a translation file; its name must be hp-LANGUAGE.babelon.tsv (or .synonyms.tsv)"
        )
    language, labels = match[1], match[2] == "babelon"
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as stream
        ):
            rows = csv.DictReader(
                stream, delimiter="\t", quoting=csv.QUOTE_NONE if labels else csv.QUOTE_MINIMAL
            )
            missing = {"subject_id", "translation_value"} - set(rows.fieldnames or ())
            if missing:
                raise UserError(f"{path}: no column {', '.join(sorted(missing))}; is this a babelon file?")
            for number, row in enumerate(rows, 2):
                yield from (_labels if labels else _synonyms)(row, language, (path.name, number), log)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a table in UTF-8 ({error})") from error


def _labels(row: dict[str, str], language: str, where: tuple[str, int], log: RowLog) -> Iterator[Translation]:
    value, status = _cleaned(row["translation_value"]), row.get("translation_status") or ""
    if row.get("predicate_id") != "rdfs:label" or status == "NOT_TRANSLATED" or value in _EMPTY:
        return
    if status not in _STATUSES:
        log.drop(*where, f"translation_status {status!r} is neither OFFICIAL nor CANDIDATE")
    elif not _ID.fullmatch(row["subject_id"] or ""):
        log.drop(*where, "a row without an HP id")
    else:
        yield Translation(row["subject_id"], value, language, label=True, official=status == "OFFICIAL")


def _synonyms(
    row: dict[str, str], language: str, where: tuple[str, int], log: RowLog
) -> Iterator[Translation]:
    if row["subject_id"] == "ID":  # the line of ROBOT's template
        return
    if not _ID.fullmatch(row["subject_id"] or ""):
        log.drop(*where, "a row without an HP id")
        return
    status = row.get("Status") or row.get("translation_status") or "OFFICIAL"
    for part in (row["translation_value"] or "").split("|"):
        if (value := _cleaned(part)) not in _EMPTY and status != "NOT_TRANSLATED":
            yield Translation(row["subject_id"], value, language, label=False, official=status == "OFFICIAL")


def _cleaned(value: str | None) -> str:
    text = " ".join((value or "").split())
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text
