"""Documents that a collection holds and the index leaves out: which, why, and which of them match a question."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from clinweave.core.artifacts import check
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.linking.ranking import question_words
from clinweave.knowledge.retrieval.superseded import POSSIBLE, LeftOut, file_of, left_out

PATIENT_NOTE = re.compile(r"#patient-\d+-\d+")  # the ids that `patients index` gives to notes
BY_CHOICE = "by choice"
_CHUNK = 5000
_MAX_NOTES = 3
_MATCH = 0.6  # of a question's words must stand in a document that is said to match,
_SUBJECT = 2  # or so many of its name and title in the question
_NO_WORDS = frozenset(words_of(" ".join(sorted(question_words()))))


def documents_left_out(home: Path, manifests: Mapping[str, Mapping[str, Any]]) -> list[LeftOut]:
    """Return the documents of all collections that are not indexed, and those that are and may be older versions.

    Collections with all versions lose copies alone. The owner's `keep` and `leave_out` decide before everything else.
    Every note of a patient is indexed: two patients may have the same text, and no note is a version of another.
    """
    files = {name: home / "collections" / name / "passages.parquet" for name in manifests}
    chosen = {
        LeftOut(name, document, "left out by choice (--leave-out)", BY_CHOICE)
        for name, manifest in manifests.items()
        if (patterns := _patterns(manifest, "leave_out"))
        for document in {file_of(item[0]) for item in _texts(files[name])}
        if _fits(document, patterns)
    }
    gone = {(item.collection, item.document) for item in chosen}
    texts = {
        name: (item for item in _texts(path) if (name, file_of(item[0])) not in gone)
        for name, path in files.items()
    }
    everything = {name for name, item in manifests.items() if "all_versions" in item["parameters"]}
    judged = [
        item
        for item in left_out(texts)
        if (item.kind == "duplicate" or item.collection not in everything)
        and not PATIENT_NOTE.search(item.document)
        and not _fits(item.document, _patterns(manifests[item.collection], "keep"))
    ]
    return sorted([*judged, *chosen], key=lambda item: (item.collection, item.document))


def _patterns(manifest: Mapping[str, Any], key: str) -> Sequence[str]:
    return tuple(manifest["parameters"].get(key, ()))


def _fits(document: str, patterns: Sequence[str]) -> bool:
    return any(document == pattern or fnmatchcase(document, pattern) for pattern in patterns)


def _texts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (document, title, text) of the passages of a collection."""
    check(path.parent, "collection")
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_CHUNK, columns=["document", "title", "text"]):
            yield from zip(
                *(batch.column(name).to_pylist() for name in ("document", "title", "text")), strict=True
            )


class _Known(NamedTuple):
    """A document that is left out, with the words of its name and title, and of all of it."""

    item: Mapping[str, str]
    named: frozenset[str]
    words: frozenset[str]


class LeftOutDocuments:
    """Finds the withdrawn, older and possibly older documents that match a question, by texts read on the first one."""

    def __init__(
        self, home: Path, listed: Sequence[Mapping[str, str]], collections: Collection[str] = ()
    ) -> None:
        self._home = home
        self._listed = [
            item
            for item in listed
            if item["kind"] != "duplicate" and (not collections or item["collection"] in collections)
        ]
        self._known: list[_Known] | None = None

    def notes(self, question: str) -> list[str]:
        """Return a line for each document that matches and was left out, with its name and the reason."""
        asked = set(words_of(question)) - _NO_WORDS
        if not self._listed or not asked:
            return []
        if self._known is None:
            self._known = list(self._read())
        matches = []
        for document in self._known:
            share = len(asked & document.words) / len(asked)
            named = len(asked & document.named)
            if named >= _SUBJECT or (named and share >= _MATCH):
                matches.append((-share, document.item["document"], document.item))
        return [
            f"{'may be outdated' if item['kind'] == POSSIBLE else 'left out'}: {item['collection']}/{item['document']} "
            f"also matches ({item['reason']})"
            for _, _, item in sorted(matches, key=lambda match: match[:2])[:_MAX_NOTES]
        ]

    def _read(self) -> Iterator[_Known]:
        for name in sorted({item["collection"] for item in self._listed}):
            path = self._home / "collections" / name / "passages.parquet"
            items = {item["document"]: item for item in self._listed if item["collection"] == name}
            named: dict[str, set[str]] = {}
            words: dict[str, set[str]] = {}
            for document, title, text in _texts(path) if path.exists() else ():
                file = file_of(document)
                if file in items:
                    named.setdefault(file, set()).update(
                        words_of(f"{Path(file).stem} {title}".replace("_", " "))
                    )
                    words.setdefault(file, set()).update(words_of(text))
            for file, item in items.items():
                if file in words:
                    yield _Known(item, frozenset(named[file]), frozenset(words[file] | named[file]))
