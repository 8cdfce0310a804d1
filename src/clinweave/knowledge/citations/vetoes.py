"""Differences between a sentence and a passage after which no second judge is asked.

A small model says "yes" to sentences that differ from a passage in one word that matters. Each veto looks for such a
word: a number, a denial, a hedge, a condition, a group, a name, a direction, a tense. "Nearest" is the sentence of the
passage that shares most words with the sentence in question. A sentence all of whose words the premise has is vetoed as
well: there the rules can compare, and their refusal stands.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from clinweave.core import guardrails
from clinweave.knowledge.citations.inflection import word_set
from clinweave.knowledge.citations.lexicon import canonical
from clinweave.knowledge.citations.premises import Premise
from clinweave.knowledge.citations.rewriting import rewritten
from clinweave.knowledge.citations.roles import NOTHING, Roles, family, roles
from clinweave.knowledge.citations.sentences import split
from clinweave.knowledge.citations.splitting import clauses
from clinweave.knowledge.citations.tokens import Token, tokens

_ANSWER_WORD = re.compile(r"^\s*(?:yes|no)\s*[,.:;–—-]\s*", re.IGNORECASE)
_DENIALS = word_set("not no never none neither nor cannot nobody nothing")
_DENIES_OTHERWISE = word_set(  # a denial may stand for these, so a difference in "not" proves nothing
    "fail lack absent absence unable free rarely exclude negative deny spare unknown normal sterile afebrile "
    "unaffected unlikely ineffective unnecessary hardly unremarkable prevent keep stop miss similar same differ "
    "difference equal equally without missing avoid contraindicate instead despite unless only refuse withhold "
    "against rather although but however alone"
)
_HEDGES = word_set(
    "may might could possibly perhaps probably suggest likely appear seem potential suspect unclear uncertain possible "
    "propose hypothesize presume presumably unproven think believe controversial consider"
)
_HEDGED = _HEDGES | word_set("can option sometimes")
_LIMITS = word_set("if unless only except provided when until while alone reserve")
_LIMITED = _LIMITS | word_set(
    "once with without whom whose under over below above after before during within candidate who"
)
_OWN_LIMITS = word_set("only solely unless except without alone")
_LIMITED_BY = word_set("if reserve no not until without alone")
_STRONG = word_set(
    "only sole solely best safest guarantee cure curative prove proven definitive exclusively never always every "
    "everyone everybody all must entirely completely approved approve licensed standard leading commonest most main "
    "routinely normally any pathognomonic"
)
_ALL = word_set("all every everyone everybody always anyone each whatever whole any")
_NONE = word_set("no not never none neither nobody nothing")
_CAUSES = word_set(
    "cause due lead result because owing bring provoke trigger induce underlie responsible reason make produce give "
    "explain follow from by through raise lower increase reduce prevent"
)
_COMPARED = word_set("than compare compared comparison versus vs respectively more less fewer")
_OPPOSITES = tuple(
    map(
        word_set,
        (
            "positive negative", "left right", "upper lower", "over under", "above below", "before after", "high low",
            "bacterial viral", "deficiency excess", "raised lowered", "first third", "acute chronic", "early late",
            "benign malignant", "dominant recessive", "internal external", "proximal distal", "anterior posterior",
            "systolic diastolic", "oral intravenous", "mild severe", "younger older",
        ),
    )
)  # fmt: skip
_OPPOSITE_PREFIX = re.compile(r"^(?:un|non|in|im|hypo|hyper|anti|dis|brady|tachy)-?(?=[a-z]{4})")
_DUTIES = word_set("must shall mandatory essential always")
_FEW = word_set("rare rarely few uncommon seldom some subset minority occasional occasionally sometimes")
_FEW_OR_POSSIBLE = _FEW | word_set("may can might")
_UP = word_set(
    "increase rise raise high higher elevate more great greater up lengthen prolong extend gain longer"
)
_DOWN = word_set(
    "decrease fall reduce low lower less few fewer down shorten shorter drop lessen slow cut diminish small smaller"
)
_GROUPS = {
    word: key
    for key, words in {
        "child": "child children kid boy girl toddler adolescent teenager",
        "infant": "infant baby neonate newborn preterm premature",
        "adult": "adult",
        "woman": "woman female mother",
        "man": "man male father",
        "pregnancy": "pregnant pregnancy",
        "old age": "elderly older",
        "carrier": "carrier homozygous heterozygous",
    }.items()
    for word in words.split()
}
_SPECIES = word_set(
    "mouse rat rabbit dog cat macaque zebrafish pig vitro yeast monkey murine rodent sheep cow cattle horse canine "
    "feline culture animal"
)
_ATTRIBUTED = word_set(
    "claim argue assert believe allege accord rumor contend opinion myth critic supposedly purportedly allegedly "
    "reportedly"
)
_PAST = word_set("was were had did")
_SMALL = NOTHING | word_set(
    "a an the of in on at by for to from with and or but is are was were be been being has have had do does did that "
    "this these those it its which who whose whom there their they he she his her also such other than then so as can "
    "will would should may might must not no if when after before while into among someone people patient person"
)
_LONG = 7  # letters
_SHARES = {"half": "50%", "quarter": "25%", "third": "33%"}
_COMPARATOR = r"([<>=≲≳~≤≥]*)"
_ABOUT = "~≲≳"
_CANONICAL = re.compile(rf"{_COMPARATOR}(\d+(?:\.\d+)?)(min|s)")
_OF_TOTAL = re.compile(rf"{_COMPARATOR}(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)")
_SECONDS = {"min": 60, "s": 1}


class _Text:
    """The tokens of a text, without marks, and its words as written and as compared."""

    def __init__(self, items: Iterable[Token]) -> None:
        self.items = [item for item in items if item.kind != "mark"]

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(item.text for item in self.items) | {item.raw.lower() for item in self.items}

    @cached_property
    def families(self) -> frozenset[str]:
        return frozenset(family(item.text) for item in self.items)

    @cached_property
    def content(self) -> list[Token]:
        """The words that say something."""
        return [item for item in self.items if item.kind == "number" or item.text not in _SMALL]

    @cached_property
    def values(self) -> frozenset[str]:
        return frozenset(value for item in self.items for value in _values(item))


class _Compared:
    """A sentence, the whole premise, and the nearest sentence of it."""

    def __init__(self, sentence: str, premise: Premise) -> None:
        self.sentence = _read(without_answer_word(sentence))
        heading = _read(premise.heading)
        texts = [text for span in split(premise.text) if (text := _read(span.text)).items]
        wanted = {family(item.text) for item in self.sentence.content}
        self.nearest = max(
            texts, key=lambda text: (len(wanted & text.families), -len(text.items)), default=_Text(())
        )
        self.premise = _Text([item for text in (*texts, heading) for item in text.items])
        self.heading = heading

    def missing(self, *texts: _Text) -> list[Token]:
        """Return the words of the sentence that none of the texts has."""
        there = frozenset[str]().union(*(text.families for text in texts))
        return [
            item for item in self.sentence.content if item.kind == "word" and family(item.text) not in there
        ]


def without_answer_word(sentence: str) -> str:
    """Return a sentence without "Yes," or "No," at its beginning, which a model would read as the answer."""
    bare = _ANSWER_WORD.sub("", sentence)
    return bare[:1].upper() + bare[1:]


def veto(sentence: str, premise: Premise) -> str:
    """Return which difference forbids that a second judge is asked; "" where none does."""
    return next(vetoes(sentence, premise), "")


def vetoes(sentence: str, premise: Premise) -> Iterator[str]:
    """Yield each difference that forbids that a second judge is asked."""
    if guardrails.states_dose(sentence):
        yield "amount of a drug"
    both = _Compared(sentence, premise)
    checks = (
        ("number", _number),
        ("same words", lambda it: not it.missing(it.premise)),
        ("name", _name),
        ("look-alike", _look_alike),
        ("opposite", _opposite),
        ("denial", _denial),
        ("hedge", lambda it: it.nearest.words & _HEDGES and not it.sentence.words & _HEDGED),
        ("condition", _condition),
        ("strength", _strength),
        ("cause", lambda it: "cause" in it.sentence.words and not it.premise.words & _CAUSES),
        ("comparison", lambda it: "than" in it.sentence.words and not it.nearest.words & _COMPARED),
        ("few", lambda it: it.nearest.words & _FEW and not it.sentence.words & _FEW_OR_POSSIBLE),
        ("group", _group),
        ("species", lambda it: (it.premise.words & _SPECIES) != (it.sentence.words & _SPECIES)),
        ("attribution", lambda it: it.nearest.words & _ATTRIBUTED and not it.sentence.words & _ATTRIBUTED),
        ("direction", _direction),
        ("tense", lambda it: it.nearest.words & _PAST and not it.sentence.words & _PAST),
        ("order", _order),
        ("roles", _roles_swapped),
    )
    yield from (name for name, check in checks if check(both))


def _read(text: str) -> _Text:
    return _Text(canonical(tokens(rewritten(text))))


def _values(item: Token) -> set[str]:
    """Return the forms in which a number may stand elsewhere: "1/4" as "25%" and "1", "60min" as "1h"."""
    word = item.raw.lower()
    if item.kind != "number":
        return {"2"} if word == "both" else {_SHARES[word]} if word in _SHARES else set()
    forms = {item.text}
    if match := _OF_TOTAL.fullmatch(item.text):
        share = 100 * float(match[2]) / max(1.0, float(match[3]))
        forms |= {match[2], f"{match[1]}{share:.3g}%"}
    if match := _CANONICAL.fullmatch(item.text):
        forms.add(f"{match[1]}{float(match[2]) * _SECONDS[match[3]] / 3600:.10g}h")
    if item.text[0] in _ABOUT:
        forms.add(item.text.lstrip(_ABOUT))
    return forms


def _number(it: _Compared) -> bool:
    """Tell whether a number of the sentence is not in the premise."""
    exact = it.premise.values
    plain = {value.lstrip("<>=≲≳~≤≥") for value in exact}
    return any(
        item.kind == "number"
        and not _values(item) & exact
        and not (item.text[0] in _ABOUT and item.text.lstrip(_ABOUT) in plain)
        for item in it.sentence.items
    )


def _name(it: _Compared) -> bool:
    """Tell whether a symbol or letter is not in the premise, or spells out an abbreviation that nothing explains."""
    for index, item in enumerate(it.sentence.items):
        symbol = any(map(str.isdigit, item.raw)) or sum(map(str.isupper, item.raw)) > 1
        letter = index > 0 and len(item.raw) == 1 and item.raw.isupper()
        if item.kind == "word" and (symbol or letter) and item.raw.lower() not in it.premise.words:
            return True
    initials = "".join(item.raw[0].lower() for item in it.sentence.items if item.raw[0].isalpha())
    missing = "".join(item.raw[0].lower() for item in it.missing(it.premise))
    short = [item.raw.lower() for item in it.nearest.items if item.raw.isupper() and 2 <= len(item.raw) <= 5]
    return any(
        word in initials and word not in it.sentence.words and set(word) & set(missing) for word in short
    )


def _look_alike(it: _Compared) -> bool:
    """Tell whether a long word of the sentence stands for another that begins or ends like it."""
    left = [item.raw.lower() for item in it.nearest.content if family(item.text) not in it.sentence.families]
    return any(
        len(word) >= _LONG and len(other) >= _LONG and (word[:4] == other[:4] or word[-5:] == other[-5:])
        for word in (item.raw.lower() for item in it.missing(it.premise))
        for other in left
    )


def _opposite(it: _Compared) -> bool:
    """Tell whether one side has a word and the other its opposite ("treated", "untreated")."""
    here = {item.raw.lower() for item in it.sentence.items}
    there = {item.raw.lower() for item in it.nearest.items}
    ours, theirs = here - there, there - here
    listed = any(len(pair & ours) == len(pair & theirs) == 1 for pair in _OPPOSITES)
    return listed or any(
        bare != word and _OPPOSITE_PREFIX.sub("", other) == bare
        for one, two in ((ours, theirs), (theirs, ours))
        for word in one
        for bare in (_OPPOSITE_PREFIX.sub("", word),)
        for other in two
    )


def _denial(it: _Compared) -> bool:
    here, there = bool(it.sentence.words & _DENIALS), bool(it.nearest.words & _DENIALS)
    other = it.sentence if there else it.nearest
    return here != there and not other.words & _DENIES_OTHERWISE


def _condition(it: _Compared) -> bool:
    dropped = it.nearest.words & _LIMITS and not it.sentence.words & _LIMITED
    added = (it.sentence.words & _OWN_LIMITS) - it.nearest.words and not it.nearest.words & _LIMITED_BY
    return bool(dropped or added)


def _strength(it: _Compared) -> bool:
    """Tell whether the sentence is stronger: "always", "the best", "must"."""
    strong, there = it.sentence.words & _STRONG, it.premise.words
    alike = (strong <= _ALL and bool(there & _ALL)) or (strong == {"never"} and bool(there & _NONE))
    return bool(strong - there and not alike) or bool((it.sentence.words & _DUTIES) - there - _ALL)


def _groups(text: _Text) -> set[str]:
    return {_GROUPS[word] for word in text.words if word in _GROUPS}


def _group(it: _Compared) -> bool:
    here = _groups(it.sentence)
    return bool(_groups(it.nearest) - here or here - _groups(it.premise))


def _direction(it: _Compared) -> bool:
    here, there = it.sentence.words, it.nearest.words
    rises = here & _UP and not here & _DOWN and there & _DOWN and not there & _UP
    falls = here & _DOWN and not here & _UP and there & _UP and not there & _DOWN
    return bool(rises or falls)


def _order(it: _Compared) -> bool:
    return any(
        one in it.sentence.words and one not in it.premise.words and other in it.nearest.words
        for one, other in (("before", "after"), ("after", "before"))
    )


def _roles_swapped(it: _Compared) -> bool:
    """Tell whether, with the same verb, who acts and what is acted on have changed places."""
    claims = roles(tuple(it.sentence.items))[:1]
    stated = [reading for part in clauses(tuple(it.nearest.items)) for reading in roles(part)]
    return any(_swapped(claim, reading) for claim in claims for reading in stated)


def _swapped(claim: Roles, stated: Roles) -> bool:
    if _verbs(claim) != _verbs(stated):
        return False
    ours, theirs = _core(claim), _core(stated)
    shared: Sequence[str] = [key for key in ours if key in theirs]
    return len({ours[key] for key in shared}) > 1 and any(ours[key] != theirs[key] for key in shared)


def _verbs(reading: Roles) -> set[str]:
    return {part.key for part in reading.parts if part.role == "verb"}


def _core(reading: Roles) -> dict[str, str]:
    return {part.key: part.role for part in reading.parts if part.core and part.role in ("agent", "object")}


__all__ = ["veto", "vetoes", "without_answer_word"]
