"""The graph and text index that a task is asked in: the usual ones, an older release, or with hidden texts added."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from clinweave.core.access_policy import strictest, tier_of
from clinweave.core.artifacts import Artifact, digest, read_manifest, sha256
from clinweave.core.errors import OutdatedError, UserError
from clinweave.core.typed import from_values
from clinweave.databases import DEFAULT
from clinweave.knowledge import (
    ContextBuilder,
    Graph,
    Linker,
    TextIndex,
    build_graph,
    build_index,
    collections,
    open_retriever,
)
from clinweave.records import Passage, Question, Relation, Source, Tier
from clinweave.resources import located_for

Status = Callable[[str], None]
FOLDER = "knowledge-bases"  # below the home folder
_HPO_FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")


@dataclass
class KnowledgeBase:
    """A graph with its linker and text index; opened only when something is asked."""

    graph_path: Path
    graph_key: str
    index_path: Path
    index_key: str

    @cached_property
    def graph(self) -> Graph:
        """Return the graph."""
        return Graph.open(self.graph_path)

    @property
    def home(self) -> Path:
        """Return the folder that holds the graph."""
        return self.graph_path.parent

    @cached_property
    def linker(self) -> Linker:
        """Return the linker of the graph."""
        return Linker.open(self.graph)

    @cached_property
    def index(self) -> TextIndex:
        """Return the text index."""
        return TextIndex.open(self.index_path)

    def has(self, part: str) -> bool:
        """Return whether a part ("graph" or "index") is there."""
        return read_manifest(self.graph_path if part == "graph" else self.index_path) is not None

    @cached_property
    def context_builder(self) -> ContextBuilder:
        """Return the builder of evidence over this graph and index, and every other registered retriever."""
        opened = cache(lambda name: open_retriever(name, self))
        return ContextBuilder(self.graph, self.linker, self.index, open_other=opened)

    @property
    def tier(self) -> Tier:
        """Return the strictest access tier of the evidence sources."""
        return strictest(tier_of(read_manifest(path)) for path in (self.graph_path, self.index_path))

    @property
    def key(self) -> str:
        """Return what identifies graph and index."""
        return digest(self.inputs)

    @property
    def inputs(self) -> dict[str, str]:
        """Return the hashes that a result depends on."""
        return {"graph": self.graph_key, "index": self.index_key}

    def sources(self) -> Mapping[str, Source]:
        """Return the releases that the graph was built from, by its manifest."""
        stated = (read_manifest(self.graph_path) or {}).get("sources", {})
        return from_values(dict[str, Source], stated, str(self.graph_path))


class KnowledgeBaseBuilder:
    """Builds knowledge bases on demand below `home`, and keeps them there for the next run.

    `graph` is the folder of a built graph, used in place of one built from `databases`.
    """

    def __init__(self, home: Path, databases: Sequence[str], status: Status, graph: str = "") -> None:
        self.home = home
        self.graph = Path(graph) if graph else None
        self.databases = tuple(databases) or DEFAULT
        self._status = status
        self._built: dict[str, KnowledgeBase] = {}

    def default(self) -> KnowledgeBase:
        """Return the knowledge base of the recipe's databases, or of the graph that it names."""
        if self.graph is not None:
            return self._given(self.graph)
        files = located_for(self.databases, self.home)
        folder = self.home if self.databases == DEFAULT else self._folder(digest(self.databases))
        # The user's own collections stay in the index that `ask` reads, and out of what is compared.
        index_folder = folder if not collections(self.home) else self._folder("graph-alone")
        return self._build("default", files, folder, index_folder)

    def older(self, folder: Path) -> KnowledgeBase:
        """Return the knowledge base in which HPO is the release in `folder`; everything else is the default."""
        files = located_for(self.databases, self.home)
        release = release_files(folder)
        for name in ("hpo", "hpoa"):
            if name in files:
                files[name] = {**files[name], **release}
        key = digest({name: sha256(path) for name, path in release.items()})
        return self._build(f"older {key}", files, self._folder(f"hpo-{key}"))

    def with_texts(self, questions: Sequence[Question], corpus: Path | None) -> KnowledgeBase:
        """Return the default graph with an index that also holds a corpus and the questions' gold texts."""
        default = self.default()
        inputs = {**default.inputs, "gold": digest([(item.id, item.context) for item in questions])}
        if corpus is not None:
            inputs["corpus"] = corpus_key(corpus)
        folder = self._folder(f"texts-{digest(inputs)}")
        self._status("Indexing the corpus")
        built = build_index(
            _texts(default.graph, questions, corpus),
            Linker.open(default.graph),
            default.graph,
            folder,
            inputs=inputs,
            progress=None,
        )
        return KnowledgeBase(default.graph_path, default.graph_key, folder, str(built.manifest["key"]))

    def _given(self, folder: Path) -> KnowledgeBase:
        """Return the knowledge base of a built graph; its index is built below the home folder."""
        if "given" not in self._built:
            key = str(Graph.open(folder).manifest["key"])
            self._status("Text index")
            index = self._index(folder, key, self._folder(f"graph-{key}") / "index")
            self._built["given"] = KnowledgeBase(folder, key, index.path, str(index.manifest["key"]))
        return self._built["given"]

    def _build(
        self,
        name: str,
        files: Mapping[str, Mapping[str, Path]],
        folder: Path,
        index_folder: Path | None = None,
    ) -> KnowledgeBase:
        if name not in self._built:
            self._status("Knowledge graph")
            graph = self._graph(files, folder)
            key = str(graph.manifest["key"])
            self._status("Text index")
            index = self._index(graph.path, key, (index_folder or graph.path.parent) / "index")
            self._built[name] = KnowledgeBase(graph.path, key, index.path, str(index.manifest["key"]))
        return self._built[name]

    def _graph(self, files: Mapping[str, Mapping[str, Path]], folder: Path) -> Artifact:
        """Return the graph in `folder`; a graph of the user's that was built from other files is not replaced."""
        try:
            return build_graph(files, folder / "graph", progress=self._status, replace=folder != self.home)
        except OutdatedError:
            own = self._own()
            self._status(f"The graph in {folder} was built from other files; comparing with one in {own}")
            return build_graph(files, own / "graph", progress=self._status)

    def _index(self, graph_path: Path, graph_key: str, folder: Path) -> Artifact:
        graph = Graph.open(graph_path)
        linker, inputs = Linker.open(graph), {"graph": graph_key}
        replace = folder != self.home / "index"
        try:
            return build_index(graph.passages(), linker, graph, folder, inputs=inputs, replace=replace)
        except OutdatedError:
            return build_index(graph.passages(), linker, graph, self._own() / "index", inputs=inputs)

    def _own(self) -> Path:
        """Return where a comparison builds what it may not replace."""
        return self._folder(f"default-{digest(self.databases)}")

    def _folder(self, name: str) -> Path:
        return self.home / FOLDER / name


