"""Whether one frame of the evidence states a frame of the sentence: equal in all that restricts, and no stronger."""

from collections.abc import Iterable

from clinweave.knowledge.citations.bags import Bag, items_of, joint_of, less, same, words_of
from clinweave.knowledge.citations.clauses import CERTAIN, Chunk, Frame
from clinweave.knowledge.citations.inflection import word_set
from clinweave.records import Verdict

# A list before or after these may hold only together ("fever and rash suggest measles").
_TOGETHER = word_set(
    "treat suggest indicate define diagnose require confirm use recommend give cure prevent combine "
    "consist make form"
)
_NOT_ALONE = frozenset({"between", "with", "by", "if", "from"})  # "between A and B" is not "between A"
_CAN = 2  # "can" and "may", among the possibilities of `clauses`
_EFFECTS = word_set(
    "cause occur develop affect increase lower damage trigger worsen appear arise present transmit mask mimic progress "
    "recur follow precipitate induce inhibit irritate bleed rupture spread persist disappear return"
)
_LIMITING = word_set("without except instead despite than like such unless until only not")
_ELSEWHERE = word_set(
    "mouse rat dog cat cattle horse pig sheep monkey rabbit animal vitro theory zebrafish rodent bird yeast culture"
)
_ONE = frozenset(
    {("patient",), ("he",), ("she",), ("boy",), ("girl",), ("infant",), ("child",), ("woman",), ("man",)}
)
Phrase = tuple[str, Bag]
_ADVISED = 2  # "should", among the duties of `clauses`
_MAY_GO = frozenset({"often", "usually", "always"})  # "often causes" lets "can cause" stand
_MANNER = word_set(
    "markedly greatly strongly quickly slowly gradually severely seriously progressively permanently suddenly"
)
_SEVERITY = word_set(
    "severe serious mild permanent painful dangerous lethal temporary persistent sudden life threatening"
)
_JOINTLY = frozenset(
    {
        "together",
        "combined",
        "combination",
        "combine",
        "jointly",
        "plus",
        "mixture",
        "mixed",
        "simultaneously",
    }
)


def entailed(claim: Frame, stated: Frame) -> Verdict:
    """Return SUPPORTED where `stated` states `claim`, CONTRADICTED where it states the opposite, else UNVERIFIED."""
    if not (_same_action(claim, stated) and _same_limits(claim, stated)):
        return Verdict.UNVERIFIED
    if claim.negated != stated.negated:
        plain = not claim.adverbs and not stated.adverbs and stated.possibility == CERTAIN
        return Verdict.CONTRADICTED if plain and _equal_parts(claim, stated) else Verdict.UNVERIFIED
    if claim.possibility > stated.possibility or not _duty_allowed(claim, stated):
        return Verdict.UNVERIFIED
    return Verdict.SUPPORTED


def _same_action(claim: Frame, stated: Frame) -> bool:
    if claim.verb != stated.verb or claim.passive != stated.passive:
        return False
    if claim.exhaustive and not stated.exhaustive:
        return False
    return (
        _covers(claim.subject, stated.subject, claim, stated)
        and _covers(claim.object, stated.object, claim, stated)
        and _phrases_agree(claim, stated)
        and _article_allowed(claim, stated)
    )


def _equal_parts(claim: Frame, stated: Frame) -> bool:
    return _same_phrases(claim.phrases, stated.phrases) and all(
        same(one.bag, other.bag) and _same_phrases(one.phrases, other.phrases)
        for one, other in ((claim.subject, stated.subject), (claim.object, stated.object))
    )


def _covers(part: Chunk, whole: Chunk, claim: Frame, stated: Frame) -> bool:
    """Tell whether a noun phrase is the evidence's, or a part of its list that holds by itself."""
    if same(part.bag, whole.bag) or _is_part(part, whole, claim, stated):
        return True
    extra = set(words_of(whole.bag)) - set(words_of(part.bag))
    effect = part is claim.object and claim.verb in _EFFECTS and not stated.negated and not whole.joint
    return bool(effect and extra and extra <= _SEVERITY and same(part.bag, less(whole.bag, extra)))


def _is_part(part: Chunk, whole: Chunk, claim: Frame, stated: Frame) -> bool:
    """Tell whether a noun phrase is some items of the evidence's list, and may stand without the others."""
    if not part.items or not whole.joint or len(part.items) > len(whole.items) or claim.exhaustive:
        return False
    held = all(any(same(item, other) for other in whole.items) for item in part.items)
    if not held or len(whole.items) < 2 or claim.verb in _TOGETHER:
        return False
    if claim.verb == "be" and claim.subject.article == "the" and part is claim.object:
        return False  # "the organs are A and B": these and no others
    if _JOINTLY & set(whole.bag):
        return False
    if stated.negated:
        return whole.joint == "or"
    return whole.joint != "or" or stated.verb == "include" or claim.possibility < CERTAIN


