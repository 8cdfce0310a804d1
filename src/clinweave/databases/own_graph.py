"""A user's own knowledge graph: tables of concepts and of triples, in KGX or simple CSV and TSV.

A table of triples has the columns subject, predicate and object (identifiers or names), and may have source,
publications, frequency, negated, onset, sex, evidence, knowledge_level, agent_type and grade. A table of concepts has
id and name, and may have category, synonym, description, xref and same_as. Lists are separated by "|". Other columns
are not read. A file source.toml in the same folder may state name, release, licence, tier and homepage. An unusable row
is counted in the log with its reason.
"""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.databases.base import RowLog
from clinweave.databases.files import opened
from clinweave.databases.prefixes import normal
from clinweave.records import Concept, Grade, Relation, Source, Tier

TABLES = (".csv", ".tsv", ".txt")
_TRIPLE, _NODE = ("subject", "predicate", "object"), ("id", "name")
SOURCE_FILE = "source.toml"  # in the folder: how the owner describes the source
_FACTS = {"name", "release", "licence", "tier", "homepage"}
_MAX_REASONS = 200  # different reasons that quote the cell; more are counted without it
_MAX_CELL = 1 << 20
_LEVELS = {
    "knowledge_assertion", "logical_entailment", "prediction", "statistical_association", "observation", "not_provided",
}  # fmt: skip
_FREQUENCY = re.compile(r"\d+\s*/\s*[1-9]\d*|\d+(?:\.\d+)?\s*(?:-\s*\d+(?:\.\d+)?\s*)?%|HP:00402\d\d")
_FREQUENCY_WORDS = {
    "obligate": "HP:0040280", "always": "HP:0040280", "very frequent": "HP:0040281", "frequent": "HP:0040282",
    "occasional": "HP:0040283", "rare": "HP:0040284", "very rare": "HP:0040284", "excluded": "HP:0040285",
}  # fmt: skip
_CATEGORIES = {
    "disease": "Disease", "disorder": "Disease", "syndrome": "Disease", "finding": "PhenotypicFeature",
    "symptom": "PhenotypicFeature", "sign": "PhenotypicFeature", "phenotype": "PhenotypicFeature", "gene": "Gene",
    "drug": "Drug", "medicine": "Drug", "chemical": "ChemicalEntity", "protein": "Protein", "procedure": "Procedure",
}  # fmt: skip
_YES, _NO = {"true", "yes", "y", "1"}, {"", "false", "no", "n", "0"}
# (identifier or name, Biolink category that is meant among namesakes) -> (the concept's id, "" and why not)
Finder = Callable[[str, str], tuple[str, str]]
_OBJECTS = {
    "biolink:has_phenotype": "biolink:PhenotypicFeature",
    "biolink:treats": "biolink:Disease",
    "biolink:contraindicated_in": "biolink:Disease",
}


class _RefusedError(Exception):
    """Why one row cannot be used, without and with the cell."""


