"""More frames that say the same: who is given what, what is not known, whom a treatment is for."""

from collections.abc import Iterator
from dataclasses import replace

from clinweave.knowledge.citations.bags import bag_of, less, words_of
from clinweave.knowledge.citations.clauses import Chunk, Frame
from clinweave.knowledge.citations.frame_parts import bare, noun, sort

_PATIENT = ("patient",)
_GIVING = frozenset({"give", "offer", "administer"})
_UNKNOWN = (("unknown",), ("unclear",))


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
    if frame.verb in ("be", "remain") and not frame.passive and frame.object.bag in _UNKNOWN[:1]:
        yield replace(
            frame, verb="know", passive=True, object=Chunk(), negated=not frame.negated, phrases=frame.phrases
        )


def treated(frame: Frame) -> Iterator[Frame]:
    """ "Patients with X are treated with Y" as "X is treated with Y"."""
    subject = frame.subject
    if frame.verb != "treat" or not frame.passive or subject.bag != _PATIENT or len(subject.phrases) != 1:
        return
    name, disease = subject.phrases[0]
    if name == "with":
        yield replace(frame, subject=noun(disease))


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


def kept(frame: Frame) -> Iterator[Frame]:
    """ "X should be kept below 140" as "keep X below 140"."""
    words = frame.object.bag
    if (
        frame.passive
        and frame.verb in ("keep", "maintain")
        and len(words) == 1
        and any(map(str.isdigit, words[0]))
    ):
        bag = tuple(sorted((*words_of(frame.subject.bag), *words)))
        if not frame.subject.joint:
            yield replace(frame, passive=False, subject=Chunk(), object=noun(bag))


def recommended(frame: Frame) -> Iterator[Frame]:
    """ "A is recommended for X" as "X should receive A"."""
    if frame.verb != "recommend" or not frame.passive or frame.negated or frame.duty or frame.object.bag:
        return
    for phrase in frame.phrases:
        if phrase[0] in ("for", "in"):
            rest = list(frame.phrases)
            rest.remove(phrase)
            yield replace(
                frame,
                verb="receive",
                passive=False,
                subject=noun(phrase[1]),
                object=bare(frame.subject),
                phrases=sort(rest),
                duty=2,
            )
