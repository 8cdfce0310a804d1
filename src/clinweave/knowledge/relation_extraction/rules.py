"""Which relations may be proposed: Biolink predicates, the categories that each takes, and how each is asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from clinweave.core.errors import UserError

_CHEMICALS = frozenset(f"biolink:{name}" for name in ("Drug", "SmallMolecule", "ChemicalEntity"))
_CONDITIONS = frozenset(
    f"biolink:{name}" for name in ("Disease", "PhenotypicFeature", "DiseaseOrPhenotypicFeature")
)
_DISEASES = frozenset(f"biolink:{name}" for name in ("Disease", "DiseaseOrPhenotypicFeature"))
_GENES = frozenset({"biolink:Gene"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of relation: who may be its subject and object, and the question a scoring model is asked."""

    predicate: str
    subjects: frozenset[str]
    objects: frozenset[str]
    question: str

    def allows(self, subject: str, object_: str) -> bool:
        """Say whether a subject of the first category may stand in this relation to an object of the second."""
        return subject in self.subjects and object_ in self.objects


RULES = MappingProxyType(
    {
        rule.predicate.removeprefix("biolink:"): rule
        for rule in (
            Rule("biolink:causes", _CHEMICALS, _CONDITIONS, "Does {subject} cause {object}?"),
            Rule("biolink:treats", _CHEMICALS, _CONDITIONS, "Does {subject} treat {object}?"),
            Rule("biolink:contraindicated_in", _CHEMICALS, _CONDITIONS,
                 "Must {subject} not be given in {object}?"),
            Rule("biolink:interacts_with", _CHEMICALS, _CHEMICALS, "Does {subject} interact with {object}?"),
            Rule("biolink:has_phenotype", _DISEASES, frozenset({"biolink:PhenotypicFeature"}),
                 "Is {object} a feature of {subject}?"),
            Rule("biolink:gene_associated_with_condition", _GENES, _CONDITIONS,
                 "Is the gene {subject} associated with {object}?"),
            Rule("biolink:diagnoses", frozenset({"biolink:Procedure"}), _DISEASES,
                 "Is {subject} a test for {object}?"),
        )
    }
)  # fmt: skip


def proposal_rules(names: Collection[str]) -> list[Rule]:
    """Return the rules of these predicates ("causes" or "biolink:causes"); `UserError` for an unknown one."""
    selected = []
    for name in names:
        bare = name.strip().removeprefix("biolink:")
        if bare not in RULES:
            raise UserError(f"no relation {name!r} can be proposed; there are {', '.join(RULES)}")
        selected.append(RULES[bare])
    return selected


def fitting(rules: Sequence[Rule], subject: str, object_: str) -> list[Rule]:
    """Return the rules that allow this pair of categories."""
    return [rule for rule in rules if rule.allows(subject, object_)]
