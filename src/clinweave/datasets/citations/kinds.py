"""Generators of each kind of citation pair: supported sentences, and the ways a sentence can be wrong."""

import re
from collections.abc import Mapping
from dataclasses import replace

from clinweave.core.predicates import (
    CONTRAINDICATED,
    GENE,
    HAS_PHENOTYPE,
    INHERITANCE,
    ROLE,
    SUBCLASS,
    TREATS,
)
from clinweave.datasets.citations.quotes import quoted, quoted_changed
from clinweave.datasets.citations.sampler import (
    GraphSampler,
    Made,
    Maker,
    curated,
    fill,
    item_of,
    made_up,
)
from clinweave.datasets.citations.templates import (
    ABSENT,
    ADDED,
    CAUSES,
    POPULATIONS,
    STRONGER,
    TEMPLATES,
    WORDS,
    Split,
)
from clinweave.records import Grade, Relation

_COUNT = re.compile(r"(\d+)/(\d+)")
_SUBJECTS = {HAS_PHENOTYPE: "MONDO", GENE: "HGNC", ROLE: "CHEBI", INHERITANCE: "MONDO", SUBCLASS: "MONDO"}
_NAMES = {
    HAS_PHENOTYPE: "phenotype",
    GENE: "gene",
    ROLE: "role",
    INHERITANCE: "inheritance",
    SUBCLASS: "kind",
}


def _plain(world: GraphSampler, predicate: str) -> Relation | None:
    return world.draw(_SUBJECTS[predicate], predicate, curated)


def _target(world: GraphSampler, relation: Relation) -> str:
    name = world.name(relation.object)
    return name.removesuffix(" inheritance") if relation.predicate == INHERITANCE else name


def _true(predicate: str) -> Maker:
    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = _plain(world, predicate)
        if gold is None:
            return None
        sentence = world.say(split, _NAMES[predicate], world.name(gold.subject), _target(world, gold))
        return sentence, (world.cite(gold),)

    return make


def _true_broader(world: GraphSampler, split: Split) -> Made | None:
    """Say a finding's kind: what is true of the finding is true of it."""
    gold = _plain(world, HAS_PHENOTYPE)
    parents = sorted(set(world.graph.parents(gold.object)) - {"HP:0000118", "HP:0000001"}) if gold else []
    if gold is None or not parents:
        return None
    return world.say(
        split, "phenotype", world.name(gold.subject), world.name(world.random.choice(parents))
    ), (world.cite(gold),)


def _true_denied(world: GraphSampler, split: Split) -> Made | None:
    denied = _denied(world)
    if denied is None:
        return None
    sentence = world.say(split, "phenotype-denied", world.name(denied.subject), world.name(denied.object))
    return sentence, (item_of([denied]),)


def _denied(world: GraphSampler) -> Relation | None:
    relations = world.graph.relations(predicate=HAS_PHENOTYPE, negated=True)
    relations = [
        item for item in relations if item.grade == Grade.CURATED and not item.sex and not item.onset
    ]
    return world.random.choice(relations) if relations else None


def _counted(relation: Relation) -> bool:
    match = _COUNT.fullmatch(relation.frequency)
    return curated(relation) and match is not None and int(match[2]) >= 5


def _share(count: int, total: int, split: Split) -> str:
    return f"{count} of {total}" if split == "development" else f"{count} out of {total}"


def _frequency(*, shift: bool, percent: bool) -> Maker:
    """Say a count or a percentage, as recorded or changed."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = world.draw(
            "MONDO", HAS_PHENOTYPE, lambda item: _counted(item) and not item.sex and not item.onset
        )
        if gold is None:
            return None
        match = _COUNT.fullmatch(gold.frequency)
        assert match is not None
        count, total = int(match[1]), int(match[2])
        stated, recorded = count, {count}
        for other in world.graph.relations(subject=gold.subject, predicate=HAS_PHENOTYPE, object=gold.object):
            if (counted := _COUNT.fullmatch(other.frequency)) and int(counted[2]) == total:
                recorded.add(int(counted[1]))
        if shift:
            stated = world.random.choice(
                [value for value in (count - 1, count + 1, count + 2) if 0 < value <= total]
            )
            if stated in recorded:
                return None
        phrase = f"{round(100 * stated / total)}% of" if percent else _share(stated, total, split)
        if percent and shift and abs(round(100 * stated / total) - 100 * count / total) <= 1:
            return None
        return world.say(split, "share", world.name(gold.subject), world.name(gold.object), f=phrase), (
            world.cite(gold),
        )

    return make


def _adverb(*, change: bool) -> Maker:
    """Say a class of frequency, as recorded or another two classes away."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = world.draw(
            "MONDO", HAS_PHENOTYPE, lambda item: curated(item) and item.frequency in WORDS[split]
        )
        if gold is None:
            return None
        records = world.graph.relations(subject=gold.subject, predicate=HAS_PHENOTYPE, object=gold.object)
        if any(item.frequency != gold.frequency for item in records):
            return None
        classes = sorted(WORDS[split])
        stated = gold.frequency
        if change:
            away = [name for name in classes if abs(classes.index(name) - classes.index(stated)) >= 2]
            stated = world.random.choice(away)
        word = world.random.choice(WORDS[split][stated])
        return world.say(split, "adverb", world.name(gold.subject), world.name(gold.object), w=word), (
            world.cite(gold),
        )

    return make


