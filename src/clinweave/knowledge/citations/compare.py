"""A claim against the relations that it cites: supported, contradicted, or neither."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from clinweave.core import predicates
from clinweave.knowledge.citations.claims import Claim, Part
from clinweave.knowledge.citations.wording import Limits, Share
from clinweave.knowledge.graph import frequency
from clinweave.records import Grade, Relation, Verdict

EXCLUDED = "HP:0040285"
# What is true of a thing is true of the thing's kind only for these: a finding, a role, a kind, a mode of inheritance.
UPWARDS = frozenset({predicates.HAS_PHENOTYPE, predicates.ROLE, predicates.SUBCLASS, predicates.INHERITANCE})
_SELDOM = 30  # per cent: HPO's "occasional" ends below it
_MIN_COUNTED = 5  # patients from whom a share is told in words or per cent
OPPOSITES = {predicates.TREATS: predicates.CONTRAINDICATED, predicates.CONTRAINDICATED: predicates.TREATS}


class Closure(Protocol):
    """What the comparison needs of a graph."""

    def ancestors(self, curie: str, /) -> Collection[str]:
        """Return all kinds that a concept belongs to, itself left out or not."""
        ...


class Finding(NamedTuple):
    """A verdict, why, and the relation that decided it."""

    verdict: Verdict
    reason: str
    relation: Relation | None = None


class _Records(NamedTuple):
    """The curated records of a claim's subject and predicate: those that state, and those that deny."""

    yes: list[Relation]
    no: list[Relation]


def compare(claim: Claim, relations: Sequence[Relation], closure: Closure) -> Finding:
    """Return the verdict on a claim: every subject with every object must be supported, one contradiction decides."""
    findings = [
        _pair(claim, subject, target, relations, closure)
        for subject in claim.subjects
        for target in claim.objects
    ]
    for verdict in (Verdict.CONTRADICTED, Verdict.UNVERIFIED):
        for finding in findings:
            if finding.verdict == verdict:
                return finding
    return findings[0]


def _pair(
    claim: Claim, subject: Part, target: Part, relations: Sequence[Relation], closure: Closure
) -> Finding:
    about = [item for item in relations if item.subject in subject.ids]
    limits = _joined(claim.limits, subject.limits, target.limits)
    if limits is None:
        return Finding(Verdict.UNVERIFIED, "the sentence states two frequencies or groups for one finding")
    curated = [item for item in about if item.grade == Grade.CURATED]
    opposite = [
        item for item in curated if item.predicate == OPPOSITES.get(claim.predicate) and not denied(item)
    ]
    for item in opposite:
        if item.object in target.ids and limits == Limits():
            return Finding(Verdict.CONTRADICTED, f"the record says {_verb(item.predicate)}", item)
    same = [item for item in curated if item.predicate == claim.predicate]
    records = _Records(
        yes=[item for item in same if not denied(item) and not _never_seen(item)],
        no=[item for item in same if denied(item)],
    )
    if claim.limits.negated:
        return _denial(claim, target, limits, records, closure)
    finding = _assertion(claim, target, limits, records, closure)
    if finding.verdict == Verdict.UNVERIFIED and _only_uncurated(claim, target, about):
        return Finding(
            Verdict.UNVERIFIED, "the only record of this is not curated, and such records never support"
        )
    if limits.share is not None and finding.verdict != Verdict.SUPPORTED:
        return _never(target, limits, same) or finding
    return finding


def denied(relation: Relation) -> bool:
    """Tell whether the source denies the relation: a NOT row or the frequency "excluded"."""
    return relation.negated or relation.frequency == EXCLUDED


def _never_seen(relation: Relation) -> bool:
    """Tell whether the source looked and found none ("0/5"): neither a yes nor a no."""
    parsed = frequency.parse(relation.frequency)
    return parsed is not None and parsed.high == 0


def _assertion(claim: Claim, target: Part, limits: Limits, records: "_Records", closure: Closure) -> Finding:
    """Judge "S has O": recorded as it stands, or (bare) as one of O's kinds; a NOT row of O or its kinds denies it."""
    exact = [item for item in records.yes if item.object in target.ids]
    below = [item for item in records.yes if _upwards(claim) and _kinds(item.object, closure) & target.ids]
    against = [
        item
        for item in records.no
        if item.object in target.ids or _is_kind_of(target, item.object, claim, closure)
    ]
    against = [item for item in against if not item.sex and not item.onset]
    if against and not (exact or below):
        return Finding(Verdict.CONTRADICTED, "the record states that this is absent", against[0])
    if against:
        return Finding(Verdict.UNVERIFIED, "the cited records disagree", against[0])
    if limits == Limits():
        return _bare(claim, exact, below)
    return _with_limits(exact, limits)


def _bare(claim: Claim, exact: list[Relation], below: list[Relation]) -> Finding:
    """Judge a statement without frequency and group: not of one sex alone, and not of the few as if of all."""
    hits = [item for item in (*exact, *below) if not item.sex]
    hit = next((item for item in hits if claim.existential or not _seldom(item)), None)
    if hit is not None:
        return Finding(Verdict.SUPPORTED, _why(hit, exact), hit)
    if hits:
        return Finding(Verdict.UNVERIFIED, "the record says that few patients have this", hits[0])
    if exact or below:
        return Finding(Verdict.UNVERIFIED, "the record is of one sex alone", (*exact, *below)[0])
    return Finding(Verdict.UNVERIFIED, "no cited record states this")


