"""A question into a `Query`: spelling, abbreviations, intent, topics. Opens no file and asks no model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from clinweave.knowledge.linking.languages import english_words, language_of
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query import lexicon
from clinweave.knowledge.query.acts import asks_interval, asks_permission, is_order
from clinweave.knowledge.query.qualifiers import foreign_frame, narrowed, read_in_english, with_english
from clinweave.knowledge.query.query import Intent, Kind, Query, Topic, clean
from clinweave.knowledge.query.spelling import Speller
from clinweave.knowledge.query.topics import (
    foreign_organs,
    is_mode,
    kind_of,
    linked_topics,
    organ_topics,
    resolve_roles,
    topic_of,
    worded_findings,
)
from clinweave.records import Mention

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker

NO_CONCEPT = "no concept of the vocabularies was recognised in the question"
_CODE = re.compile(r"\b[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
_NAMED = re.compile(r"[\s-]+(?:syndrome|disease|disorder|sign|ring|ataxia|tumou?r|cells?)\b", re.IGNORECASE)
_BESIDE_GENE = re.compile(
    r"\b(?:gene|protein|mutations?|variants?|deletions?|allele|locus|mutated|exon)\b", re.IGNORECASE
)
_IS_A = re.compile(r"^(?:is|are)\b[^?]*\b(?:an?|one of|types? of|kinds? of)\b", re.IGNORECASE)
_AFTER_DOSES = re.compile(r"\b(?:after|despite|following|without) (?:\w+ ){0,3}doses?\b", re.IGNORECASE)
_USES = re.compile(r"\b(?:treats?|used|uses?|indicated)\b", re.IGNORECASE)
_AFFECTS = re.compile(
    r"\b(?:affect|involve|damage|harm|attack|impair|target|influence|hurt|impact|change)\w*\b", re.IGNORECASE
)
# "kidney involvement in X", "What heart problems does X cause?": the features of a disease in an organ are asked for.
_PROBLEMS = re.compile(
    r"\b(?:problems?|involvement|defects?|malformations?|abnormal\w*|changes|findings?|signs?|features?|symptoms?|manifest\w+"
    r"|lesions?|anomal\w+|do to|complications?|disease(?= (?:in|of)\b)|affected)\b",
    re.IGNORECASE,
)
_OF_ORGANS = frozenset(
    {Intent.GENERAL, Intent.CAUSES, Intent.FEATURES, Intent.DEFINITION, Intent.COMPLICATIONS}
)
# Intents whose words a yes/no question of a disease and a finding may have.
_OF_FINDINGS = frozenset(
    {
        Intent.FEATURES, Intent.CAUSES, Intent.GENERAL, Intent.DEFINITION, Intent.GENES, Intent.DIFFERENTIAL,
        Intent.COMPLICATIONS, Intent.SUBTYPES,
    }
)  # fmt: skip
# What bare eponyms stand for ("Marfan", "Tay-Sachs", "Duchenne"), the usual first.
_EPONYMOUS = (
    "syndrome", "disease", "muscular dystrophy", "anemia", "ataxia", "tumor", "dystrophy", "sarcoma",
)  # fmt: skip
_CAUSE_OF = re.compile(r"^\W*(?:which|what) (?:\w+ ){1,4}(?:causes?|leads? to|results? in)\b", re.IGNORECASE)
_EPONYM = re.compile(r"(?<![\w-])[A-Za-z][a-z]{2,}(?:-[A-Za-z][a-z]{2,}|[a-z]{2})(?:['’]s)?(?![\w-])")
_spellers: "WeakKeyDictionary[Graph, Speller]" = WeakKeyDictionary()


def parse_query(
    question: str,
    *,
    graph: "Graph | None" = None,
    linker: "Linker | None" = None,
    in_vocabulary: Callable[[str], bool] = lambda _: False,
    language: str = "",
) -> Query:
    """Return what the question asks. Without a graph or linker, language, intent and words alone are filled.

    `in_vocabulary` says whether a word is spelt as in the indexed texts: such a word is never corrected. `language` is
    that of the question (ISO 639-1), detected if not given.

    Raises `UserError` for an empty question and for one longer than `LIMIT` characters.
    """
    text = clean(question)
    language = language or language_of(text)
    if graph is None or linker is None:
        return _finished(Query(question, text, language, intent=intent_of(text, language)), ())
    text, corrections = _corrected(text, language, graph, linker, in_vocabulary)
    intent = intent_of(without_names(text, linker), language)
    text, expanded = _expanded(text, intent) if language == "en" else (text, ())
    text, eponyms = _with_eponyms(text, linker) if language == "en" else (text, ())
    groups, mentions = linked_topics(text, linker, graph, language)
    if intent in {Intent.CODE, Intent.CODE_NAME}:
        groups = [group for group in groups if group[0].text.lower() not in {"icd", "icd-10", "icd-10-cm"}]
    yes_no = _is_yes_no(text, language)
    codes = _codes(text, intent, graph)
    named = [topic_of(group, intent, graph) for group in groups]
    organs = organ_topics(text, named, graph) if language == "en" else foreign_organs(text, named, graph)
    if organs and intent in _OF_ORGANS and (language != "en" or _PROBLEMS.search(text)):
        intent = Intent.FEATURES
    worded: tuple[Topic, ...] = ()
    if intent == Intent.HOW_OFTEN or (yes_no and intent in _OF_FINDINGS):
        worded = worded_findings(text, [*named, *organs], graph)
    intent = refined(text, intent, groups, (*organs, *worded), yes_no=yes_no, coded=bool(codes))
    topics = _topics(text, groups, organs, intent, graph)
    if intent in {Intent.RELATED, Intent.HOW_OFTEN} and not any(
        topic.kind == Kind.FINDING for topic in topics
    ):
        topics = tuple(sorted({*topics, *worded}, key=lambda topic: topic.start))
    topics = tuple(_qualified(topic, text) for topic in topics)
    unread: tuple[str, ...] = ()
    if language != "en":
        topics, unread = narrowed(topics, text, language, graph)
        text = with_english(text, topics, language)
    short = _read_short(topics, text) if language == "en" else ()
    query = Query(
        question,
        text,
        language,
        intent,
        yes_no,
        topics,
        codes=codes,
        corrections=corrections + expanded + eponyms + short,
        mentions=mentions,
        unread=unread,
    )
    return _finished(query, topics)


def without_names(text: str, linker: "Linker") -> str:
    """Return the text with diseases and findings as "X": "autosomal" or "onset" in a name asks for nothing."""
    for item in sorted(linker.link(text), key=lambda item: -item.start):
        named = kind_of(item) in {Kind.DISEASE, Kind.FINDING}
        if named and not lexicon.is_cue(item.text) and not is_mode(item.text):
            text = f"{text[: item.start]}X{text[item.end :]}"
    return text


def intent_of(text: str, language: str) -> Intent:
    """Return the first intent whose cue the text has in its language, else in English."""
    text = _AFTER_DOSES.sub(" ", text)
    for code in dict.fromkeys((language, "en")):
        for item in lexicon.cues():
            pattern = item.patterns.get(code)
            if pattern is not None and pattern.search(text):
                return item.intent
    return Intent.GENERAL


def refined(
    text: str,
    intent: Intent,
    groups: Sequence[Sequence[Mention]],
    organs: Sequence[Topic],
    *,
    yes_no: bool,
    coded: bool,
) -> Intent:
    """Return the intent in the light of what the question names."""
    kinds = [{kind_of(item) for item in group} for group in groups]
    clinical = sum(bool(kinds_of_topic & {Kind.DISEASE, Kind.FINDING}) for kinds_of_topic in kinds)
    gene = any(Kind.GENE in kinds_of_topic for kinds_of_topic in kinds)
    drug = any(Kind.DRUG in kinds_of_topic for kinds_of_topic in kinds)
    role = any(Kind.ROLE in kinds_of_topic for kinds_of_topic in kinds)
    if coded:
        return Intent.CODE_NAME
    if intent == Intent.DEFINITION and _asks_more(text, groups):
        intent = Intent.GENERAL
    if (
        gene
        and intent in {Intent.GENES, Intent.GENE_DISEASES, Intent.DIFFERENTIAL, Intent.CAUSES}
        and not clinical
    ):
        return Intent.GENE_DISEASES
    if intent == Intent.GENE_DISEASES:
        return (
            Intent.RELATED
            if gene and clinical and yes_no
            else Intent.GENES
            if clinical and not gene
            else intent
        )
    if yes_no and drug and role and not clinical and _IS_A.search(text):
        return Intent.RELATED
    if intent == Intent.INHERITANCE and drug and asks_permission(text):
        intent = Intent.SAFETY
    if intent == Intent.CLASS_DRUGS and not (role or drug):
        intent = Intent.INDICATIONS if clinical else Intent.GENERAL
    if drug and not clinical and intent in {Intent.TREATMENT, Intent.DIFFERENTIAL} and _USES.search(text):
        intent = Intent.INDICATIONS
    if drug and not clinical and intent == Intent.DEFINITION:
        return Intent.DRUG_CLASS
    return _of_findings(
        text, intent, kinds, bool(organs), yes_no=yes_no, gene=gene, clinical=clinical, drug=drug
    )


def _asks_more(text: str, groups: Sequence[Sequence[Mention]]) -> bool:
    """Say whether "What is ...?" names more than one thing ("the target pressure in sepsis")."""
    if len(groups) > 1:
        return True
    left = text
    for group in groups:
        left = left.replace(group[0].text, " ")
    words = [word for word in words_of(left) if word not in lexicon.frame_words() | lexicon.cue_words()]
    return bool(groups) and bool(words)


def _of_findings(
    text: str,
    intent: Intent,
    kinds: Sequence[set[Kind]],
    organs: bool,
    *,
    yes_no: bool,
    gene: bool,
    clinical: int,
    drug: bool,
) -> Intent:
    """Return the intent of a question about diseases and findings."""
    pure = sum(
        Kind.DISEASE in kinds_of_topic and Kind.FINDING not in kinds_of_topic for kinds_of_topic in kinds
    )
    paired = clinical >= 2 or gene or (organs and bool(_AFFECTS.search(text))) or intent == Intent.FEATURES
    if yes_no and clinical and not drug and intent in _OF_FINDINGS and paired:
        return Intent.RELATED
    if intent == Intent.HOW_OFTEN:
        if asks_interval(text):
            clinical = 0
        if clinical >= 2 or (clinical and organs):
            return intent
        return Intent.PREVALENCE if clinical and not drug else Intent.GENERAL
    if intent == Intent.DIFFERENTIAL and not clinical:
        return Intent.GENERAL
    open_ended = {Intent.DIAGNOSIS, Intent.GENERAL, Intent.DEFINITION, Intent.CAUSES, Intent.FEATURES}
    one_of_causes = bool(_CAUSE_OF.search(text))  # "Which deficiency causes rickets?" asks for no third thing
    open_question = clinical >= 2 and not pure and not drug and intent in open_ended and not one_of_causes
    return Intent.DIFFERENTIAL if open_question and not is_order(text) else intent


def _topics(
    text: str, groups: Sequence[Sequence[Mention]], organs: Sequence[Topic], intent: Intent, graph: "Graph"
) -> tuple[Topic, ...]:
    if intent in {Intent.RELATED, Intent.HOW_OFTEN}:
        topics = resolve_roles(text, groups, intent, graph)
    else:
        topics = tuple(topic_of(group, intent, graph) for group in groups)
    if intent not in {Intent.CLASS_DRUGS, Intent.DRUG_CLASS, Intent.RELATED}:
        unwanted = {Kind.ROLE, Kind.OTHER} if intent == Intent.CODE else {Kind.ROLE, Kind.OTHER, Kind.CODE}
        topics = tuple(topic for topic in topics if topic.kind not in unwanted)
    if intent == Intent.DIFFERENTIAL:
        topics = (*topics, *worded_findings(text, topics, graph))
    if intent == Intent.RELATED and not any(topic.kind in {Kind.FINDING, Kind.GENE} for topic in topics):
        topics = (*topics, *organs)
    if intent == Intent.FEATURES and any(topic.kind == Kind.DISEASE for topic in topics):
        topics = (*topics, *organs)
    return tuple(sorted(topics, key=lambda topic: topic.start))


def _qualified(topic: Topic, text: str) -> Topic:
    """Return the topic; one that a letter or number narrows further ("hepatitis C") without a concept of its own."""
    more = re.match(
        r"\s+((?:type\s+)?(?:[A-Z]|\d{1,2}|I{1,3}V?))(?=[\s?.,;:!]|$)(?!\.\d|\s*(?:%|m|g|years?)\b)",
        text[topic.end :],
    )
    if more is None or topic.kind not in {Kind.DISEASE, Kind.FINDING}:
        return topic
    name = f"{topic.text} {more[1]}"
    return Topic(name, topic.start, topic.end + more.end(), "", name, topic.kind, (name,))


def _read_short(topics: Sequence[Topic], text: str) -> tuple[tuple[str, str], ...]:
    """Return (as written, as read) of names of which a part alone is known: "Zebrafish fever" is read as fever."""
    read = []
    for topic in topics:
        name = re.search(r"(?<=[a-z,] )([A-Z][a-z]{3,})[ -]$", text[: topic.start])
        taken = name is not None and any(other.start <= name.start() < other.end for other in topics)
        clinical = topic.kind in {Kind.DISEASE, Kind.FINDING} and topic.text[:1].islower()
        if name is not None and clinical and not taken and name[1].lower() not in english_words():
            read.append((f"{name[0]}{topic.text}", topic.name))
    return tuple(read)


def _finished(query: Query, topics: Sequence[Topic]) -> Query:
    """Return the query with its content words."""
    words: dict[str, None] = {}
    names: dict[str, None] = {}
    frame = foreign_frame(query.text, query.language) if query.language != "en" else frozenset()
    for match in re.finditer(r"[^\W_]+(?:-[^\W_]+)*", query.text):
        if any(match.start() < topic.end and topic.start < match.end() for topic in topics):
            continue
        plain = words_of(match[0])
        if not plain or all(
            word in lexicon.frame_words() or word in lexicon.cue_words() or word.isdigit() for word in plain
        ):
            continue
        if len(match[0]) < 2 or frame.issuperset(match[0].lower().split("-")):
            continue
        words.setdefault(match[0].lower())
        if _is_name(match[0], plain):
            names.setdefault(match[0].lower())
    if query.language != "en":  # words of another language are none of the texts, which are in English
        names, words = {}, dict.fromkeys(read_in_english(query, topics, words))
    notes = query.notes if topics else (*query.notes, NO_CONCEPT)
    return replace(query, words=tuple(words), names_wanted=tuple(names), notes=notes)


def _is_name(word: str, plain: Sequence[str]) -> bool:
    """Say whether a word is no everyday English and no known clinical word: likely the name of something."""
    if len(word) < 4 or not word.isascii() or any(letter.isdigit() for letter in word):
        return False
    everyday = lexicon.everyday_words()
    if lexicon.PROCESS.search(word):
        return False
    return not any(
        part in everyday or part in lexicon.equivalents()
        for item in plain
        for part in (item, *word.lower().split("-"))
    )


def _corrected(
    text: str, language: str, graph: "Graph", linker: "Linker", in_vocabulary: Callable[[str], bool]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    if language != "en":
        return text, ()
    speller = _spellers.get(graph)
    if speller is None:
        speller = _spellers.setdefault(graph, Speller(graph))
    linked = linker.link(text)

    @lru_cache(maxsize=64)
    def links(candidate: str) -> int:
        return sum(item.end - item.start for item in linker.link(candidate))

    return speller.correct(text, links, [(item.start, item.end) for item in linked], in_vocabulary)


def _expanded(text: str, intent: Intent) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the text with clinical abbreviations written out; symbols that are meant as genes stay."""
    if text.isupper():
        return text, ()
    changed: list[tuple[str, str]] = []

    def written_out(match: re.Match[str]) -> str:
        name = lexicon.abbreviations().get(match[0])
        if name is None or intent == Intent.GENE_DISEASES:
            return match[0]
        if re.match(r"\s+(?:gene|protein|mutations?|variants?)\b", text[match.end() :], re.IGNORECASE):
            return match[0]
        around = text[max(0, match.start() - 20) : match.end() + 10]
        gene_like = any(letter.isdigit() for letter in match[0]) or match[0] in {"VHL", "FH"}
        if gene_like and (
            (_BESIDE_GENE.search(around) and intent != Intent.GENES) or intent == Intent.DIFFERENTIAL
        ):
            return match[0]
        changed.append((match[0], name))
        return name

    return re.sub(r"\b[A-Z][A-Za-z0-9]{1,5}\b", written_out, text), tuple(changed)