def _negated(world: GraphSampler, split: Split) -> Made | None:
    gold = _plain(world, HAS_PHENOTYPE)
    if gold is None:
        return None
    return world.say(split, "phenotype-denied", world.name(gold.subject), world.name(gold.object)), (
        world.cite(gold),
    )


def _denial_dropped(world: GraphSampler, split: Split) -> Made | None:
    denied = _denied(world)
    if denied is None:
        return None
    return world.say(split, "phenotype", world.name(denied.subject), world.name(denied.object)), (
        item_of([denied]),
    )


def _sibling_subject(predicate: str) -> Maker:
    """Say it of a sibling of the subject that has no such record."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = _plain(world, predicate)
        others = world.siblings(gold.subject) if gold else []
        if gold is None or not others:
            return None
        other = world.random.choice(others)
        if world.holds(other, predicate, gold.object):
            return None
        sentence = world.say(split, _NAMES[predicate], world.name(other), _target(world, gold))
        return sentence, (world.cite(gold),)

    return make


def _other_object(predicate: str, *, below: bool = False) -> Maker:
    """Say a sibling of the object, or one of its own kinds, that is not recorded."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = _plain(world, predicate)
        if gold is None:
            return None
        others = sorted(world.graph.descendants(gold.object)) if below else world.siblings(gold.object)
        others = [other for other in others if other != gold.object]
        if not others:
            return None
        other = world.random.choice(others)
        if world.holds(gold.subject, predicate, other):
            return None
        target = _target(world, replace(gold, object=other))
        return world.say(split, _NAMES[predicate], world.name(gold.subject), target), (world.cite(gold),)

    return make


def _swapped(predicate: str) -> Maker:
    """Say subject and object the wrong way round."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        gold = _plain(world, predicate)
        if gold is None:
            return None
        # "Linked to" is true both ways round: only a phrasing that says which one is the gene can be swapped.
        sentences = [
            text
            for text in TEMPLATES[split][_NAMES[predicate]]
            if predicate != GENE or re.search(r"\bgenes?\b", text)
        ]
        sentence = fill(world.random.choice(sentences), world.name(gold.object), world.name(gold.subject))
        return sentence, (world.cite(gold),)

    return make


def _wrong_predicate(world: GraphSampler, split: Split) -> Made | None:
    """Say a finding as a kind, or a kind as a finding."""
    gold = _plain(world, world.random.choice([HAS_PHENOTYPE, SUBCLASS]))
    if gold is None:
        return None
    other = "kind" if gold.predicate == HAS_PHENOTYPE else "treats"
    return world.say(split, other, world.name(gold.subject), world.name(gold.object)), (world.cite(gold),)


def _drug(stated: str, recorded: str) -> Maker:
    """Say one of treats and contraindicated of a drug and a disease whose record is the same or the other."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        drug = world.draw("CHEBI", ROLE, curated)
        disease = world.draw("MONDO", SUBCLASS, curated)
        if drug is None or disease is None:
            return None
        record = made_up(drug.subject, recorded, disease.subject)
        which = "treats" if stated == TREATS else "contraindicated"
        sentence = world.say(split, which, world.name(drug.subject), world.name(disease.subject))
        return sentence, (item_of([record]),)

    return make


def _population(world: GraphSampler, split: Split) -> Made | None:
    gold = world.draw("MONDO", HAS_PHENOTYPE, lambda item: curated(item) and not item.sex and not item.onset)
    if gold is None:
        return None
    sentence = world.say(split, "phenotype", world.name(gold.subject), world.name(gold.object))
    return world.random.choice(POPULATIONS[split]) + sentence, (world.cite(gold),)


def _said_more(world: GraphSampler, split: Split) -> Made | None:
    base = _true(world.random.choice([HAS_PHENOTYPE, GENE, ROLE, SUBCLASS]))(world, split)
    if base is None:
        return None
    return base[0].removesuffix(".") + world.random.choice(ADDED[split]) + ".", base[1]


def _second_object(world: GraphSampler, split: Split) -> Made | None:
    """Say a recorded finding and, in the same breath, one that is not."""
    gold = _plain(world, HAS_PHENOTYPE)
    others = world.siblings(gold.object) if gold else []
    if gold is None or not others:
        return None
    other = world.random.choice(others)
    if world.holds(gold.subject, HAS_PHENOTYPE, other):
        return None
    both = f"{world.name(gold.object)} and {world.name(other)}"
    return world.say(split, "phenotype", world.name(gold.subject), both), (world.cite(gold),)


