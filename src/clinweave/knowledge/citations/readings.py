"""Frames in one form: passive as active, "used to treat" as "treat", "should be avoided" as "should not be used"."""

from collections.abc import Iterator
from dataclasses import replace

from clinweave.knowledge.citations.bags import Bag, less, words_of
from clinweave.knowledge.citations.clauses import CERTAIN, Chunk, Frame
from clinweave.knowledge.citations.consequences import follows
from clinweave.knowledge.citations.equivalents import EQUIVALENTS, effective, given, unknown
from clinweave.knowledge.citations.frame_parts import bare, noun, plain, sort, with_phrase
from clinweave.knowledge.citations.inflection import is_verb, word_set

_NOMINALS = {
    "treatment": "treat",
    "prevention": "prevent",
    "management": "treat",
    "relief": "relieve",
    "control": "control",
    "prophylaxis": "prevent",
    "diagnosis": "diagnose",
    "detection": "identify",
}
_SHOWN = frozenset({"know", "show", "find", "see"})  # "is known to cause"
_BY_MEANS = frozenset(
    {"treat", "relieve", "prevent", "control", "cure", "confirm", "diagnose", "remove", "lower"}
)
_GIVING = frozenset({"use", "give", "administer", "take", "prescribe", "receive"})
_NOBODY = frozenset({("doctor",), ("patient",), ("one",), ("you",), ("we",)})
_HAVING = frozenset({"have", "experience", "develop", "show", "exhibit", "display"})
_SEEN = frozenset({"see", "find", "observe", "report", "describe", "note", "detect"})
_EFFECTS = {
    "damage": "damage",
    "reduction": "lower",
    "decrease": "lower",
    "increase": "increase",
    "rise": "increase",
    "improvement": "improve",
    "inhibition": "inhibit",
    "fall": "lower",
    "drop": "lower",
}
_SYMPTOMS = frozenset({"symptom", "feature", "manifestation"})
_UNIQUE = frozenset({"most", "least", "first", "best", "commonest", "main", "leading", "choice"})
_ROLES = word_set(
    "symptom sign feature cause factor effect complication treatment finding manifestation example type "
    "form option trigger contraindication"
)
_MUTUAL = frozenset({"associate", "relate", "correlate"})
_MAX_READINGS = 32  # readings of one frame


def readings(frame: Frame) -> list[Frame]:
    """Return the frame and the frames that say the same, each in one standard form."""
    found = [frame]
    for step in _STEPS:
        for item in list(found):
            found.extend(more for more in step(item) if more not in found)
    return found[:_MAX_READINGS]


def weaker(frame: Frame) -> list[Frame]:
    """Return what follows from a frame of the evidence, beyond what says the same."""
    result: list[Frame] = []
    if frame.verb == "be" and frame.object.article == "the" and not frame.negated:
        result.extend(_role(replace(frame, object=replace(frame.object, article="a"))))
    if frame.verb == "be" and frame.object.bag == ("normal",) and not frame.negated:
        for verb in ("increase", "lower"):
            result.append(replace(frame, verb=verb, passive=True, object=Chunk(), negated=True))
            result.append(
                replace(frame, verb=verb, subject=Chunk(), object=plain(frame.subject), negated=True)
            )
    result.extend(follows(frame))
    marks = set(frame.object.bag) & _SYMPTOMS
    if frame.verb == "be" and len(marks) == 1 and not frame.negated and frame.object.article != "the":
        disease = less(frame.object.bag, marks)
        if disease:
            result.append(
                replace(
                    frame,
                    verb="occur",
                    object=Chunk(),
                    phrases=with_phrase(frame.phrases, ("in", disease)),
                    possibility=2,
                )
            )
            result.append(
                replace(frame, verb="cause", subject=noun(disease), object=bare(frame.subject), possibility=2)
            )
    return result


