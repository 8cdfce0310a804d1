"""Findings in other languages by the translated labels of the HPO: a `Linker` that also reads these.

Words of a label match in any order, without accents and with their plural and gender endings; articles and prepositions
may differ, and one other word may stand between them. Chinese and Japanese labels match as runs of characters, as these
languages have no spaces. The labels are official unless a mention's reason says "candidate" or "clinweave's own":
a list of common findings and diseases (`starter_names.tsv`) is read without any fetched file. Names of diseases come
from the files of `databases/disease_names.py`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from clinweave.core.errors import UserError
from clinweave.databases import (
    RowLog,
    Translation,
    disease_name_files,
    read_disease_names,
    read_translations,
    translation_files,
)
from clinweave.knowledge.linking.crosswalk import STATED
from clinweave.knowledge.linking.languages import (
    FETCH,
    LANGUAGES,
    WORD,
    check_language,
    folded_word,
    language_of,
    possible_languages,
    word_lists,
)
from clinweave.knowledge.linking.linker import FAMILY, Linker
from clinweave.knowledge.linking.local_status import of_relative, status_of
from clinweave.knowledge.linking.starter_names import starter_names, starter_translations
from clinweave.knowledge.linking.translated_labels import TranslatedLabels
from clinweave.records import Mention

PREFIX = "HP"
RESOURCE = "hpo-translations"
DISEASE_RESOURCES = (
    "disease-names",
    "icd10-names",
)  # the first is a folder that users fill; the second is fetched
_HISTORY = frozenset(
    {"HP:0032316", "HP:0032322", "HP:0032443", "HP:0000001"}
)  # "Family history" is a heading, "Healthy" no finding, nor "All" ("Tous", which has the stem of "toux")
_PERSON = r"((?:(?:[Vv]on|[Vv]an|[Dd]e la|Le|La) )?[A-ZÁÉÍÓÖÜ][\w’']+(?:[- ][A-ZÁÉÍÓÖÜ][\w’']+){0,3})"
_EPONYMS = {  # English noun, pattern with the person's name
    "es": (("syndrome", re.compile(rf"\b[Ss][íi]ndrome de {_PERSON}")),
           ("disease", re.compile(rf"\b[Ee]nfermedad de {_PERSON}"))),
    "fr": (("syndrome", re.compile(rf"\b[Ss]yndrome d(?:e |['’]){_PERSON}")),
           ("disease", re.compile(rf"\b[Mm]aladie d(?:e |['’]){_PERSON}"))),
    "de": (("syndrome", re.compile(rf"\b{_PERSON}-Syndroms?\b")),
           ("disease", re.compile(rf"\bMorbus {_PERSON}")),
           ("disease", re.compile(rf"\b{_PERSON}-Krankheit\b"))),
}  # fmt: skip


class TranslatedLinker(Linker):
    """A `Linker` that also reads other languages: by clinweave's own and fetched names."""

    def __init__(self, linker: Linker, folders: Sequence[Path] = (), language: str = "") -> None:
        """Take a linker and the folders of name files; `language` holds for every text ("": detected for each)."""
        super().__init__(linker.vocabulary)
        self.__dict__.update(linker.__dict__)
        self.language = check_language(language)
        self._files = _merged(translation_files(folder) for folder in folders)
        self._disease_files = _merged(disease_name_files(folder) for folder in folders)
        self._diseases = DiseaseLabels(linker)
        self._labels: dict[str, TranslatedLabels] = {}
        self._others: dict[
            str, list[Translation]
        ] = {}  # HPO terms that are no findings: modes of inheritance
        self._local: dict[str, dict[str, str]] = {}

    def for_language(self, language: str) -> "TranslatedLinker":
        """Return this linker with every text read in one language ("": detected for each)."""
        other = copy(self)
        other.language = check_language(language)
        return other

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that can be read beside English."""
        return LANGUAGES

    @property
    def official_languages(self) -> tuple[str, ...]:
        """Return the languages whose official translations are at hand."""
        return tuple(code for code in LANGUAGES if code in self._files)

    @property
    def disease_languages(self) -> tuple[str, ...]:
        """Return the languages with files of disease names at hand."""
        return tuple(code for code in LANGUAGES if code in self._disease_files)

    def local_name(self, curie: str, language: str) -> str:
        """Return the name of a concept in a language: the official label, else clinweave's own, else any; or ""."""
        if language not in LANGUAGES:
            return ""
        if language not in self._local:
            names: dict[str, str] = {}
            for item in sorted((*self.labels(language).names, *self._others[language]), key=_rank):
                names.setdefault(item.id, item.name)
            self._local[language] = names
        return self._local[language].get(curie, "")

    def labels(self, language: str) -> TranslatedLabels:
        """Return the labels of a language, read on first use (under a second)."""
        if language not in self._labels:
            log, findings = RowLog(), self._findings
            read = [item for path in self._files.get(language, ()) for item in read_translations(path, log)]
            names = [item for item in read if item.id in findings]
            self._others[language] = [item for item in read if item.id not in findings]
            # Where two terms share a name, the one with the shorter English label, the more general, has it.
            names.sort(key=lambda item: len(findings[item.id][0]))
            names += [
                item
                for item in starter_translations(language)
                if item.id in findings or not item.id.startswith(PREFIX)
            ]
            files = self._disease_files.get(language, ())
            diseases = [item for path in files for item in read_disease_names(path, log)]
            log.report()
            names += self._diseases.resolved(diseases)
            self._labels[language] = TranslatedLabels(language, names)
        return self._labels[language]

    def link_many(
        self,
        texts: Sequence[str],
        prefixes: Collection[str] | None = None,
        categories: Collection[str] | None = None,
    ) -> list[list[Mention]]:
        """Return the mentions of each text: translated findings first, then what the English names find elsewhere."""
        results = super().link_many(texts, prefixes, categories)
        for number, text in enumerate(texts):
            language = self.language or language_of(text)
            if language in LANGUAGES:
                own = self._translated(text, language, prefixes, categories)
                others = (item for item in results[number] if _trusted(item, language) and _apart(item, own))
                results[number] = sorted((*own, *others), key=lambda mention: mention.start)
            elif not self.language:
                results[number] = self._with_short(text, results[number], prefixes, categories)
        return results

    def _with_short(
        self,
        text: str,
        english: list[Mention],
        prefixes: Collection[str] | None,
        categories: Collection[str] | None,
    ) -> list[Mention]:
        """Return the English mentions and others of a text too short to tell its language ("Pas de fièvre")."""
        for language in possible_languages(text):
            if language not in self._files or _covered(text, english, language):
                continue
            own = self._translated(text, language, prefixes, categories)
            if own := [item for item in own if _apart(item, english)]:
                return sorted((*own, *english), key=lambda mention: mention.start)
        return english

    def _translated(
        self,
        text: str,
        language: str,
        prefixes: Collection[str] | None,
        categories: Collection[str] | None,
    ) -> list[Mention]:
        """Return the mentions of a text by its language's names: what the English name of each is linked to."""
        named = [*self._named(text, language), *_eponyms(text, language)]
        english = super().link_many([item.name for item in named], prefixes, categories)
        requested = {prefixes} if isinstance(prefixes, str) else prefixes
        mentions: list[Mention] = []
        for item, linked in zip(named, english, strict=True):
            whole = next((other for other in linked if other.text == item.name), None)
            if whole is None and item.category and not categories and (not requested or PREFIX in requested):
                whole = item
            if whole is None or not _apart(item, mentions):
                continue
            mentions.append(_in_context(whole, item, text, language))
        return mentions

    def _named(self, text: str, language: str) -> Iterator[Mention]:
        """Yield the findings named in a text; `name` is the English label."""
        for match in self.labels(language).matches(text):
            if match.english:
                name, category = match.english, ""
            else:
                name, category = self._findings.get(match.id) or (starter_names()[match.id].label, "")
            kind = "clinweave's own" if match.own else "official" if match.official else "candidate"
            kind = match.source or kind
            reason = f"{kind} {word_lists(language).name} name “{match.label}” of {match.id}"
            yield Mention(
                match.start, match.end, text[match.start : match.end], match.id, name, category,
                1.0 if match.exact else 0.9, False,
                reason if match.exact else f"{reason}; other word order or form",
            )  # fmt: skip

    @cached_property
    def _findings(self) -> dict[str, tuple[str, str]]:
        """Return label and category of the graph's HPO findings by id."""
        vocabulary = self.vocabulary
        columns = (vocabulary.ids, vocabulary.labels, vocabulary.categories)
        return {
            curie: (label, category)
            for curie, label, category in zip(*(column.to_pylist() for column in columns), strict=True)
            if curie.startswith("HP:") and category == "biolink:PhenotypicFeature" and curie not in _HISTORY
        }


