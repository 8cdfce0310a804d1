"""The reach of cues in one sentence: what a cue governs ahead, behind, or as its answer."""

import re
from bisect import bisect_left
from typing import NamedTuple

from clinweave.knowledge.linking.cues import (
    ABSENT,
    END,
    HISTORICAL,
    HYPOTHETICAL,
    PRESENT,
    UNCERTAIN,
    Rule,
)
from clinweave.knowledge.linking.list_gaps import (
    LINK,
    LONG_LINK,
    PLAIN_LINK,
    RELATIVE,
    STATEMENT,
    after_place,
    denied_list,
    is_subject,
    of_cause,
    wide_list,
)
from clinweave.knowledge.linking.normalise import Tokens

_RESUMED = re.compile(r"[^,;:()]{3,60},\s+and\s+(?:an?\s+|the\s+)?", re.IGNORECASE)
_CONJUNCTION = re.compile(r"\b(?:or|nor|and)\b|[/&]", re.IGNORECASE)
_OR = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_DASH = re.compile(r"\s(?:-{1,2}|\u2013|\u2014)\s")
_COLON = re.compile(r":(?:\s|$)")
_ASIDE = re.compile(r",[^,.;:()\n]{2,40},\s*")
_VERB = re.compile(r"(?:is|are|was|were|has|have|had)\b", re.IGNORECASE)
_OR_JOINT = re.compile(r"\b(?:or|nor)\s+(?:[\w-]+\s+)?$", re.IGNORECASE)
_OWN_VERB = re.compile(r"\s+(?:is|are|was|were|has|have|had)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\b(?:he|she|they|it|we|patient)\b", re.IGNORECASE)
_INVERTED = re.compile(r"\s*(?:did|do|does|has|have|had|was|were)\b", re.IGNORECASE)  # "at no time did she"
# A name may go on for a word that its concept lacks: "creatine kinase activity (no)".
_TAIL = (
    r"(?:[-\s]?(?:\w\b|\d+\b\+?|\+|activity|levels?|concentrations?|morphology|signs?|symptoms?|episodes?|attacks?|disease"
    r"|today|currently|now))*"
)
_ANSWERED = re.compile(_TAIL + r"\s*(?:[:=(\[?/]|-{1,2}|\u2013|\u2014|\.{2,}|\u2026|\|)?\s*(?:-\s*)?")
_ASKED = re.compile(_TAIL + r"\s*(?:\?+|:|;|\.{2,}|\u2026)\s*")
# What may follow an answer within its clause ("none since Monday").
_TIMES = """
at in on since per to so currently today now yet known reported noted seen found identified present recently during by
from until this ever prior before after upon throughout according thus either again all and or but though although
except however far od os ou bilaterally
"""
_TRAILING = frozenset(_TIMES.split())
_NO_ADVERBS = frozenset(
    {"family", "only", "early", "likely"}
)  # "resolved completely", but not "no family history"
_PLURAL = re.compile(r"(?:are|were|have|all|both|denie[sd]|deny)\b", re.IGNORECASE)
_VERSUS = re.compile(r"\s+(?:versus|vs\.?|v\.)\s+(?:a\s+|an\s+|the\s+)?", re.IGNORECASE)
_VERSUS_STARTS = re.compile(r"\s[vV]")
_TAKES_LIST = re.compile(
    r"den|negative|without|neg|free|absence|lack|nor|neither|risk|screen|watch|monitor|return|call|if\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"den(?:y|ie[sd])|negative for", re.IGNORECASE)
_MAX_GAP, _MAX_LIST = 160, 600  # characters between two items of a list, and of the rest of a list
_NEAR = 1  # tokens between a cue that may point either way and a finding right after it
_COMPOSED = 5  # tokens between two cues that are read together ("no evidence of possible ...")
# Within a clause after "whether": what is inserted, and what begins another statement.
_INSERTED = frozenset({"who", "whose", "which", "now", "currently", "then", "still", "only", "later"})
_NEW_STATEMENT = re.compile(r",\s*(?:and|but|so|or)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"\s+(?:(?!and\b|or\b|nor\b|but\b)[\w-]+\s+){0,2}", re.IGNORECASE)


class MentionSpan(NamedTuple):
    """A mention: its tokens `[first, stop)` and its offsets `[start, end)`."""

    first: int
    stop: int
    start: int
    end: int


class Cue(NamedTuple):
    """A cue: its tokens `[first, stop)`, its offsets `[start, end)`, and its rule."""

    first: int
    stop: int
    start: int
    end: int
    rule: Rule


class _Open:
    """A cue whose reach goes on: its status, where it ends, and the last mention that it governs."""

    __slots__ = ("cue", "last", "listed", "status")

    def __init__(self, cue: Cue, status: int) -> None:
        self.cue, self.status = cue, status
        self.last: MentionSpan | None = None
        self.listed = False


class Sentence:
    """One sentence with its cues and mentions, by place."""

    def __init__(
        self, text: str, tokens: Tokens, bounds: tuple[int, int], cues: list[Cue], mentions: list[MentionSpan]
    ) -> None:
        """Take the tokens `bounds` of `text` with their cues and mentions."""
        self.text, self.tokens = text, tokens
        self.first, self.stop = bounds
        self.cues, self.mentions = cues, mentions
        self._begins = [mention.first for mention in mentions]
        self._status: dict[int, int] = {}
        self._in_list: set[int] = set()  # governed as a later item of a list without "or"
        self._ended = -1  # the offset where the last word that ends a reach stands

    def statuses(self) -> dict[int, int]:
        """Return the status of each mention that a cue governs, by its number in the sentence."""
        if not self.mentions:
            return {}
        items: list[tuple[int, int, int]] = [(cue.first, 0, number) for number, cue in enumerate(self.cues)]
        items += [(mention.first, 1, number) for number, mention in enumerate(self.mentions)]
        items.sort()
        open_: _Open | None = None
        before = -1  # the last mention
        for _, kind, number in items:
            if kind:
                open_ = self._govern(open_, number)
                before = number
                continue
            open_ = self._hear(self.cues[number], open_, before)
        self._alternatives()
        return self._status

    def answers_before(self, earlier: list[MentionSpan]) -> dict[int, int]:
        """Return the statuses that the sentence's first word gives to mentions before it ("Asthma? No.").

        The keys count back from the end of `earlier`: 1 is the last mention.
        """
        if not earlier or not self.cues or self.cues[0].first != self.first:
            return {}
        cue = self.cues[0]
        if not cue.rule.answer or cue.rule.status < 0 or not self._complete(cue):
            return {}
        gap = self.text[earlier[-1].end : cue.start]
        if not _ASKED.fullmatch(gap):
            return {}
        result = {1: cue.rule.status}
        for back in range(2, len(earlier) + 1):
            if not PLAIN_LINK.fullmatch(self.text[earlier[-back].end : earlier[-back + 1].start]):
                break
            result[back] = cue.rule.status
        return result

    def _hear(self, cue: Cue, open_: _Open | None, before: int) -> _Open | None:
        """Let a cue govern what precedes it, or return it as open."""
        rule = cue.rule
        if open_ is not None and open_.cue.rule.clause and self._goes_on(cue):
            return open_
        if rule.status == END:
            self._ended = cue.start
            return None
        if rule.status < PRESENT or (rule.starts and cue.first != self.first):
            return open_
        points_on = rule.ahead and self._leads(cue)
        if before >= 0 and not points_on and self._answers(cue, before):
            return None
        return _Open(cue, self._opened(open_, cue, before)) if rule.ahead else open_

    def _goes_on(self, cue: Cue) -> bool:
        """Say whether a clause goes on after a cue: "whether the spells reported by his teacher were seizures"."""
        return cue.rule.status == PRESENT or (cue.rule.status == END and self._words(cue) in _INSERTED)

    def _opened(self, open_: _Open | None, cue: Cue, before: int) -> int:
        """Return the status that a cue gives to what follows, after another one or none."""
        if open_ is not None and self._excepts(open_, cue, before):
            return UNCERTAIN
        if open_ is not None and not cue.rule.clause and self._adjacent(open_, cue):
            return composed(open_.status, cue.rule.status)
        return cue.rule.status

    def _words(self, cue: Cue) -> str:
        """Return the words of a cue in lower case."""
        return self.text[cue.start : cue.end].lower()

    def _excepts(self, open_: _Open, cue: Cue, before: int) -> bool:
        """Say whether "without" limits a denial ("no seizures without fever"); what is denied is then uncertain.

        Such a sentence denies the two apart from each other, and neither of them.
        """
        last = open_.last
        if last is None or open_.status != ABSENT or not self._words(cue).startswith("without"):
            return False
        if self._words(open_.cue).startswith("without"):
            return False  # "without fever without cough"
        if not _WITHOUT.fullmatch(self.text[last.end : cue.start][:_MAX_GAP]):
            return False
        for number in range(before, -1, -1):
            if self.mentions[number].stop <= last.first:
                break
            self._status[number] = UNCERTAIN
        return True

    def _leads(self, cue: Cue) -> bool:
        """Say whether a finding stands right after the cue, in its clause."""
        number = bisect_left(self._begins, cue.stop)
        if number == len(self.mentions) or self.mentions[number].first - cue.stop > _NEAR:
            return False
        following = self.mentions[number]
        return (
            self.tokens.clause[following.first] == self.tokens.clause[cue.stop - 1]
            or ":" in (self.text[cue.end : following.start])
        )

    def _answers(self, cue: Cue, before: int) -> bool:
        """Let a cue govern the mention before it and its list; return whether it does."""
        rule, mention = cue.rule, self.mentions[before]
        gap = self.text[mention.end : cue.start]
        if len(gap) > _MAX_GAP or (self._ended >= mention.end and gap.strip() not in RELATIVE):
            return False
        if (rule.ahead and not self._complete(cue)) or of_cause(self.text, mention.start):
            return False  # "rash and suspected ..."
        direct = _ANSWERED.fullmatch(gap) is not None
        if not (rule.answer and direct and self._complete(cue)):
            near, plain = self._behind(cue, mention, gap)
            if not (rule.behind and near and plain) or (rule.behind_reach == 0 and len(gap) > 1):
                return False
            if rule.ahead and _DASH.search(gap):
                return False
        closed = ":" in gap or "?" in gap or _PLURAL.match(self.text, cue.start) is not None
        self._settle(before, rule.status)
        number = before
        while number > 0:
            if self.mentions[number - 1].stop > self.mentions[number].first:  # names that share words
                number -= 1
                self._settle(number, rule.status)
                continue
            between = self.text[self.mentions[number - 1].end : self.mentions[number].start][: _MAX_GAP + 1]
            if not PLAIN_LINK.fullmatch(between) or STATEMENT.search(between):
                break
            if not (closed or _CONJUNCTION.search(between)) or "(" in gap:
                break
            number -= 1
            self._settle(number, rule.status)
        return True

    def _behind(self, cue: Cue, mention: MentionSpan, gap: str) -> tuple[bool, bool]:
        """Say whether a cue is near enough behind a mention, and whether no other part of a list lies between."""
        if _ASIDE.fullmatch(gap) and _VERB.match(self.text, cue.start):
            return True, True  # "X, as the letter says, is not present"
        near = cue.first - mention.stop <= cue.rule.behind_reach and (
            not _COLON.search(gap) or gap.strip() == ":"
        )
        return near, "," not in gap or gap.strip() == "," or gap.strip() in RELATIVE

    def _settle(self, number: int, status: int) -> None:
        """Join the status that a cue behind a mention gives with what a cue before it gave."""
        current = self._status.get(number)
        if current is None or current == PRESENT:
            self._status[number] = status
        elif current == ABSENT and number in self._in_list and status in {PRESENT, UNCERTAIN}:
            self._status[number] = status  # "without fever, pneumonia was suspected"
        elif status == PRESENT:
            return
        elif current != ABSENT and (current != HYPOTHETICAL or status == ABSENT):
            self._status[number] = status  # "screening for anemia was negative"

    def _complete(self, cue: Cue) -> bool:
        """Say whether a cue is the whole value: its clause ends, or goes on with a time or a place."""
        after = cue.stop
        if after >= self.stop or self.tokens.clause[after] != self.tokens.clause[cue.stop - 1]:
            return True
        if _DASH.match(self.text, cue.end):
            return True
        word = self.tokens.words(after, after + 1)[0]
        return word in _TRAILING or (cue.rule.behind and word.endswith("ly") and word not in _NO_ADVERBS)

    def _adjacent(self, open_: _Open, cue: Cue) -> bool:
        """Say whether two cues are read together: no finding, comma or other statement between them."""
        if open_.last is not None or cue.first - open_.cue.stop > _COMPOSED:
            return False
        gap = self.text[open_.cue.end : cue.start]
        if open_.status == ABSENT and _SUBJECT.search(gap) and "that" not in gap and not _INVERTED.match(gap):
            return False  # "without warning he developed ..."
        return not any(mark in gap for mark in ",:()")

    def _govern(self, open_: _Open | None, number: int) -> _Open | None:
        """Give a mention the status of the open cue, where it is within reach; return what stays open."""
        if open_ is None:
            return None
        mention = self.mentions[number]
        if open_.cue.rule.clause and self._inserted(open_, mention):
            return open_
        reached = self._first(open_, mention) if open_.last is None else self._further(open_, mention)
        if not reached or self._resumes(open_, mention):
            return None
        self._status[number] = open_.status
        if open_.listed and not is_subject(self.text, open_.cue.start):
            self._in_list.add(number)
        open_.last = mention
        return open_

    def _inserted(self, open_: _Open, mention: MentionSpan) -> bool:
        """Say whether a mention stands between commas in a clause: "whether the boy, who has fever, ..."."""
        gap = self.text[open_.cue.end : mention.start]
        return open_.last is None and gap.count(",") % 2 == 1 and not _NEW_STATEMENT.search(gap)

    def _first(self, open_: _Open, mention: MentionSpan) -> bool:
        cue = open_.cue
        if mention.first - cue.stop >= cue.rule.ahead_reach:
            return False
        gap = self.text[cue.end : mention.start]
        if gap.isspace():
            return True
        if cue.rule.clause:
            return not _NEW_STATEMENT.search(gap)
        if _DASH.search(gap) and gap.strip("-\u2013\u2014 :"):
            return False
        if "," in gap and gap.strip(", ") and not _TAKES_LIST.match(self.text, cue.start):
            return open_.status == ABSENT and denied_list(gap, self._rest(mention))
        opened, closed = gap.rfind("("), gap.rfind(")")
        return closed < 0 or 0 <= opened < closed

    def _further(self, open_: _Open, mention: MentionSpan) -> bool:
        last, cue = open_.last, open_.cue
        if last is None or not cue.rule.clause or "," in self.text[last.end : mention.start]:
            return self._next(open_, mention)
        return mention.first - cue.stop < cue.rule.ahead_reach

    def _next(self, open_: _Open, mention: MentionSpan) -> bool:
        last = open_.last
        assert last is not None
        if mention.first < last.stop:
            return True  # names that share words
        gap = self.text[last.end : mention.start]
        verb = "," in gap and _OWN_VERB.search(
            self.text, mention.start, mention.end
        )  # ", reflexes are reduced"
        apart = len(gap) > _MAX_GAP or _DASH.search(gap) or _COLON.search(gap) or verb
        placed = not apart and self._after_place(open_, mention, gap)
        if placed or apart or STATEMENT.search(gap):
            return placed
        if LINK.fullmatch(gap):
            if "," not in gap:
                return True
            open_.listed = not _OR.search(self._rest(last))
            return PLAIN_LINK.fullmatch(gap) is not None or not open_.listed
        if LONG_LINK.fullmatch(gap):
            return (
                _TAKES_LIST.match(self.text, open_.cue.start) is not None
                or _OR.search(self._rest(last)) is not None
            )
        same = self.tokens.clause[mention.first] == self.tokens.clause[last.stop - 1]
        near = bool(same) and mention.first - open_.cue.stop < open_.cue.rule.ahead_reach
        return near or (_DENIES.match(self.text, open_.cue.start) is not None and wide_list(gap))

    def _after_place(self, open_: _Open, mention: MentionSpan, gap: str) -> bool:
        """Say whether a denied list goes on after the place of an item ("denies pain at night, fever or ...")."""
        if open_.status != ABSENT or not after_place(gap):
            return False
        if "," in gap[-2:] and _OWN_VERB.match(self.text, mention.end):
            return False  # "no fever on arrival, seizures were noted"
        closed = _OR_JOINT.search(gap) or _OR.search(self._rest(mention).split(";")[0])
        return bool(closed or _TAKES_LIST.match(self.text, open_.cue.start))

    def _resumes(self, open_: _Open, mention: MentionSpan) -> bool:
        """Say whether a list is over: a row of a table begins, or "polyps without bleeding, and a hernia"."""
        cue, between = open_.cue, self.text[open_.cue.end : mention.start]
        in_list = self._begins[0] < cue.first and self.text[cue.start : cue.end].lower() == "without"
        return "\n|" in between or (in_list and _RESUMED.fullmatch(between) is not None)

    def _rest(self, last: MentionSpan) -> str:
        """Return the sentence after a mention, cut where lists do not reach."""
        return self.text[last.end : min(last.end + _MAX_LIST, int(self.tokens.end[self.stop - 1]))]

    def _alternatives(self) -> None:
        """Mark "X versus Y" as uncertain."""
        if not _VERSUS_STARTS.search(self.text, self.mentions[0].end, self.mentions[-1].start):
            return
        for number in range(1, len(self.mentions)):
            gap = self.text[self.mentions[number - 1].end : self.mentions[number].start]
            if gap[:1] == " " and _VERSUS.fullmatch(gap):
                for neighbour in (number - 1, number):
                    self._status.setdefault(neighbour, UNCERTAIN)


def composed(outer: int, inner: int) -> int:
    """Return the status of a finding in the reach of `inner`, which stands in the reach of `outer`."""
    if outer in {PRESENT, inner}:
        return inner
    if HYPOTHETICAL in {outer, inner}:
        return ABSENT if outer == ABSENT else HYPOTHETICAL
    if outer == HISTORICAL:
        return HISTORICAL if inner == PRESENT else inner
    return outer
