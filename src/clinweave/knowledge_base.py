"""The Python API: one object over everything that was built, whose parts are opened when they are first needed."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core import configuration
from clinweave.core.artifacts import MANIFEST
from clinweave.core.artifacts import home as default_home
from clinweave.core.errors import MissingDataError, UserError
from clinweave.core.lazy import OpenedOnce
from clinweave.knowledge import index_folder
from clinweave.models import AUTO, best_installed, judge_address, runs_here
from clinweave.records import Answer, Audience, Mention, Message

if TYPE_CHECKING:
    from clinweave.applications import ModelSettings, OnPart
    from clinweave.applications.coding import Codebook, Coding
    from clinweave.applications.diagnosis import Diagnoser, DiagnosisResult
    from clinweave.applications.molecules import KnownDrugs, SimilarDrugs
    from clinweave.knowledge import (
        CitationChecker,
        Graph,
        Hit,
        LeftOutDocuments,
        Query,
        Retriever,
        TextIndex,
        TranslatedLinker,
    )
    from clinweave.models import LanguageModel
    from clinweave.patients import SqlSandbox

NO_MODEL = frozenset({"", "none"})


class KnowledgeBase:
    """A graph, its linker, a text index and, if asked for, a language model. Opening it opens none of them.

    Use it as a context manager, or call `close` where a model was used. Safe to call from several threads.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        model: "str | LanguageModel" = "none",
        audience: Audience | str | None = None,
        graph: Path | str | None = None,
        index: Path | str | None = None,
        collections: Sequence[str] = (),
        threads: int | None = None,
        judge: str = "none",
        records: Path | str | None = None,
    ) -> None:
        """Take the folder of what was built, an address or a model, and who reads the answers.

        `model` "auto" is the best model that was fetched and writes well enough (`models.best_installed`), else none;
        `threads` is for a model in this process. `judge` is the address of a second judge of written sentences.
        `audience` None reads the setting `audience`, by default the public. `graph` and `index` are folders, those in
        `home` if not given; passages come from these `collections` of the index, () means all. `records` are patient
        records for `query_records`: a DuckDB file or a patient store.
        """
        self.home = default_home() if home is None else Path(home)
        self.graph_folder = self.home / "graph" if graph is None else Path(graph)
        self.index_folder = index_folder(self.home / "index" if index is None else Path(index))
        self.collections, self._threads = tuple(collections), threads
        self.audience = configuration.read_audience(audience)
        self._address = best_installed(self.home) if model == AUTO else model
        self._records_at, self._records = records, OpenedOnce(self._open_records)
        self._judge_address = "none" if judge == "none" else judge_address(judge, self.home)
        self._lock = threading.RLock()
        self._compiling = threading.Lock()  # of `_diagnosers`: minutes, that nothing else waits
        self._retrievers: dict[str, Retriever] = {}
        self._diagnosers: dict[Path | None, Diagnoser] = {}
        self._opened_model: LanguageModel | None = None
        self._drugs = OpenedOnce(self._open_drugs)
        self._codebook = OpenedOnce(self._open_codebook)

    # Parts

    @cached_property
    def graph(self) -> "Graph":
        """Return the graph. Raises `UserError` where none was built."""
        from clinweave.knowledge import Graph

        if not self.has("graph"):
            raise MissingDataError(
                f"there is no graph at {self.graph_folder}: run `clinweave setup` (or `clinweave graph build` with "
                "databases of your choice), or search texts alone with --knowledge text"
            )
        return Graph.open(self.graph_folder)

    @cached_property
    def linker(self) -> "TranslatedLinker":
        """Return the linker of the graph, which also reads other languages where translations were fetched."""
        from clinweave.knowledge import Linker, with_translations

        return with_translations(Linker.open(self.graph), self.home)

    @cached_property
    def index(self) -> "TextIndex":
        """Return the text index. Raises `UserError` where none was built."""
        from clinweave.knowledge import TextIndex, preferred_collections

        if not self.has("index"):
            raise MissingDataError(
                f"there is no text index at {self.index_folder}: run `clinweave setup` or `clinweave index build`, "
                "or ask with --knowledge graph"
            )
        preferred = preferred_collections(self.home)
        return TextIndex.open(self.index_folder, collections=self.collections or None, preferred=preferred)

    @cached_property
    def checker(self) -> "CitationChecker":
        """Return the citation checker, over the graph if there is one."""
        from clinweave.knowledge import CitationChecker, model_judge

        graph, linker = (self.graph, self.linker) if self.has("graph") else (None, None)
        return CitationChecker(graph, linker, model_judge(self._judge_address, self.home, self._threads))

    @property
    def records(self) -> "SqlSandbox":
        """Return the patient records, for SQL. Raises `UserError` where none were named."""
        return self._records.get()

    @property
    def model(self) -> "LanguageModel | None":
        """Return the language model, opened on the first call, or None where none was asked for."""
        if isinstance(self._address, str):
            if self._address in NO_MODEL:
                return None
            with self._lock:
                if self._opened_model is None:
                    from clinweave.models import open_model

                    more = {"threads": self._threads} if self._threads else {}
                    self._opened_model = open_model(self._address, home=self.home, **more)
            return self._opened_model
        return self._address

    @property
    def model_name(self) -> str:
        """Return the name of the model, its address before it is opened, "none" without one; opens nothing."""
        if self._opened_model is not None:
            return self._opened_model.name
        if isinstance(self._address, str):
            return "none" if self._address in NO_MODEL else self._address
        return self._address.name

    def has(self, part: str) -> bool:
        """Return whether a part ("graph" or "index") was built, or "records" were named."""
        if part == "records":
            return self._records_at is not None
        return ((self.graph_folder if part == "graph" else self.index_folder) / MANIFEST).exists()

    def retriever(self, name: str) -> "Retriever":
        """Return the retriever of this name, opened once."""
        from clinweave.knowledge import open_retriever

        with self._lock:
            if name not in self._retrievers:
                self._retrievers[name] = open_retriever(name, self)
            return self._retrievers[name]

    def use(self, retriever: "Retriever") -> None:
        """Let `ask` use a retriever object under its own name, in the place of a registered one of that name."""
        self._retrievers[retriever.name] = retriever

    def open_parts(
        self, retrievers: Sequence[str], *, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        """Open the named retrievers and the model now: a missing part is reported before the first question."""
        for name in self._checked(retrievers):
            progress(f"opening {name}")
            self.retriever(name)
        if self._address not in NO_MODEL:
            progress("opening the model")
        _ = self.model

    # What it does

    def ask(
        self,
        question: str,
        *,
        retrievers: Sequence[str] = ("graph", "text"),
        audience: Audience | str | None = None,
        settings: "ModelSettings | None" = None,
        language: str = "",
        progress: Callable[[str], None] = lambda _: None,
        on_part: "OnPart" = lambda _: None,
    ) -> Answer:
        """Return the answer to a question: statements of the sources, and a model's checked sentences, if there is one.

        `retrievers` names what is searched. `audience` overrides that of the knowledge base. `settings` says how a
        model is asked. `language` is that of the question ("es"), detected if not given; evidence is shown in English
        with the names of concepts in that language. `on_part` gets the statements, then each supported sentence, before
        the answer is complete. Raises `UserError` for an empty or over-long question, for a language that is not read
        and for a part that was not built.
        """
        from clinweave.applications import answer_question
        from clinweave.knowledge import check_language

        code = check_language(language)
        unopened = self._address not in NO_MODEL and self._opened_model is None
        # raises for an address that means nothing
        local = isinstance(self._address, str) and unopened and runs_here(self._address, self.home)

        def open_retriever(name: str) -> "Retriever":
            progress(f"opening {name}")
            return self.retriever(name)

        def open_language_model() -> "LanguageModel | None":
            if self._address not in NO_MODEL:
                progress("opening the model")
            return self.model

        return answer_question(
            question,
            retrievers=self._checked(retrievers),
            open_retriever=open_retriever,
            parse=lambda text: self._parse(text, code),
            checker=lambda: self.checker,
            model=open_language_model,
            audience=self.audience if audience is None else configuration.read_audience(audience),
            settings=settings,
            unread=lambda text: self._unread(text, code),
            local_name=lambda curie, code: self.linker.local_name(curie, code) if self.has("graph") else "",
            model_is_local=local,
            on_part=on_part,
        )

    def chat(
        self,
        messages: Sequence[Message],
        *,
        audience: Audience | str | None = None,
        settings: "ModelSettings | None" = None,
    ) -> Answer:
        """Return the model's own reply to a conversation, without evidence. Raises `UserError` without a model."""
        from clinweave.applications import continue_chat

        model = self.model
        if model is None:
            raise UserError("a conversation without knowledge needs a model: choose one with --model")
        asked_for = self.audience if audience is None else configuration.read_audience(audience)
        return continue_chat(messages, model=model, audience=asked_for, settings=settings)

    def link(self, text: str, prefixes: Collection[str] | None = None) -> list[Mention]:
        """Return the concepts mentioned in a text, in its order; `prefixes` limits them to vocabularies ({"HP"})."""
        return self.linker.link(text, prefixes)

    def search(self, query: str, *, limit: int = 10) -> "list[Hit]":
        """Return the best passages of the text index for the words and concepts of a query."""
        graph, linker = (self.graph, self.linker) if self.has("graph") else (None, None)
        return self.index.search(query, k=limit, linker=linker, graph=graph)

    def diagnose(
        self,
        observed: Sequence[str] = (),
        *,
        excluded: Sequence[str] = (),
        text: str = "",
        sex: str = "",
        age: str = "",
        limit: int = 10,
        release: Path | None = None,
    ) -> "DiagnosisResult":
        """Return rare diseases ranked by findings: {"ranking", "none_fits", "next", "problems"}, with reasons.

        `observed` and `excluded` are HPO ids or names; they overrule the findings of `text`, which are read as in a
        clinical note and come back under "read". `sex` is male, female or unknown, `age` as "16y" or "P16Y". `release`
        is a folder with hp.obo and phenotype.hpoa; the fetched one if not given. Raises `UserError` if there is no
        release, for a name that HPO does not have, and for a text that is no note of one patient.
        """
        from clinweave.applications.diagnosis import diagnose_patient

        return diagnose_patient(
            self.diagnoser(release),
            lambda: self.linker,
            observed=observed,
            excluded=excluded,
            text=text,
            sex=sex,
            age=age,
            limit=limit,
        )

    def similar_molecules(self, molecule: str, *, limit: int = 10) -> "SimilarDrugs":
        """Return the drugs most similar in structure to a drug's name, identifier or SMILES (computed).

        Needs the extra `molecules`. Raises `UserError` for what is none of these, and if no drugs were fetched.
        """
        from clinweave.applications.molecules import similar_drugs

        graph, drugs = self.graph if self.has("graph") else None, self._drugs.get()
        return similar_drugs(drugs, molecule, graph, lambda smiles: drugs.similar(smiles, limit))

    def code(self, note: str, *, setting: str) -> "Coding":
        """Return the ICD-10-CM codes that the text of a note supports, with evidence, and what was considered.

        `setting` is "inpatient" or "outpatient". For coders' support, not for billing. Raises `UserError` for another
        setting, for a text that is no note of one patient, and if ICD-10-CM was not fetched.
        """
        from clinweave.applications.coding import code_note

        return code_note(note, setting, self._codebook.get())

    def close(self) -> None:
        """Release the model, if one was opened."""
        with self._lock:
            if self._opened_model is not None:
                self._opened_model.close()
            self._opened_model = None
            if "checker" in vars(self) and self.checker.judge is not None:
                self.checker.judge.close()

    def __enter__(self) -> "KnowledgeBase":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def diagnoser(self, release: Path | None = None) -> "Diagnoser":
        """Return the ranker of a release, compiled on first use (some seconds)."""
        import clinweave.applications.diagnosis as ranking

        with self._compiling:
            if release not in self._diagnosers:
                home = self.home
                files = (
                    ranking.fetched_release(home)
                    if release is None
                    else ranking.release_in(release, ranking.fetched_mondo(home), ranking.fetched_genes(home))
                )
                self._diagnosers[release] = ranking.Diagnoser(ranking.open_model(files, home / "diagnosis"))
            return self._diagnosers[release]

    def _open_drugs(self) -> "KnownDrugs":
        from clinweave.applications.molecules import KnownDrugs

        return KnownDrugs.open(self.home)

    def _open_records(self) -> "SqlSandbox":
        from clinweave.patients import open_records

        return open_records(self._records_at)

    def _open_codebook(self) -> "Codebook":
        from clinweave.applications.coding import Codebook

        return Codebook.fetched(self.home)

    def _unread(self, question: str, language: str) -> str:
        """Return why the language of a question cannot be read, or ""."""
        from clinweave.knowledge import unread_language

        return "" if language else unread_language(question)

    def _parse(self, question: str, language: str) -> "Query":
        from clinweave.knowledge import language_limits, parse_query

        has_graph = self.has("graph")
        linker = self.linker.for_language(language) if has_graph else None
        query = parse_query(
            question,
            graph=self.graph if has_graph else None,
            linker=linker,
            language=language,
            in_vocabulary=self.index.has_word if self.has("index") else lambda _: False,
        )
        limits = ""
        if linker is not None:
            limits = language_limits(query.language, linker.official_languages, linker.disease_languages)
        left_out = self._left_out.notes(question) if self.has("index") else []
        return replace(query, notes=(*query.notes, *filter(None, [limits]), *left_out))

    @cached_property
    def _left_out(self) -> "LeftOutDocuments":
        from clinweave.knowledge import LeftOutDocuments

        listed = [*self.index.manifest.get("left_out", []), *self.index.manifest.get("possibly_older", [])]
        return LeftOutDocuments(self.home, listed, self.collections)

    def _checked(self, names: Sequence[str]) -> tuple[str, ...]:
        from clinweave.knowledge import check_retrievers

        check_retrievers(name for name in names if name not in self._retrievers)
        return tuple(dict.fromkeys(names))


def open_knowledge_base(home: Path | str | None = None, **options: Any) -> KnowledgeBase:
    """Return the knowledge base in `home` (if not given: the setting `home`)."""
    return KnowledgeBase(None if home is None else Path(home), **options)