def _active(frame: Frame) -> Iterator[Frame]:
    """ "X is caused by Y" as "Y causes X"; without an agent X is the object."""
    if not frame.passive:
        return
    target = Chunk(frame.subject.bag, frame.subject.items, frame.subject.joint)
    phrases = [*frame.phrases, *frame.subject.phrases]
    agents = [item for item in frame.phrases if item[0] == "by"]
    if frame.object.bag:  # "is called X": neither
        return
    if not agents:
        yield replace(frame, passive=False, subject=Chunk(), object=target, phrases=sort(phrases))
    for agent in agents:
        rest = list(phrases)
        rest.remove(agent)
        yield replace(frame, passive=False, subject=noun(agent[1]), object=target, phrases=sort(rest))
        if rest:  # "caused by mutations in X": what stands after the agent may belong to it
            own = replace(noun(agent[1]), phrases=sort(rest))
            yield replace(frame, passive=False, subject=own, object=target, phrases=())


def _to_do(frame: Frame) -> Iterator[Frame]:
    """ "is used to treat X", "is used for treating X", "is known to cause X", "fails to relieve X"."""
    words = [item for item in frame.phrases if item[0] in ("to", "for", "in")]
    if frame.passive and frame.verb in {"use", "employ"} | _SHOWN and not frame.object.bag:
        for phrase in words:
            verb = _verb_in(phrase[1]) if phrase[0] != "in" else _nominal_in(phrase[1])
            verb = verb or _nominal_in(phrase[1])
            if verb is None or (frame.verb in _SHOWN and phrase[0] != "to"):
                continue
            rest = list(frame.phrases)
            rest.remove(phrase)
            target = noun(less(phrase[1], {verb[0]}))
            yield replace(frame, passive=False, verb=verb[1], object=target, phrases=sort(rest))
    if not frame.passive and frame.verb in ("fail", "be") and words:
        for phrase in words:
            verb = _verb_in(phrase[1])
            unable = frame.verb == "fail" or frame.object.bag == ("unable",)
            if phrase[0] == "to" and verb is not None and unable:
                rest = list(frame.phrases)
                rest.remove(phrase)
                yield replace(
                    frame,
                    verb=verb[1],
                    object=noun(less(phrase[1], {verb[0]})),
                    phrases=sort(rest),
                    negated=not frame.negated,
                    past=frame.past,
                )


def _by_means(frame: Frame) -> Iterator[Frame]:
    """ "Doctors treat X with Y" and "X is treated with Y" as "Y treats X"; "doctors recommend X" without them."""
    nobody = not frame.subject.bag or frame.subject.bag in _NOBODY
    if frame.passive or not nobody or frame.subject.phrases:
        return
    if frame.subject.bag:
        yield replace(frame, subject=Chunk())
    if frame.verb in _BY_MEANS:
        for phrase in frame.phrases:
            if phrase[0] == "with":
                rest = list(frame.phrases)
                rest.remove(phrase)
                yield replace(frame, subject=noun(phrase[1]), phrases=sort(rest), imperative=False)


def _member(frame: Frame) -> Iterator[Frame]:
    """ "B include A" as "A is a B"; "the B is A" the other way round, as the only one."""
    if frame.verb == "include" and not frame.passive and frame.subject.bag:
        target = Chunk(
            frame.subject.bag, frame.subject.items, frame.subject.joint, "a", frame.subject.phrases
        )
        yield from _turned(replace(frame, verb="be"), target)
    plural = bool(frame.object.joint) and bool(set(frame.subject.bag) & _ROLES)
    some = frame.subject.article == "a" or (plural and frame.subject.article != "the")
    if frame.verb == "be" and frame.object.bag and not frame.passive and some:
        yield from _turned(replace(frame, exhaustive=plural), replace(frame.subject, article="a"))
    if frame.verb == "be" and frame.subject.article == "the" and frame.object.bag and not frame.passive:
        target = replace(frame.subject, article="the")
        one = bool(_UNIQUE & set(target.bag))  # "the most common cause is X" says no more than it does
        yield from _turned(replace(frame, exhaustive=not one), target)


def _turned(frame: Frame, target: Chunk) -> Iterator[Frame]:
    """Return "B is A" as "A is B": what stands after A may belong to A or to the whole."""
    subject, noun = bare(frame.object), replace(target, phrases=())
    yield replace(frame, subject=subject, object=noun, phrases=sort([*frame.phrases, *target.phrases]))
    if frame.phrases:
        own = replace(subject, phrases=frame.phrases)
        yield replace(frame, subject=own, object=noun, phrases=target.phrases)


