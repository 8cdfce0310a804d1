"""KGX TSV files read as records: ours without loss, those of others with careful defaults."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import Artifact, sha256, stage
from clinweave.core.errors import UserError
from clinweave.knowledge.graph.build import Progress, assemble
from clinweave.knowledge.graph.identity import Merge, is_curie
from clinweave.knowledge.graph.kgx_text import items, unescaped
from clinweave.records import Concept, Grade, Passage, Relation, Source, Tier

if TYPE_CHECKING:
    from clinweave.databases import Record, RowLog

ABOUT = "clinweave.json"
VERSION = 1
_REQUIRED = {"nodes": ("id", "category"), "edges": ("subject", "predicate", "object"), "passages": ("id", "text"),
             "merges": ("id", "canonical")}  # fmt: skip
_LEVELS = {
    "knowledge_assertion",
    "logical_entailment",
    "prediction",
    "statistical_association",
    "observation",
}
_AGENTS = {
    "manual_agent",
    "automated_agent",
    "data_analysis_pipeline",
    "computational_model",
    "text_mining_agent",
    "image_processing_agent",
    "manual_validation_of_automated_agent",
}
Row = Mapping[str, str]


class _BadRowError(Exception):
    """Why one row cannot be used."""


@dataclass
class _File:
    """One TSV file of the folder, its rows checked for their number of fields."""

    path: Path
    kind: str  # nodes | edges | passages | merges
    ours: bool  # written by `export_kgx`: cells are escaped

    def rows(self, log: "RowLog") -> Iterator[tuple[int, Row]]:
        """Yield (line number, column -> cell); a line with a wrong number of fields is counted and left out."""
        names: list[str] = []
        for number, line in enumerate(_lines(self.path), 1):
            try:
                cells = line.decode("utf-8").removesuffix("\r").split("\t")
            except UnicodeDecodeError:
                log.drop(self.path.name, number, "not UTF-8")
                continue
            if number == 1:
                names = self._header(cells)
            elif cells == [""]:
                continue
            elif len(cells) != len(names):
                log.drop(self.path.name, number, f"{len(cells)} fields where the header has {len(names)}")
            else:
                yield number, dict(zip(names, cells, strict=True))
        if not names:
            raise UserError(f"{self.path} is empty; the first line must name its columns")

    def _header(self, cells: list[str]) -> list[str]:
        names = [cell.strip().removeprefix("\ufeff") for cell in cells]
        missing = [name for name in _REQUIRED[self.kind] if name not in names]
        if missing or len(set(names)) != len(names):
            why = f"lacks {', '.join(missing)}" if missing else "names a column twice"
            raise UserError(
                f"{self.path}, line 1: the header {why}; KGX needs {', '.join(_REQUIRED[self.kind])}"
            )
        return names

    def text(self, row: Row, name: str) -> str:
        """Return one cell as text, "" where the column is absent."""
        return unescaped(row.get(name, "")) if self.ours else row.get(name, "")

    def list(self, row: Row, name: str) -> tuple[str, ...]:
        """Return one cell as a list."""
        return items(row.get(name, ""), ours=self.ours)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a plain or gzipped file without their ends; only a line feed ends a line."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            for line in stream:
                yield line.removesuffix(b"\n")
    except (EOFError, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is damaged ({error}); get it again") from error


def import_kgx(folder: Path, out: Path, *, progress: Progress | None = None) -> Artifact:
    """Build a graph in `out` from a folder with one nodes and one edges file (.tsv or .tsv.gz).

    Identifiers stay as they are. A malformed row is counted in the manifest, named in the log and skipped. A relation
    of a foreign file is curated only where it is a knowledge_assertion by a manual_agent. Raises `UserError` for
    missing files or a header without the required columns.
    """
    from clinweave.databases import RowLog

    ours = (folder / ABOUT).is_file()
    files = [_located(folder, kind, ours) for kind in ("nodes", "edges")]
    files += [_located(folder, kind, ours) for kind in ("passages", "merges") if ours]
    sources = _sources(folder) if ours else {}
    inputs = {file.path.name: sha256(file.path) for file in files}
    if ours:
        inputs[ABOUT] = sha256(folder / ABOUT)

    def build(work: Path) -> dict[str, Any]:
        log = RowLog()
        registry = _Sources(sources)
        merges = [
            Merge(*(files[3].text(row, name) for name in ("id", "canonical", "because", "source")))
            for _, row in (files[3].rows(log) if ours else ())
        ]
        # One stream per file; where rows come from is stated in each of them.
        records = {file.kind: _records(file, log, registry) for file in files if file.kind != "merges"}
        logs = {"kgx": log}
        return assemble(
            records, registry.all, work, logs=logs, joining=False, merges=merges, progress=progress
        )

    return stage(out, "graph", inputs, {"kgx": True}, build, version=VERSION)


def _located(folder: Path, kind: str, ours: bool) -> _File:
    matches = sorted(path for path in folder.glob(f"*{kind}.tsv*") if path.name.endswith((".tsv", ".tsv.gz")))
    if len(matches) != 1:
        several = ", ".join(path.name for path in matches) or "none"
        raise UserError(f"{folder} must hold one {kind}.tsv or {kind}.tsv.gz; found {several}")
    return _File(matches[0], kind, ours)


def _sources(folder: Path) -> dict[str, Source]:
    try:
        listed = json.loads((folder / ABOUT).read_text("utf-8"))["sources"]
        return {name: Source(**{**item, "tier": Tier(item["tier"])}) for name, item in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / ABOUT} does not list sources as an export does: {error}") from error


class _Sources:
    """The declared sources, and one made for each information resource that a foreign file names."""

    def __init__(self, declared: Mapping[str, Source]):
        self.all = dict(declared)

    def id(self, named: str, infores: str) -> str:
        """Return the source id of a row that names a source, an information resource, or neither."""
        short = named or infores.removeprefix("infores:") or "kgx"
        if short not in self.all:
            self.all[short] = Source(short, short, f"infores:{short}", "not stated", "not stated", "")
        return short


def _records(file: _File, log: "RowLog", registry: _Sources) -> "Iterator[Record]":
    make = _MAKERS[file.kind]
    for number, row in file.rows(log):
        try:
            record = make(file, row, registry)
        except _BadRowError as error:
            log.drop(file.path.name, number, str(error))
            continue
        yield record


def _id(file: _File, row: Row, name: str) -> str:
    curie = file.text(row, name)
    if not is_curie(curie):
        raise _BadRowError(f"{name} is not an identifier of the form prefix:local")
    return curie


def _concept(file: _File, row: Row, registry: _Sources) -> Concept:
    curie = _id(file, row, "id")
    provided = next(iter(file.list(row, "provided_by")), "")
    categories = file.list(row, "category")
    return Concept(
        curie,
        categories[0] if categories else "biolink:NamedThing",
        file.text(row, "name") or curie,
        registry.id(file.text(row, "source"), provided),
        file.list(row, "synonym"),
        file.text(row, "description"),
        file.list(row, "xref"),
        file.list(row, "related"),
        _tier(file.text(row, "tier")),
    )


def _tier(text: str) -> Tier:
    try:
        return Tier(text or "public")
    except ValueError:
        raise _BadRowError(f"tier must be one of {', '.join(Tier)}") from None


def _relation(file: _File, row: Row, registry: _Sources) -> Relation:
    level = _one_of(file.text(row, "knowledge_level"), _LEVELS)
    agent = _one_of(file.text(row, "agent_type"), _AGENTS)
    primary = next(iter(file.list(row, "primary_knowledge_source")), "")
    aggregator = next(iter(file.list(row, "aggregator_knowledge_source")), "")
    return Relation(
        _id(file, row, "subject"),
        _id(file, row, "predicate"),
        _id(file, row, "object"),
        registry.id(file.text(row, "source"), primary or aggregator),
        file.list(row, "publications"),
        frequency=_frequency(file, row),
        onset=file.text(row, "onset_qualifier"),
        sex=file.text(row, "sex_qualifier"),
        negated=_truth(file.text(row, "negated")),
        evidence=file.text(row, "has_evidence"),
        grade=_grade(file.text(row, "grade"), level, agent),
        knowledge_level=level,
        agent_type=agent,
        original_subject=file.text(row, "original_subject"),
        original_object=file.text(row, "original_object"),
    )


def _passage(file: _File, row: Row, registry: _Sources) -> Passage:
    try:
        start, end = int(row["start"]), int(row["end"])
    except (KeyError, ValueError):
        raise _BadRowError("start and end must be whole numbers") from None
    source = registry.id(file.text(row, "source"), "")
    name, text, title, document, section = (
        file.text(row, column) for column in ("id", "text", "title", "document", "section")
    )
    return Passage(name, text, title, document, start, end, source, section, file.list(row, "concepts"))


_MAKERS: "dict[str, Callable[[_File, Row, _Sources], Record]]" = {
    "nodes": _concept,
    "edges": _relation,
    "passages": _passage,
}


def _one_of(value: str, allowed: set[str]) -> str:
    return value if value in allowed else "not_provided"


def _truth(value: str) -> bool:
    if value.lower() not in ("", "false", "true"):
        raise _BadRowError("negated is neither true nor false")
    return value.lower() == "true"


def _frequency(file: _File, row: Row) -> str:
    """Return the frequency as recorded, else what Biolink's columns say of it."""
    if "frequency" in row:
        return file.text(row, "frequency")
    count, total, share = (row.get(name, "") for name in ("has_count", "has_total", "has_percentage"))
    if count and total:
        return f"{count}/{total}"
    return f"{share}%" if share else file.text(row, "frequency_qualifier")


def _grade(stated: str, level: str, agent: str) -> Grade:
    """Return the stated grade, else a careful one: only what a person asserted is curated."""
    if stated:
        try:
            return Grade(stated)
        except ValueError:
            raise _BadRowError(f"grade must be one of {', '.join(Grade)}") from None
    return Grade.from_biolink(level, agent)