def _with_eponyms(text: str, linker: "Linker") -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the text with bare eponyms completed: "Marfan patients" as "Marfan syndrome patients"."""
    linked = linker.link(text)
    changed: list[tuple[str, str]] = []

    def completed(match: re.Match[str]) -> str:
        word = re.sub(r"['’]s$", "", match[0])
        inside = any(item.start < match.end() and match.start() < item.end for item in linked)
        everyday = word.lower() in lexicon.everyday_words() and not (word[0].isupper() and match.start() > 0)
        if inside or everyday or _NAMED.match(text[match.end() :]):
            return match[0]
        for name in (f"{word} {kind}" for kind in _EPONYMOUS):
            if any(item.text == name and kind_of(item) == Kind.DISEASE for item in linker.link(name)):
                changed.append((match[0], name))
                return name
        return match[0]

    return _EPONYM.sub(completed, text), tuple(changed)


def _is_yes_no(text: str, language: str) -> bool:
    last = re.split(r"(?<=[.!;])\s+", text)[-1]
    pattern = lexicon.yes_no_cues().get(language)
    return bool(pattern is not None and pattern.search(last))


def _codes(text: str, intent: Intent, graph: "Graph") -> tuple[str, ...]:
    """Return the ICD-10-CM codes that a question names."""
    asked = intent in {Intent.CODE, Intent.DEFINITION, Intent.GENERAL} or re.search(
        r"\bstands? for\b|\bcode\b", text
    )
    codes = [f"ICD10CM:{match[0]}" for match in _CODE.finditer(text) if "." in match[0] or asked]
    return tuple(dict.fromkeys(code for code in codes if graph.resolve(code) == code))
