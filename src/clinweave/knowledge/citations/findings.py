"""Findings in one form: what was seen, shown, present, absent, normal or enlarged, as "there was X"."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from clinweave.knowledge.citations.clauses import Chunk, Frame
from clinweave.knowledge.citations.frame_parts import THERE, Phrase, noun, plain, sort, without

_SEEN = frozenset({"see", "find", "note", "observe", "identify"})
_PERSON = frozenset({("patient",), ("he",), ("she",), ("child",), ("boy",), ("girl",), ("woman",), ("man",)})
_PEOPLE = frozenset(
    {"patient", "girl", "boy", "child", "woman", "man", "infant", "adult", "carrier", "case", "newborn"}
)
_PLACES = frozenset({"on", "at", "in", "by"})


def seen(frame: Frame) -> Iterator[Frame]:
    """ "X was seen on the film" and "the film showed X" as "there was X on the film"."""
    own = [*frame.phrases, *frame.subject.phrases]
    if (
        frame.verb in _SEEN
        and frame.passive
        and not frame.object.bag
        and frame.subject.bag
        and not frame.duty
    ):
        yield replace(
            frame, verb="be", passive=False, subject=THERE, object=plain(frame.subject), phrases=_placed(own)
        )
    if frame.verb == "show" and not frame.passive and frame.subject.bag and frame.object.bag:
        phrases = _placed([*own, ("on", frame.subject.bag)])
        yield replace(frame, verb="be", subject=THERE, object=plain(frame.object), phrases=phrases)


def present(frame: Frame) -> Iterator[Frame]:
    """ "X was present" and "X was not absent" as "there was X" and "X occurs"."""
    if frame.verb == "be" and frame.object.bag in (("present",), ("absent",)) and frame.subject.bag:
        negated = frame.negated != (frame.object.bag == ("absent",))
        own = [*frame.phrases, *frame.subject.phrases]
        finding = plain(frame.subject)
        yield replace(frame, subject=THERE, object=finding, negated=negated, phrases=_placed(own))
        yield replace(
            frame, verb="occur", subject=finding, object=Chunk(), negated=negated, phrases=sort(own)
        )
    happened = frame.verb == "occur" and not frame.passive and not frame.phrases and not frame.object.bag
    if happened and frame.subject.bag and frame.past:
        yield replace(frame, verb="be", subject=THERE, object=plain(frame.subject))


def _placed(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Return the phrases with "on", "at" and "in" as one."""
    return sort(("on" if name in _PLACES else name, bag) for name, bag in phrases)


def normal(frame: Frame) -> Iterator[Frame]:
    """ "X was within the normal range" as "X was normal"."""
    if frame.verb != "be" or frame.passive or frame.object.bag:
        return
    for phrase in frame.phrases:
        if phrase[0] in ("within", "in") and phrase[1] in (("normal", "range"), ("limit", "normal")):
            yield replace(frame, object=noun(("normal",)), phrases=sort(without(frame.phrases, phrase)))


FINDINGS = (seen, present, normal)
