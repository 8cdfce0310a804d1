"""Frames that say the same in another construction: risks, availability, benefit, inheritance, who gets what."""

from collections.abc import Iterator
from dataclasses import replace

from clinweave.knowledge.citations.bags import bag_of, less, words_of
from clinweave.knowledge.citations.clauses import CERTAIN, Chunk, Frame
from clinweave.knowledge.citations.findings import FINDINGS
from clinweave.knowledge.citations.frame_parts import THERE, bare, noun, plain, sort, with_phrase, without

_GIVING = frozenset({"give", "offer", "administer"})
_GROUPS = frozenset(
    {"child", "infant", "newborn", "adolescent", "adult", "woman", "man", "smoker", "pregnant woman"}
)
_GETTING = frozenset({"receive", "develop", "have", "contract", "experience"})
_MANNERS = frozenset({"autosomal", "x", "y", "linked", "link", "associate", "dominant", "recessive"})
_REMEDIES = frozenset({"treatment", "vaccine", "cure", "test", "medicine"})
_CAN = 2  # among the possibilities of `clauses`


def at_risk(frame: Frame) -> Iterator[Frame]:
    """ "X increases the risk of Y" as "X is a risk factor for Y"."""
    words = words_of(frame.object.bag)
    plain_risk = "risk" in words and len(words) > 1 and not frame.object.joint and not frame.adverbs
    if frame.verb == "increase" and not frame.passive and frame.subject.bag and plain_risk:
        factor = Chunk(("factor", "risk"), (("factor", "risk"),), "", "a")
        phrases = with_phrase(frame.phrases, ("for", less(frame.object.bag, {"risk"})))
        yield replace(frame, verb="be", subject=plain(frame.subject), object=factor, phrases=phrases)


def available(frame: Frame) -> Iterator[Frame]:
    """ "A vaccine against X is available" as "there is a vaccine against X"."""
    if frame.verb != "be" or frame.passive:
        return
    at_hand = frame.object.bag in (("available",), ("possible",)) and frame.subject.bag != ("there",)
    if at_hand and set(words_of(frame.subject.bag)) & _REMEDIES:
        phrases = sort([*frame.phrases, *frame.subject.phrases])
        yield replace(frame, subject=THERE, object=plain(frame.subject), phrases=phrases)
    if frame.subject.bag == ("there",) and "available" in frame.object.bag:
        yield replace(frame, object=noun(less(frame.object.bag, {"available"})))


def one_against(frame: Frame) -> Iterator[Frame]:
    """ "A vaccine against X" as "a vaccine for X"; "X does not work" as "X is not effective"."""
    if frame.verb == "work" and not frame.passive and not frame.object.bag and frame.phrases:
        yield replace(frame, verb="be", object=noun(("effective",)))
    if "vaccine" in frame.object.bag or "vaccine" in frame.subject.bag:
        changed, own = (
            sort(("for" if name == "against" else name, bag) for name, bag in phrases)
            for phrases in (frame.phrases, frame.subject.phrases)
        )
        if changed != frame.phrases or own != frame.subject.phrases:
            yield replace(frame, phrases=changed, subject=replace(frame.subject, phrases=own))


def curable(frame: Frame) -> Iterator[Frame]:
    """ "X cannot be cured" and "X is incurable" as "X has no cure"."""
    no_cure = noun(("cure",))
    never = frame.passive and frame.negated and frame.possibility == _CAN and not frame.object.bag
    if frame.verb == "cure" and never and frame.subject.bag and not frame.phrases:
        yield replace(frame, verb="have", passive=False, object=no_cure, possibility=CERTAIN)
    if frame.verb == "be" and frame.object.bag == ("incurable",) and not frame.negated:
        yield replace(frame, verb="have", object=no_cure, negated=True)


def benefit(frame: Frame) -> Iterator[Frame]:
    """ "Y benefits from X" and "X benefits Y" as "X helps Y"."""
    if frame.verb != "benefit" or frame.passive:
        return
    if frame.object.bag:
        yield replace(frame, verb="help")
        return
    for phrase in frame.phrases:
        if phrase[0] == "from" and frame.subject.bag:
            phrases = sort([*without(frame.phrases, phrase), *frame.subject.phrases])
            helper, helped = noun(phrase[1]), plain(frame.subject)
            yield replace(frame, verb="help", subject=helper, object=helped, phrases=phrases)


def in_group(frame: Frame) -> Iterator[Frame]:
    """ "Children can get X" as "X can occur in children"; "you can get X" as "X can occur"."""
    if frame.verb == "occur" and not frame.passive and not frame.object.bag and frame.possibility < CERTAIN:
        yield replace(frame, verb="befall")
    if frame.passive or frame.verb not in _GETTING or not frame.object.bag or frame.negated:
        return
    if frame.possibility == CERTAIN and not frame.adverbs:
        return
    group = frame.subject.bag
    verb = "befall" if frame.verb == "receive" else "occur"  # "get" is one word with "receive"
    changed = replace(frame, verb=verb, subject=bare(frame.object), object=Chunk())
    if " ".join(group) in _GROUPS:
        yield replace(changed, phrases=sort([*frame.phrases, *frame.subject.phrases, ("in", group)]))
    if group in (("you",), ("patient",)) and not frame.subject.phrases:
        yield changed


