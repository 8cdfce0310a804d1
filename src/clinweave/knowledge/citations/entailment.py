"""Whether one frame of the evidence states a frame of the sentence: equal in all that restricts, and no stronger."""

from collections.abc import Iterable

from clinweave.knowledge.citations.bags import Bag, same, words_of
from clinweave.knowledge.citations.clauses import CERTAIN, Chunk, Frame
from clinweave.knowledge.citations.inflection import word_set
from clinweave.records import Verdict

# A list before or after these may hold only together ("fever and rash suggest measles").
_TOGETHER = word_set(
    "treat suggest indicate define diagnose require confirm use recommend give cure prevent combine "
    "consist make form"
)
_ADVISED = 2  # "should", among the duties of `clauses`
_MAY_GO = frozenset({"often", "usually", "always"})  # "often causes" lets "can cause" stand
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
        and _article_allowed(claim, stated)
    )


def _equal_parts(claim: Frame, stated: Frame) -> bool:
    return all(
        same(one.bag, other.bag) and _same_phrases(one.phrases, other.phrases)
        for one, other in ((claim.subject, stated.subject), (claim.object, stated.object))
    )


def _covers(part: Chunk, whole: Chunk, claim: Frame, stated: Frame) -> bool:
    """Tell whether a noun phrase is the evidence's, or a part of its list that holds by itself."""
    if not _same_phrases(part.phrases, whole.phrases):
        return False
    return same(part.bag, whole.bag) or _is_part(part, whole, claim, stated)


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


def _order(phrase: tuple[str, Bag]) -> tuple[str, Bag]:
    return phrase[0], words_of(phrase[1])


def _same_limits(claim: Frame, stated: Frame) -> bool:
    if not _same_phrases(claim.phrases, stated.phrases):
        return False
    if claim.past != stated.past and not (stated.past and _counted(stated) and not claim.past):
        return False
    if not claim.adverbs <= stated.adverbs:
        return False
    missing = stated.adverbs - claim.adverbs
    return (
        not missing
        or (missing <= _MAY_GO and claim.possibility < CERTAIN and stated.loose)
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