def translations_folder(home: Path) -> Path | None:
    """Return the folder of the newest translation files under a home, or None."""
    folders = [path for path in (home / "resources" / RESOURCE).glob("*") if translation_files(path)]
    return max(folders, default=None)


def name_folders(home: Path) -> tuple[Path, ...]:
    """Return the newest folder under a home of each resource with names in other languages."""
    folders = [translations_folder(home)]
    for resource in DISEASE_RESOURCES:
        subfolders = (path for path in (home / "resources" / resource).glob("*") if disease_name_files(path))
        folders.append(max(subfolders, default=None))
    return tuple(folder for folder in folders if folder is not None)


def with_translations(
    linker: Linker, home: Path, *, folder: Path | None = None, language: str = ""
) -> "TranslatedLinker":
    """Return a linker that also reads other languages: clinweave's own names, and fetched ones (or those in `folder`).

    Raises `UserError` for a language that cannot be read, and for a folder without files of names.
    """
    if folder is not None and not translation_files(folder) and not disease_name_files(folder):
        raise UserError(f"{folder}: no file hp-LANGUAGE.babelon.tsv and no file of disease names; {FETCH}")
    return TranslatedLinker(linker, name_folders(home) if folder is None else (folder,), language)


def _merged(listings: Iterable[dict[str, list[Path]]]) -> dict[str, list[Path]]:
    """Return the files of several folders by language."""
    files: dict[str, list[Path]] = {}
    for listing in listings:
        for language, paths in listing.items():
            files.setdefault(language, []).extend(paths)
    return files