def _with_limits(exact: list[Relation], limits: Limits) -> Finding:
    """Judge a statement of frequency, sex or onset: one record of just this triple must state it too."""
    if not exact:
        return Finding(
            Verdict.UNVERIFIED, "no cited record states this with its frequency or group of patients"
        )
    grouped = [item for item in exact if _same_group(item, limits)]
    if not grouped:
        return Finding(Verdict.UNVERIFIED, "the record does not name this group of patients", exact[0])
    if limits.share is None:
        return Finding(Verdict.SUPPORTED, "the record states this", grouped[0])
    grouped = [item for item in grouped if limits.sex or limits.onset or not (item.sex or item.onset)]
    stated = [(item, frequency.parse(item.frequency)) for item in grouped]
    known = [(item, parsed) for item, parsed in stated if parsed is not None]
    for item, parsed in known:
        if _within(parsed, limits.share):
            return Finding(Verdict.SUPPORTED, "the record states this frequency", item)
    if known and all(_apart(parsed, limits.share) for _, parsed in known):
        return Finding(Verdict.CONTRADICTED, "the record states another frequency", known[0][0])
    return Finding(Verdict.UNVERIFIED, "no cited record states this frequency", exact[0])


def _denial(claim: Claim, target: Part, limits: Limits, records: "_Records", closure: Closure) -> Finding:
    """Judge "S does not have O": only a NOT row of O, or of one of O's kinds, supports it."""
    against = [
        item
        for item in records.yes
        if item.object in target.ids or (_upwards(claim) and _kinds(item.object, closure) & target.ids)
    ]
    support = [
        item
        for item in records.no
        if item.object in target.ids or _is_kind_of(target, item.object, claim, closure)
    ]
    support = [item for item in support if _same_group(item, limits, exactly=True)]
    if support and against:
        return Finding(Verdict.UNVERIFIED, "the cited records disagree", against[0])
    if support:
        return Finding(Verdict.SUPPORTED, "the record states that this is absent", support[0])
    if against and limits == Limits(negated=True):
        return Finding(Verdict.CONTRADICTED, "the record states that this is present", against[0])
    return Finding(Verdict.UNVERIFIED, "no cited record denies this, and a missing record is not a no")


def _never(target: Part, limits: Limits, same: list[Relation]) -> Finding | None:
    """Support "in 0 of 5 patients" where the source counted just that."""
    share = limits.share
    for item in same:
        parsed = frequency.parse(item.frequency)
        same_triple = item.object in target.ids and _same_group(item, limits, exactly=True)
        if (
            same_triple
            and parsed
            and share
            and parsed.count == 0 == share.count
            and parsed.total == share.total
        ):
            return Finding(Verdict.SUPPORTED, "the record states this count", item)
    return None


def _within(recorded: frequency.Frequency, share: Share) -> bool:
    """Tell whether a claimed share holds for the recorded one: the same count, or a range that contains it."""
    if share.total is not None:
        return (recorded.count, recorded.total) == (share.count, share.total)
    if recorded.total is not None and recorded.total < _MIN_COUNTED:
        return False  # "most" or "always" from a few patients
    return share.low <= recorded.low and recorded.high <= share.high


def _seldom(relation: Relation) -> bool:
    """Tell whether less than 30 per cent have it: "patients have it" is then too much."""
    parsed = frequency.parse(relation.frequency)
    return parsed is not None and parsed.high < _SELDOM


def _apart(recorded: frequency.Frequency, share: Share) -> bool:
    return share.high < recorded.low or recorded.high < share.low


def _same_group(relation: Relation, limits: Limits, *, exactly: bool = False) -> bool:
    """Tell whether the record is of the group of patients that the sentence names; `exactly`: of no other."""
    sex, onset = relation.sex.upper(), relation.onset
    if exactly:
        return (sex, onset) == (limits.sex, limits.onset)
    return (not limits.sex or limits.sex == sex) and (not limits.onset or limits.onset == onset)


def _joined(whole: Limits, *own: Limits | None) -> Limits | None:
    """Return the limits on one pair, from the sentence and its parentheses; None where both state the same kind."""
    share, sex, onset = whole.share, whole.sex, whole.onset
    for item in own:
        if item is None:
            continue
        if (item.share and share) or (item.sex and sex) or (item.onset and onset):
            return None
        share, sex, onset = item.share or share, item.sex or sex, item.onset or onset
    return Limits(share, sex, onset, whole.negated)


def _upwards(claim: Claim) -> bool:
    return claim.predicate in UPWARDS and not claim.direct


def _kinds(curie: str, closure: Closure) -> frozenset[str]:
    return frozenset(closure.ancestors(curie))


def _is_kind_of(target: Part, kind: str, claim: Claim, closure: Closure) -> bool:
    """Tell whether every reading of the sentence's object is a kind of what the record denies."""
    return claim.predicate in UPWARDS and all(kind in closure.ancestors(curie) for curie in target.ids)


def _only_uncurated(claim: Claim, target: Part, about: Iterable[Relation]) -> bool:
    return any(
        item.predicate == claim.predicate and item.object in target.ids and item.grade != Grade.CURATED
        for item in about
    )


def _why(hit: Relation, exact: list[Relation]) -> str:
    return "the record states this" if hit in exact else "the record states a kind of this"


def _verb(predicate: str) -> str:
    return predicate.removeprefix("biolink:").replace("_", " ")