def required(frame: Frame) -> Iterator[Frame]:
    """ "Y is required for X" as "X requires Y"."""
    if frame.verb != "require" or not frame.passive or frame.object.bag or not frame.subject.bag:
        return
    for phrase in frame.phrases:
        if phrase[0] in ("for", "in"):
            phrases = sort([*without(frame.phrases, phrase), *frame.subject.phrases])
            needed, who = plain(frame.subject), noun(phrase[1])
            yield replace(frame, passive=False, subject=who, object=needed, phrases=phrases)


def inherited(frame: Frame) -> Iterator[Frame]:
    """ "X is an autosomal dominant disease" as "X is inherited in an autosomal dominant manner"."""
    words = words_of(frame.object.bag)
    if frame.verb != "be" or frame.passive or not {"dominant", "recessive"} & set(words):
        return
    kind = "disease" in words or set(words) <= _MANNERS
    if kind and frame.object.article != "the" and not frame.object.joint:
        manner = tuple(sorted((*less(frame.object.bag, {"disease"}), "pattern")))
        if not any(word.startswith("\0") for word in manner):
            phrases = with_phrase(frame.phrases, ("in", manner))
            yield replace(frame, verb="inherit", passive=True, object=Chunk(), phrases=phrases)


def described(frame: Frame) -> Iterator[Frame]:
    """ "X is inherited" as "X is of the kind inherited", to compare with "X is an inherited disease"."""
    alone = frame.passive and frame.subject.bag and not frame.object.bag and not frame.phrases
    if alone and frame.verb == "inherit":
        yield replace(frame, verb="be", passive=False, object=noun(("inherit",)))


def of_patients(frame: Frame) -> Iterator[Frame]:
    """ "Patients with X present with Y" as "X presents with Y"."""
    subject = frame.subject
    if frame.verb != "present" or frame.passive or subject.bag != ("patient",) or len(subject.phrases) != 1:
        return
    if subject.phrases[0][0] == "with":
        yield replace(frame, subject=noun(subject.phrases[0][1]))


def given(frame: Frame) -> Iterator[Frame]:
    """ "A is given to X" and "X are given A" as "X receive A"."""
    if frame.verb not in _GIVING or frame.imperative:
        return
    if frame.passive and frame.object.bag and frame.subject.bag:  # "infants should be given vitamin A"
        yield replace(frame, verb="receive", passive=False, object=bare(frame.object))
    elif not frame.passive and not frame.subject.bag and frame.object.bag:  # made active by `readings`
        for phrase in frame.phrases:
            if phrase[0] != "to":
                continue
            rest = list(frame.phrases)
            rest.remove(phrase)
            yield replace(
                frame,
                verb="receive",
                subject=noun(phrase[1]),
                object=bare(frame.object),
                phrases=sort(rest),
            )
            own = [item for item in rest if item[0] in ("with", "in")]
            for item in own:  # "to children with measles": what stands after "children" may belong to them
                others = list(rest)
                others.remove(item)
                subject = replace(noun(phrase[1]), phrases=(item,))
                yield replace(
                    frame, verb="receive", subject=subject, object=bare(frame.object), phrases=sort(others)
                )


def unknown(frame: Frame) -> Iterator[Frame]:
    """ "X is unknown" as "X is not known"."""
    if frame.verb in ("be", "remain") and not frame.passive and frame.object.bag in (("unknown",),):
        yield replace(
            frame, verb="know", passive=True, object=Chunk(), negated=not frame.negated, phrases=frame.phrases
        )


def effective(frame: Frame) -> Iterator[Frame]:
    """ "Y is effective in the treatment of X" as "Y is an effective treatment for X"."""
    if frame.verb != "be" or frame.passive or frame.object.bag != ("effective",):
        return
    for phrase in frame.phrases:
        if phrase[0] not in ("in", "for", "as") or "treatment" not in phrase[1]:
            continue
        disease = less(phrase[1], {"treatment"})
        rest = list(frame.phrases)
        rest.remove(phrase)
        if disease:
            of = bag_of([[["effective", "treatment"], list(disease)]])
            yield replace(frame, object=replace(noun(of), article="a"), phrases=sort(rest))
            plain = replace(noun(("effective", "treatment")), article="a")
            yield replace(frame, object=plain, phrases=sort([*rest, ("for", disease)]))


EQUIVALENTS = (
    of_patients,
    *FINDINGS,
    at_risk,
    available,
    one_against,
    curable,
    benefit,
    in_group,
    required,
    inherited,
    described,
)