def _role(frame: Frame) -> Iterator[Frame]:
    """ "X is a treatment for Y" as "X treats Y"; "X is a cause of Y" as "X causes Y"."""
    if frame.verb != "be" or frame.passive or frame.object.article == "the" or frame.object.joint:
        return
    bag = frame.object.bag
    if "cause" in bag and len(bag) > 1:
        yield replace(
            frame, verb="cause", object=noun(less(bag, {"cause"})), possibility=min(frame.possibility, 3)
        )
    if "treatment" in bag:
        rest = less(bag, {"treatment"})
        if rest:
            yield replace(frame, verb="treat", object=noun(rest))
        else:
            for phrase in frame.phrases:
                if phrase[0] in ("for", "against"):
                    others = list(frame.phrases)
                    others.remove(phrase)
                    yield replace(frame, verb="treat", object=noun(phrase[1]), phrases=sort(others))


def _nominal_verb(frame: Frame) -> Iterator[Frame]:
    """ "treatment of X is with Y" as "Y treats X"; "causes liver damage" as "damages the liver"."""
    if frame.verb == "be" and "treatment" in frame.subject.bag and not frame.object.bag:
        for phrase in frame.phrases:
            if phrase[0] in ("with", "by"):
                rest = list(frame.phrases)
                rest.remove(phrase)
                target = noun(less(frame.subject.bag, {"treatment"}))
                yield replace(frame, verb="treat", subject=noun(phrase[1]), object=target, phrases=sort(rest))
    if (
        frame.verb in ("involve", "include", "require")
        and "treatment" in frame.subject.bag
        and frame.object.bag
    ):
        target = noun(less(frame.subject.bag, {"treatment"}))
        if target.bag and not frame.subject.phrases:
            yield replace(frame, verb="treat", subject=bare(frame.object), object=target)
    if frame.verb == "cause" and not frame.passive:
        for word in set(frame.object.bag) & _EFFECTS.keys():
            rest_bag = less(frame.object.bag, {word})
            phrases = list(frame.phrases)
            places = [item for item in phrases if item[0] in ("to", "in")]
            if not rest_bag and len(places) == 1:
                phrases.remove(places[0])
                rest_bag = places[0][1]
            if rest_bag and not frame.object.joint:
                yield replace(frame, verb=_EFFECTS[word], object=noun(rest_bag), phrases=sort(phrases))


def _occurrence(frame: Frame) -> Iterator[Frame]:
    """ "Patients with X develop Y", "Y is seen in X" and "Y occurs in X" as one."""
    if not frame.passive and frame.verb in _HAVING and "patient" in frame.subject.bag:
        people = [item for item in frame.subject.phrases if item[0] == "with"]
        if frame.subject.bag == ("patient",) and len(people) == 1 == len(frame.subject.phrases):
            where = ("in", people[0][1])
        elif len(frame.subject.bag) > 1 and not frame.subject.phrases:
            where = ("in", frame.subject.bag)
        else:
            return
        yield replace(
            frame,
            verb="occur",
            subject=bare(frame.object),
            object=Chunk(),
            phrases=with_phrase(frame.phrases, where),
        )
    if not frame.passive and frame.verb in ("develop", "appear") and not frame.object.bag:
        yield replace(frame, verb="occur")
    if frame.passive and frame.verb in _SEEN and not frame.object.bag:
        yield replace(frame, verb="occur", passive=False)


def _origin(frame: Frame) -> Iterator[Frame]:
    """ "X is due to Y", "X results from Y" and "Y is responsible for X" as "Y causes X"."""
    if frame.passive or not frame.subject.bag:
        return
    for phrase in frame.phrases:
        due = frame.verb == "be" and not frame.object.bag and phrase[0] == "because"
        stems = (
            frame.verb in ("result", "occur", "arise", "stem", "come", "originate") and phrase[0] == "from"
        )
        rest = list(frame.phrases)
        rest.remove(phrase)
        if due or (stems and not frame.object.bag):
            moved = sort([*rest, *frame.subject.phrases])
            yield replace(
                frame, verb="cause", subject=noun(phrase[1]), object=plain(frame.subject), phrases=moved
            )
        if frame.verb == "be" and frame.object.bag == ("responsible",) and phrase[0] == "for":
            yield replace(frame, verb="cause", object=noun(phrase[1]), phrases=sort(rest))


