"""What each sentence of a note is about: the concepts that it names, their status, its section of the summary."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clinweave.applications.summary.note_cues import cue
from clinweave.applications.summary.note_sentences import NoteText, Sentence
from clinweave.knowledge import with_mark
from clinweave.records import Mention

_HEADING_WORDS = 7
_VAGUE = frozenset({"infectious disease", "infection", "cancer", "neoplasm", "disease", "disorder", "injury"})
_HEADED = 40  # characters in which a heading's colon stands
Link = Callable[[str], list[Mention]]
PROBLEMS = frozenset({"biolink:Disease", "biolink:PhenotypicFeature"})
DRUGS = frozenset({"biolink:Drug", "biolink:ChemicalEntity", "biolink:SmallMolecule"})
FAMILY, ABSENT, UNCERTAIN, HISTORICAL = "family", "absent", "uncertain", "historical"
_BY_CONTENT = (
    ("Allergies", "allergy"), ("Family history", "relative"), ("Results and examination", "measured"),
    ("Medications", "dose"), ("Plan", "plan"), ("Plan", "later"), ("Results and examination", "result"),
    ("Social history", "social"),
)  # fmt: skip
_WITHIN_SECTION = (
    ("Results and examination", "measured"), ("Medications", "dose"), ("Plan", "plan"), ("Plan", "later"),
    ("Social history", "social"),
)  # fmt: skip
_WITHIN = {"History": "Problems", "Review of systems": "Problems"}
_KEPT = frozenset(
    {"Family history", "Social history", "Medications", "Allergies", "Plan", "Procedures", "Reason for visit"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence with its mentions, its status and the section of the summary that it belongs to ("" for none)."""

    sentence: Sentence
    mentions: tuple[Mention, ...]
    status: str
    section: str
    problem: str = (
        ""  # the name of the problem that it stands under, by what it names or by the assessment above it
    )

    @property
    def findings(self) -> list[Mention]:
        """Return the diseases and findings that it names."""
        return [item for item in self.mentions if item.category in PROBLEMS]

    @property
    def main(self) -> Mention | None:
        """Return the disease or finding that it is mainly about: a disease before a finding, the longer name first.

        The name of the concept tells how special it is: "COPD" is more so than "infective".
        """
        own = [item for item in self.findings if item.of_patient]
        return max(
            own,
            key=lambda item: (
                item.name.lower() not in _VAGUE, item.category == "biolink:Disease", len(item.name)
            ),
            default=None,
        )  # fmt: skip


def facts_of(note: NoteText, link: Link) -> list[Fact]:
    """Return the facts of a note's sentences; `link` names concepts and their status in the whole text."""
    mentions: list[list[Mention]] = [[] for _ in note.sentences]
    starts = [item.clean_start for item in note.sentences]
    for mention in link(note.clean):
        number = bisect_right(starts, mention.start) - 1
        if number >= 0 and mention.end <= note.sentences[number].clean_end:
            mentions[number].append(_ticked(mention, note.sentences[number], note.ticks))
    facts = [_fact(sentence, found) for sentence, found in zip(note.sentences, mentions, strict=True)]
    return _under_problems(facts)


def _ticked(mention: Mention, sentence: Sentence, ticks: Sequence[tuple[int, str, bool]]) -> Mention:
    """Return a mention with the status that a table or form of the note marks."""
    first = bisect_left(ticks, (sentence.start,))
    for start, words, present in ticks[first:]:
        if start >= sentence.end:
            break
        if mention.text in words:
            return with_mark(mention, present=present)
    return mention