@dataclass
class OwnGraph:
    """The tables of one source of the user's own. Raises `UserError` where a file is no such table."""

    name: str
    files: Mapping[str, Path]
    grade: Grade = Grade.CURATED  # of relations that state no knowledge level
    stated: Mapping[str, str] = field(
        default_factory=dict
    )  # release, licence, tier: before those of source.toml
    log: RowLog = field(default_factory=lambda: RowLog(keep=200))

    def __post_init__(self) -> None:
        """Sort the files into triples and concepts by their headers."""
        self._kinds = {path: _kind(path) for file, path in self.files.items() if file != SOURCE_FILE}
        self.source = _source(self.name, self.files.get(SOURCE_FILE), self.stated)
        self._reasons: set[str] = set()
        if "triples" not in self._kinds.values():
            raise UserError(f"{self.name}: no table has the columns {', '.join(_TRIPLE)}")

    def concepts(self) -> Iterator[Concept]:
        """Yield the concepts of the tables."""
        for path, kind in self._kinds.items():
            for number, row in _rows(path, self.log) if kind == "concepts" else ():
                try:
                    yield _concept(row, self.name)
                except _RefusedError as error:
                    self._refuse(path, number, error)

    def relations(self, find: Finder) -> Iterator[Relation]:
        """Yield the triples; `find` returns the concept of an identifier or name."""
        for path, kind in self._kinds.items():
            for number, row in _rows(path, self.log) if kind == "triples" else ():
                try:
                    yield self._relation(row, find)
                except _RefusedError as error:
                    self._refuse(path, number, error)

    def _refuse(self, path: Path, number: int, error: _RefusedError) -> None:
        plain, full = str(error.args[0]), str(error.args[-1])
        if full not in self._reasons and len(self._reasons) >= _MAX_REASONS:
            full = plain
        self._reasons.add(full)
        self.log.drop(path.name, number, full)

    def _relation(self, row: Mapping[str, str], find: Finder) -> Relation:
        predicate, swapped = _predicate(row["predicate"])
        ends, stated = [], []
        for name in ("subject", "object"):
            cell = row[name]
            if not cell:
                raise _RefusedError(f"{name} is empty")
            is_object = (name == "object") != swapped
            id_, why = find(cell, _OBJECTS.get(predicate, "") if is_object else "")
            if not id_:
                raise _RefusedError(f"{name} {why}", f"{name} {cell[:60]!r} {why}")
            ends.append(id_)
            stated.append(cell if cell != id_ else "")
        if ends[0] == ends[1]:
            raise _RefusedError("subject and object are one concept")
        if swapped:
            ends.reverse()
            stated.reverse()
        level, agent = row.get("knowledge_level", ""), row.get("agent_type", "")
        if level and level not in _LEVELS:
            raise _RefusedError(
                "knowledge_level is none of Biolink's", f"knowledge_level {level[:60]!r} is none of Biolink's"
            )
        return Relation(
            ends[0],
            predicate,
            ends[1],
            self.name,
            publications=_list(row.get("publications", "")),
            frequency=_frequency(row.get("frequency", "") or row.get("frequency_qualifier", "")),
            onset=row.get("onset", "") or row.get("onset_qualifier", ""),
            sex=row.get("sex", "") or row.get("sex_qualifier", ""),
            negated=_truth(row.get("negated", "")),
            evidence=row.get("evidence", "")
            or row.get("source", "")
            or row.get("primary_knowledge_source", ""),
            grade=self._grade(row.get("grade", ""), level, agent),
            knowledge_level=level or "not_provided",
            agent_type=agent or "not_provided",
            original_subject=stated[0],
            original_object=stated[1],
        )

    def _grade(self, stated: str, level: str, agent: str) -> Grade:
        """Return the stated grade, that of the knowledge level, else what the owner's relations are."""
        if stated:
            if stated not in set(Grade):
                raise _RefusedError(
                    "grade is unknown", f"grade {stated[:60]!r} is none of {', '.join(Grade)}"
                )
            return Grade(stated)
        unstated = {"", "not_provided"}
        return self.grade if {level, agent} <= unstated else Grade.from_biolink(level, agent)


def _source(name: str, path: Path | None, stated: Mapping[str, str]) -> Source:
    """Return the source that every record points to, as the owner describes it; `path` is a source.toml."""
    facts: dict[str, str] = {}
    if path is not None:
        try:
            facts = tomllib.loads(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"{path} cannot be read: {error}") from error
        facts = {"licence": facts.pop("license"), **facts} if "license" in facts else facts
        if unknown := sorted(set(facts) - _FACTS):
            raise UserError(f"{path}: {', '.join(unknown)[:200]} is none of {', '.join(sorted(_FACTS))}")
        facts = {key: str(value) for key, value in facts.items()}  # a date or a number stands for itself
    facts.update(stated)
    where = f"{path}: tier" if path is not None and "tier" not in stated else "--tier"
    tier = facts.get("tier", Tier.PUBLIC)
    if tier not in set(Tier):
        raise UserError(f"{where} {tier[:60]!r} of {name}: choose one of {', '.join(Tier)}")
    return Source(
        name,
        facts.get("name", f"{name} (your own)"),
        f"infores:{name}",
        facts.get("release", "not stated"),
        facts.get("licence", "not stated"),
        facts.get("homepage", ""),
        Tier(tier),
    )