def _unrelated(world: GraphSampler, split: Split) -> Made | None:
    """Cite a record about something else."""
    predicate = world.random.choice([HAS_PHENOTYPE, GENE, ROLE, SUBCLASS, INHERITANCE])
    base, other = _true(predicate)(world, split), _plain(world, predicate)
    if base is None or other is None or other.subject == base[1][0].relations[0].subject:
        return None
    return base[0], (world.cite(other),)


def _absence(world: GraphSampler, split: Split) -> Made | None:
    """Tell a missing record as a no."""
    gold, far = _plain(world, HAS_PHENOTYPE), _plain(world, HAS_PHENOTYPE)
    if gold is None or far is None or world.holds(gold.subject, HAS_PHENOTYPE, far.object):
        return None
    template = world.random.choice(ABSENT[split])
    return template.format(s=world.name(gold.subject), o=world.name(far.object)), (world.cite(gold),)


def _causes(world: GraphSampler, split: Split) -> Made | None:
    """Tell an association as a cause."""
    gold = _plain(world, GENE)
    if gold is None:
        return None
    template = world.random.choice(CAUSES[split])
    return template.format(s=world.name(gold.subject), o=world.name(gold.object)), (world.cite(gold),)


def _stronger(world: GraphSampler, split: Split) -> Made | None:
    """Say more than the record does: the only one, always, approved, a cure."""
    which = world.random.choice(sorted(STRONGER[split]))
    predicate = {"phenotype": HAS_PHENOTYPE, "gene": GENE, "role": ROLE}.get(which)
    if predicate is None:
        drug, disease = world.draw("CHEBI", ROLE, curated), world.draw("MONDO", SUBCLASS, curated)
        gold = made_up(drug.subject, TREATS, disease.subject) if drug and disease else None
    else:
        gold = _plain(world, predicate)
    if gold is None or (which == "phenotype" and gold.frequency):
        return None
    template = world.random.choice(STRONGER[split][which])
    cited = world.cite(gold) if predicate else item_of([gold])
    return fill(template, world.name(gold.subject), world.name(gold.object)), (cited,)


def _not_curated(world: GraphSampler, split: Split) -> Made | None:
    gold = world.draw("MONDO", HAS_PHENOTYPE, lambda item: not item.negated and item.grade != Grade.CURATED)
    if gold is None:
        return None
    records = world.graph.relations(subject=gold.subject, predicate=HAS_PHENOTYPE)
    below = {gold.object, *world.graph.descendants(gold.object)}
    if any(item.object in below and item.grade == Grade.CURATED for item in records):
        return None
    return world.say(split, "phenotype", world.name(gold.subject), world.name(gold.object)), (
        world.cite(gold),
    )


KINDS: Mapping[str, tuple[bool, Maker]] = {
    "true: finding": (True, _true(HAS_PHENOTYPE)),
    "true: broader finding": (True, _true_broader),
    "true: finding denied": (True, _true_denied),
    "true: count": (True, _frequency(shift=False, percent=False)),
    "true: percentage": (True, _frequency(shift=False, percent=True)),
    "true: frequency word": (True, _adverb(change=False)),
    "true: gene": (True, _true(GENE)),
    "true: role": (True, _true(ROLE)),
    "true: inheritance": (True, _true(INHERITANCE)),
    "true: kind": (True, _true(SUBCLASS)),
    "true: treats": (True, _drug(TREATS, TREATS)),
    "true: contraindicated": (True, _drug(CONTRAINDICATED, CONTRAINDICATED)),
    "true: quotation": (True, quoted),
    "negated": (False, _negated),
    "denial dropped": (False, _denial_dropped),
    "number": (False, _frequency(shift=True, percent=False)),
    "percentage": (False, _frequency(shift=True, percent=True)),
    "frequency word": (False, _adverb(change=True)),
    "sibling disease": (False, _sibling_subject(HAS_PHENOTYPE)),
    "sibling drug": (False, _sibling_subject(ROLE)),
    "other finding": (False, _other_object(HAS_PHENOTYPE)),
    "narrower finding": (False, _other_object(HAS_PHENOTYPE, below=True)),
    "other role": (False, _other_object(ROLE)),
    "other inheritance": (False, _other_object(INHERITANCE)),
    "other kind": (False, _other_object(SUBCLASS)),
    "gene and disease swapped": (False, _swapped(GENE)),
    "kind swapped": (False, _swapped(SUBCLASS)),
    "other predicate": (False, _wrong_predicate),
    "contraindicated told as treats": (False, _drug(TREATS, CONTRAINDICATED)),
    "treats told as contraindicated": (False, _drug(CONTRAINDICATED, TREATS)),
    "population added": (False, _population),
    "more said": (False, _said_more),
    "second finding added": (False, _second_object),
    "unrelated evidence": (False, _unrelated),
    "absence told as no": (False, _absence),
    "association told as cause": (False, _causes),
    "said too strongly": (False, _stronger),
    "not curated": (False, _not_curated),
    "quotation: number": (False, quoted_changed("number")),
    "quotation: negation": (False, quoted_changed("negation")),
    "quotation: entity": (False, quoted_changed("entity")),
}