def _under_problems(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts with their problems: in an assessment, what follows the problem that a line names is of it.

    That is a short line of its own, with what stands below it, or the first sentence of an item, with the others of
    the item. An item of a list below such a line is no problem of its own.
    """
    named: list[Fact] = []
    heading, bulleted, block, first = "", False, -1, ""
    for fact in facts:
        main, sentence = fact.main, fact.sentence
        if sentence.section != "Problems":
            heading = ""
        elif _is_heading(fact) and not (heading and sentence.item and not bulleted):
            heading, bulleted = main.name if main else sentence.text.rstrip(" .:"), sentence.item
        elif main and sentence.block != block and sentence.item == bulleted:
            heading = ""  # the next item, with more than a name
        if sentence.block != block:
            block, first = sentence.block, ""
        if main and fact.section == sentence.section == "Problems":
            first = main.name
        own = main.name if main else ""
        problem = heading or (own if fact.section == "Problems" else "") or first or own
        named.append(replace(fact, problem="" if cue("general_plan").match(sentence.text) else problem))
    return named


def _is_heading(fact: Fact) -> bool:
    """Say whether a sentence is a short line of its own that names a problem, and no value or treatment."""
    sentence = fact.sentence
    short = sentence.alone and len(sentence.text.split()) <= _HEADING_WORDS
    content = any(cue(name).search(sentence.text) for name in ("dose", "measured"))
    return short and not content and (fact.main is not None or fact.section == "Problems")


def status_of(mention: Mention) -> str:
    """Return the status of a mention, "family" for a relative's."""
    return FAMILY if mention.experiencer else mention.status


def _fact(sentence: Sentence, mentions: Sequence[Mention]) -> Fact:
    findings = [item for item in mentions if item.category in PROBLEMS]
    statuses = {status_of(item) for item in findings}
    status = next(iter(statuses)) if len(statuses) == 1 else "mixed" if statuses else "present"
    if status == ABSENT and cue("no_effect").search(sentence.text):
        status = "mixed"  # "did not relieve the pain" denies no pain
    if status == ABSENT and _says_more(sentence, findings):
        status = "mixed"
    if sentence.section == "Family history" and not statuses - {"present", "mixed", FAMILY}:
        status = FAMILY
    return Fact(sentence, tuple(mentions), status, _section(sentence, mentions, status))


_CLAUSE_END = re.compile(r"[,;]|\b(?:but|with|however|although)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:no|not|nor|neither|never|none|nil|without|den(?:y|ies|ied)|negative|absent|free|excluded|unlikely)\b|n't\b",
    re.IGNORECASE,
)
_SAID = 3  # words of a clause that states something


def _says_more(sentence: Sentence, denied: Sequence[Mention]) -> bool:
    """Say whether a clause of a sentence whose recognised findings are denied states something else.

    "Four days of worsening breathlessness, no chest pain": a mark "absent" on the whole would deny the breathlessness.
    A heading with a colon, and clauses that hold a denial or only names, state nothing.
    """
    text = sentence.text[sentence.text.rfind(":", 0, _HEADED) + 1 :]
    clauses = _CLAUSE_END.split(text)
    names = {word for item in denied for word in item.text.lower().split()}
    listed = False
    for clause in clauses:
        denying = _DENIAL.search(clause) is not None
        words = [word for word in re.findall(r"[a-z]{2,}", clause.lower()) if word not in names]
        if not denying and len(words) >= _SAID and not (listed and re.match(r"\s*(?:or|and|nor)\b", clause)):
            return True
        listed = listed or denying
    return False


def _section(sentence: Sentence, mentions: Sequence[Mention], status: str) -> str:
    """Return the section of the summary: the note's own heading first, then what the sentence says."""
    if sentence.section in _KEPT:
        return sentence.section
    if status == FAMILY:
        return "Family history"
    by_status = {ABSENT: "Denied or absent", UNCERTAIN: "Uncertain", "hypothetical": "Plan"}.get(status, "")
    if by_status and sentence.section != "Past history":
        return by_status
    return _by_content(sentence, mentions, status) or _WITHIN.get(sentence.section, sentence.section)


def _by_content(sentence: Sentence, mentions: Sequence[Mention], status: str) -> str:
    """Return the section by the words of a sentence; within an assessment or history, treatment and plan alone."""
    if sentence.section not in {"", "Problems", "History"} or cue("letterhead").match(sentence.text):
        return ""
    findings = any(item.category in PROBLEMS for item in mentions)
    asked = _WITHIN_SECTION if sentence.section else _BY_CONTENT
    own = any(item.category in PROBLEMS and item.of_patient for item in mentions)
    matched = next(
        (
            section
            for section, name in asked
            if cue(name).search(sentence.text) and not (own and name == "relative")
        ),
        "",
    )
    if matched and not (sentence.section and findings):
        return matched
    if sentence.section == "History" and not findings and cue("result").search(sentence.text):
        return "Results and examination"
    drugs = any(item.category in DRUGS for item in mentions) and not findings
    if drugs or sentence.section:
        return "Medications" if drugs else ""
    if status == HISTORICAL or (findings and cue("past").search(sentence.text)):
        return "Past history"
    return "Problems" if findings else ""