def _rank(item: Translation) -> int:
    """Return the place of a name among those of its concept: which one is shown."""
    if item.official and item.label:
        return 0
    return 1 if item.own else 2 if item.label else 3


def _in_context(concept: Mention, item: Mention, text: str, language: str) -> Mention:
    """Return the mention of `item`'s place as a concept, with its status and whose it is."""
    status = status_of(text, item.start, item.end, language)
    return replace(
        concept,
        start=item.start,
        end=item.end,
        text=item.text,
        score=item.score,
        negated=status == "absent",
        reason=item.reason if concept is item else f"{item.reason}; {concept.reason}",
        experiencer=FAMILY if of_relative(text, item.start, item.end, language) else "",
        status=status,
    )


def _apart(mention: Mention, others: Iterable[Mention]) -> bool:
    return all(mention.end <= other.start or other.end <= mention.start for other in others)


def _covered(text: str, mentions: Iterable[Mention], language: str) -> bool:
    """Tell whether nothing but words of the language's list is left beside the English mentions."""
    left = list(text)
    for item in mentions:
        left[item.start : item.end] = " " * (item.end - item.start)
    words = {word.casefold() for word in WORD.findall("".join(left))}
    return words <= word_lists(language).own


def _trusted(mention: Mention, language: str) -> bool:
    """Tell whether an English name in a text of another language is likely one, and no common word of that language."""
    lists = word_lists(language)
    words = [folded_word(word) for word in WORD.findall(mention.text)]
    common = {folded_word(word) for word in lists.stops | lists.own} | lists.absent
    long = len(mention.text) > 4 or (mention.text.isupper() and len(mention.text) > 2)
    return long and not any(word in common for word in words)


def _eponyms(text: str, language: str) -> Iterator[Mention]:
    """Yield the diseases named after a person ("síndrome de Marfan"), with the English form as `name`."""
    for noun, pattern in _EPONYMS.get(language, ()):
        for match in pattern.finditer(text):
            reason = f"{word_lists(language).name} form of a disease's name"
            yield Mention(
                match.start(), match.end(), match[0], "", f"{match[1]} {noun}", "", 0.9, False, reason
            )


_CATEGORIES = frozenset({"biolink:Disease", "biolink:PhenotypicFeature"})


class DiseaseLabels:
    """Looks up what disease names of other languages mean in a graph."""

    def __init__(self, linker: Linker) -> None:
        """Take the linker of English names."""
        self.linker = linker

    def resolved(self, names: Iterable[Translation]) -> Iterator[Translation]:
        """Yield the names that mean a concept of the graph, with its identifier and an English name that is linked."""
        translated = [item if item.english else self._with_english(item) for item in names]
        named = [item for item in translated if item.english]
        distinct = list(dict.fromkeys(item.english for item in named))
        spans, vocabulary = self.linker.spans(distinct), self.linker.vocabulary
        lengths = np.array([len(english) for english in distinct], np.int64)
        whole = np.flatnonzero((spans.start == 0) & (spans.end == lengths[spans.document]))
        concepts: dict[str, str] = {}
        for document, row in zip(spans.document[whole], vocabulary.concept[spans.sense[whole]], strict=True):
            if vocabulary.categories[row].as_py() in _CATEGORIES:
                concepts[distinct[document]] = vocabulary.ids[row].as_py()
        for item in named:
            if curie := concepts.get(item.english):
                yield replace(item, id=curie)

    def _with_english(self, item: Translation) -> Translation:
        row = self._rows.get(item.id)
        return item if row is None else replace(item, english=self.linker.vocabulary.labels[row].as_py())

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        """Return the concept (row of the vocabulary) of each identifier that a source states to be the same."""
        walk = self.linker.vocabulary.crosswalk
        prefixes = [
            number for number, prefix in enumerate(walk.prefixes) if prefix in {"ORPHA", "DOID", "MONDO"}
        ]
        entries = np.flatnonzero((walk.level <= STATED) & np.isin(walk.prefix, prefixes))
        concepts = np.searchsorted(walk.offsets, entries, side="right") - 1
        order = np.argsort(
            -walk.level[entries].astype(np.int64), kind="stable"
        )  # the last write is the nearest
        identifiers = walk.text.take(entries[order]).to_pylist()
        return dict(zip(identifiers, concepts[order].tolist(), strict=True))