def _same_phrases(claim: Iterable[tuple[str, Bag]], stated: Iterable[tuple[str, Bag]]) -> bool:
    first, second = sorted(claim, key=_order), sorted(stated, key=_order)
    return len(first) == len(second) and all(
        one[0] == other[0] and same(one[1], other[1]) for one, other in zip(first, second, strict=True)
    )


def _phrases_agree(claim: Frame, stated: Frame) -> bool:
    """Tell whether both have the same phrases, one of which may stand at another place of the sentence."""
    claimed, given = list(claim.subject.phrases), list(stated.subject.phrases)
    _take_out(claimed, given, claim, stated)
    others, rest = [*claim.object.phrases, *claim.phrases], [*stated.object.phrases, *stated.phrases]
    _take_out(others, rest, claim, stated)
    claimed, given = [*claimed, *others], [*given, *rest]
    if not claimed and given and (_happens(claim, stated) or _told_of_one(claim, stated)):
        return all(name not in _LIMITING and not _ELSEWHERE & set(words_of(bag)) for name, bag in given)
    if len(claimed) > 1 or len(given) > 1:
        return False
    _take_out(claimed, given, claim, stated)
    return not claimed and not given


def _happens(claim: Frame, stated: Frame) -> bool:
    """Tell whether the claim says that something can happen: what can happen in some case can happen."""
    return claim.possibility == _CAN and not stated.negated and claim.verb in _EFFECTS and not claim.duty


def _told_of_one(claim: Frame, stated: Frame) -> bool:
    """Tell whether one past event of one person is told: it holds without the day and the means."""
    person = stated.subject.bag in _ONE and not stated.subject.phrases
    return claim.past and stated.past and person and not stated.negated


def _take_out(claimed: list[Phrase], given: list[Phrase], claim: Frame, stated: Frame) -> None:
    """Remove from both lists the phrases that the evidence states."""
    for phrase in list(claimed):
        match = next((item for item in given if _phrase_stated(phrase, item, claim, stated)), None)
        if match is not None:
            claimed.remove(phrase)
            given.remove(match)


def _phrase_stated(phrase: Phrase, other: Phrase, claim: Frame, stated: Frame) -> bool:
    """Tell whether a phrase is the evidence's, or some items of its list."""
    if phrase[0] != other[0]:
        return False
    if same(phrase[1], other[1]):
        return True
    joint = joint_of(other[1])
    if joint != ("or" if stated.negated else "and") or phrase[0] in _NOT_ALONE or claim.verb in _TOGETHER:
        return False
    if _JOINTLY & set(other[1]) or joint_of(phrase[1]) not in ("", joint):
        return False
    whole = items_of(other[1])
    return all(any(same(item, part) for part in whole) for item in items_of(phrase[1]))


def _order(phrase: tuple[str, Bag]) -> tuple[str, Bag]:
    return phrase[0], words_of(phrase[1])


def _same_limits(claim: Frame, stated: Frame) -> bool:
    if claim.past != stated.past and not (stated.past and _counted(stated) and not claim.past):
        return False
    if not claim.adverbs <= stated.adverbs:
        return False
    missing = stated.adverbs - claim.adverbs
    return (
        not missing
        or (missing <= _MANNER and not stated.negated and not claim.negated)
        or (missing <= _MAY_GO | _MANNER and claim.possibility < CERTAIN and stated.loose)
        or missing <= {"never"}
    )


def _counted(frame: Frame) -> bool:
    """Tell whether a finding is a count, which may be told in the present tense."""
    words = [*frame.subject.bag, *frame.object.bag, *(word for _, bag in frame.phrases for word in bag)]
    return any(word[:1].isdigit() and ("/" in word or word.endswith("%")) for word in words)


def _article_allowed(claim: Frame, stated: Frame) -> bool:
    """ "X is the treatment" says more than "X is a treatment"."""
    if claim.verb != "be" or claim.object.article != "the":
        return True
    best = {"most", "least", "first", "best", "main", "commonest"} & set(claim.object.bag)
    return stated.object.article == "the" or (bool(best) and stated.object.article == "")


def _duty_allowed(claim: Frame, stated: Frame) -> bool:
    if claim.imperative and claim.negated:  # "do not" repeats what "should not" says
        return stated.duty >= _ADVISED
    if claim.duty == 0:
        return stated.duty == 0
    return claim.duty <= stated.duty or (claim.imperative and stated.duty == 0)