def release_files(folder: Path) -> dict[str, Path]:
    """Return the HPO files of a folder by catalogue name, gzip or not. Raises `UserError` where one is missing."""
    result = {}
    for name in _HPO_FILES:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                result[name] = path
    if missing := [name for name in _HPO_FILES[:2] if name not in result]:
        raise UserError(f"{folder} lacks {missing[0]} (or {missing[0]}.gz) of an HPO release")
    return result


def features(folder: Path) -> Iterator[Relation]:
    """Yield the annotations of the HPO release in `folder`."""
    from clinweave.databases import DATABASES, RowLog

    database, files = DATABASES["hpoa"], release_files(folder)
    database.source(files)
    log = RowLog()
    yield from (record for record in database.read(files, log) if isinstance(record, Relation))
    log.report()


def corpus_key(path: Path) -> str:
    """Return what identifies a corpus: a file by its sha256, a folder by names and sizes."""
    if path.is_file():
        return sha256(path)
    return digest(
        sorted(
            (str(file.relative_to(path)), file.stat().st_size) for file in path.rglob("*") if file.is_file()
        )
    )


def gold_passages(questions: Iterable[Question]) -> Iterator[Passage]:
    """Yield the gold text of each question as one passage, without its title: PubMedQA's title is the question."""
    for question in questions:
        text = " ".join(question.context)
        if text:
            name = f"{question.task}:{question.id}"
            yield Passage(name, text, "", name, 0, len(text), source=question.origin)


def _texts(graph: Graph, questions: Sequence[Question], corpus: Path | None) -> Iterator[Passage]:
    yield from graph.passages()
    yield from gold_passages(questions)
    if corpus is not None:
        from clinweave.knowledge import read_folder

        yield from read_folder(corpus)