@cache
def predicates() -> dict[str, tuple[str, bool]]:
    """Return words -> (Biolink predicate, whether subject and object are swapped)."""
    text = Path(__file__).with_name("predicate_words.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {words: (predicate, direction == "inverse") for words, predicate, direction in rows[1:]}


def _predicate(text: str) -> tuple[str, bool]:
    words = " ".join(text.removeprefix("biolink:").replace("_", " ").lower().split())
    if words not in predicates():
        raise _RefusedError(
            "predicate is unknown",
            f"predicate {text[:60]!r} is no Biolink predicate and no known word for one",
        )
    return predicates()[words]


def _kind(path: Path) -> str:
    names, _ = _header(path)
    if set(_TRIPLE) <= set(names):
        return "triples"
    if set(_NODE) <= set(names) or {"id", "category"} <= set(names):
        return "concepts"
    raise UserError(
        f"{path}, line 1: the header ({', '.join(names[:8])[:120]}) is neither that of triples "
        f"({', '.join(_TRIPLE)}) nor that of concepts ({', '.join(_NODE)})"
    )


def _header(path: Path) -> tuple[list[str], str]:
    """Return the columns of a table and what separates them."""
    with opened(path, "a table of triples or concepts") as stream:
        raw = stream.readline(_MAX_CELL)
    try:
        first = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UserError(f"{path}, line 1: not UTF-8 text; save the table as UTF-8") from None
    separator = max("\t,;", key=first.count)
    try:
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
    except csv.Error as error:
        raise UserError(f"{path}, line 1: {error}") from error
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise UserError(f"{path}, line 1: the header names {', '.join(repeated)} twice")
    return names, separator


def _rows(path: Path, log: RowLog) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, column -> cell without blank edges); rows with other numbers of cells are counted."""
    names, separator = _header(path)
    plain = separator == "\t" and path.name.removesuffix(".gz").endswith(".tsv")
    with opened(path, "a table of triples or concepts") as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=separator, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)
        try:
            next(reader)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(names):
                    log.drop(
                        path.name, reader.line_num, f"{len(cells)} cells where the header has {len(names)}"
                    )
                elif any("\ufffd" in cell for cell in cells):
                    log.drop(path.name, reader.line_num, "not UTF-8")
                else:
                    yield (
                        reader.line_num,
                        {name: cell.strip() for name, cell in zip(names, cells, strict=True)},
                    )
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}") from error


def _concept(row: Mapping[str, str], source: str) -> Concept:
    id_ = normal(row["id"])
    if not id_:
        raise _RefusedError(
            "id is no identifier", f"id {row['id'][:60]!r} is no identifier of the form prefix:local"
        )
    name = row.get("name", "") or id_
    stated = next(iter(_list(row.get("category", ""))), "")
    category = f"biolink:{_CATEGORIES.get(stated.lower(), '')}" if stated.lower() in _CATEGORIES else stated
    if category and not re.fullmatch(r"biolink:[A-Za-z]+", category):
        raise _RefusedError(
            "category is unknown", f"category {stated[:60]!r} is none of Biolink's (biolink:Disease)"
        )
    same = _ids(row.get("same_as", ""))
    return Concept(
        id_,
        category or "biolink:NamedThing",
        name,
        source,
        tuple(item for item in _list(row.get("synonym", "") or row.get("synonyms", "")) if item != name),
        row.get("description", ""),
        same,
        tuple(item for item in _ids(row.get("xref", "")) if item not in same),
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.strip() for item in re.split(r"[|;]", text) if item.strip()))


def _ids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (normal(item) for item in _list(text)))))


def _frequency(text: str) -> str:
    if not text:
        return ""
    word = _FREQUENCY_WORDS.get(text.lower(), text)
    if not _FREQUENCY.fullmatch(word):
        raise _RefusedError(
            "frequency is not read",
            f"frequency {text[:60]!r} is no count (7/12), share (45%) or HPO frequency",
        )
    count, slash, total = word.partition("/")
    if slash and int(count) > int(total):
        raise _RefusedError(
            "frequency counts more than there are", f"frequency {text[:60]!r} counts more than there are"
        )
    return re.sub(r"\s+", "", word)


def _truth(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise _RefusedError("negated is neither true nor false")
    return text.lower() in _YES