def _avoid(frame: Frame) -> Iterator[Frame]:
    """ "should be avoided in X" and "is contraindicated in X" as "should not be used in X"."""
    negated, duty = frame.negated, frame.duty
    if frame.verb == "avoid" and not frame.negated and (frame.duty or frame.imperative):
        negated, duty = True, max(frame.duty, 2)
    elif frame.verb == "contraindicate" and frame.passive and not frame.negated:
        negated, duty = True, 3
    elif frame.verb in _GIVING and negated and frame.imperative:
        duty = 3
    elif not (frame.verb in _GIVING and negated and duty):
        return
    phrases = [
        ("in" if item[0] in ("for", "by", "to", "during", "with") else item[0], item[1])
        for item in (*frame.phrases, *frame.subject.phrases)  # "patients with asthma" are no others
    ]
    target = bare(frame.object) if frame.object.bag else bare(frame.subject)
    if frame.passive or not frame.subject.bag or frame.subject.bag == ("patient",):
        yield Frame(
            "use",
            Chunk(),
            target,
            sort(phrases),
            frame.adverbs,
            negated,
            CERTAIN,
            max(duty, 2),
            frame.past,
            imperative=frame.imperative,
        )


def _existence(frame: Frame) -> Iterator[Frame]:
    """ "There is no cure for X" as "X has no cure"."""
    if frame.verb == "be" and frame.subject.bag == ("there",) and frame.object.bag:
        for phrase in frame.phrases:
            if phrase[0] in ("for", "in", "against"):
                rest = list(frame.phrases)
                rest.remove(phrase)
                yield replace(
                    frame,
                    verb="have",
                    subject=noun(phrase[1]),
                    phrases=sort(rest),
                    object=replace(frame.object, article=""),
                )
    if frame.verb == "exist" and not frame.passive and not frame.object.bag:
        yield from _existence(
            replace(frame, verb="be", subject=Chunk(("there",), (("there",),)), object=frame.subject)
        )
        yield replace(frame, verb="be", subject=Chunk(("there",), (("there",),)), object=bare(frame.subject))
    if frame.verb == "lack" and not frame.passive:
        yield replace(frame, verb="have", negated=not frame.negated)


def _standard(frame: Frame) -> Iterator[Frame]:
    """ "A is associated with B" says the same of B and A; "give X" is a duty."""
    if frame.passive and frame.verb in _MUTUAL:
        for phrase in frame.phrases:
            if phrase[0] in ("with", "to"):
                rest = list(frame.phrases)
                rest.remove(phrase)
                yield replace(
                    frame, subject=noun(phrase[1]), phrases=with_phrase(rest, (phrase[0], frame.subject.bag))
                )
    if not frame.passive and frame.verb in ("interact", "overlap") and not frame.object.bag:
        for phrase in frame.phrases:
            if phrase[0] == "with":
                rest = list(frame.phrases)
                rest.remove(phrase)
                yield replace(
                    frame, subject=noun(phrase[1]), phrases=with_phrase(rest, ("with", frame.subject.bag))
                )
    if frame.imperative and not frame.subject.bag and not frame.duty:
        yield replace(frame, duty=3 if frame.negated else 2)


_STEPS = (
    unknown,
    effective,
    _to_do,
    _active,
    given,
    _by_means,
    _member,
    _role,
    _nominal_verb,
    _occurrence,
    _origin,
    _avoid,
    _existence,
    _standard,
    *EQUIVALENTS,
)


def _verb_in(bag: Bag) -> tuple[str, str] | None:
    """Return the one verb of a bag of words, as written and as a verb."""
    verbs = [word for word in words_of(bag) if is_verb(word)]
    if len(verbs) > 1:  # "to treat bleeding"
        verbs = [word for word in verbs if word in _BY_MEANS]
    return (verbs[0], verbs[0]) if len(verbs) == 1 else None


def _nominal_in(bag: Bag) -> tuple[str, str] | None:
    found = [word for word in words_of(bag) if word in _NOMINALS]
    return (found[0], _NOMINALS[found[0]]) if len(found) == 1 else None
