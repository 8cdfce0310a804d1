"""What follows from a frame of the evidence: side effects as "can cause", a kind of disease as an adjective."""

from collections.abc import Iterator
from dataclasses import replace

from clinweave.knowledge.citations.bags import bag_of, less, words_of
from clinweave.knowledge.citations.clauses import Chunk, Frame
from clinweave.knowledge.citations.frame_parts import noun, plain
from clinweave.knowledge.citations.inflection import word_set

# "A common symptom of X" is a symptom of X.
_ANY = word_set(
    "common main most frequent typical characteristic classic classical key leading serious severe early effective "
    "useful standard"
)
# "An inherited disease" is inherited; "a chronic skin disease" is a chronic disease.
_KINDS = word_set(
    "inherit inherited genetic hereditary congenital chronic autoimmune infectious contagious progressive rare acute "
    "benign malignant inflammatory viral bacterial fungal parasitic metabolic degenerative neurological "
    "neurodegenerative preventable treatable reversible life threatening lethal"
)
_PARTS = word_set(
    "skin lung liver kidney heart brain eye bone joint muscle blood nerve bowel thyroid lymphatic connective tissue "
    "respiratory neuromuscular gastrointestinal rheumatic endocrine"
)


def follows(frame: Frame) -> Iterator[Frame]:
    """Yield what follows from an affirmative frame."""
    if frame.negated or frame.passive:
        return
    yield from _of_kind(frame)
    yield from _can_cause(frame)
    yield from _plain_role(frame)
    yield from _associated(frame)


def _of_kind(frame: Frame) -> Iterator[Frame]:
    """ "X is an inherited skin disease" as "X is an inherited disease" and "X is inherited"."""
    words = words_of(frame.object.bag)
    if frame.verb != "be" or "disease" not in words or frame.object.article == "the" or len(words) < 2:
        return
    rest = [word for word in words if word != "disease"]
    if frame.object.joint or not all(word in _KINDS | _PARTS for word in rest):
        return
    kinds = tuple(word for word in rest if word in _KINDS)
    for size in (kinds, *((kind,) for kind in kinds)):
        if size:
            yield replace(frame, object=noun(size))
            yield replace(frame, object=replace(noun(tuple(sorted((*size, "disease")))), article="a"))


def _can_cause(frame: Frame) -> Iterator[Frame]:
    """ "A is a side effect of X" and "a complication of X" as "X can cause A"."""
    words = set(words_of(frame.object.bag))
    if frame.verb != "be" or frame.object.article == "the":
        return
    for role in ({"side", "effect"}, {"complication"}):
        if role <= words:
            source = less(frame.object.bag, role | (words & (_ANY | {"rare", "possible", "uncommon"})))
            if source and not frame.phrases:
                yield replace(
                    frame,
                    verb="cause",
                    subject=noun(source),
                    object=plain(frame.subject),
                    possibility=min(frame.possibility, 2),
                )


def _plain_role(frame: Frame) -> Iterator[Frame]:
    """ "A is a common symptom of X" as "A is a symptom of X"."""
    words = set(words_of(frame.object.bag))
    roles = {
        "treatment",
        "symptom",
        "feature",
        "cause",
        "complication",
        "effect",
        "factor",
        "manifestation",
    } & words
    extra = words & _ANY
    if frame.verb == "be" and roles and extra and len(words) > len(roles) + len(extra):
        plain = less(frame.object.bag, extra)
        yield replace(frame, object=replace(noun(plain), article="a", phrases=frame.object.phrases))


def _associated(frame: Frame) -> Iterator[Frame]:
    """ "X increases the risk of Y" as "X is associated with an increased risk of Y"."""
    words = words_of(frame.object.bag)
    if frame.verb == "increase" and "risk" in words and frame.subject.bag and not frame.object.joint:
        outcome = less(frame.object.bag, {"risk"})
        if outcome:
            risk = bag_of([[["increase", "risk"], list(words_of(outcome))]])
            phrases = tuple(sorted([*frame.phrases, ("with", risk)]))
            yield replace(frame, verb="associate", passive=True, object=Chunk(), phrases=phrases)
