"""Evidence of kinds that composition does not know, such as computed likeness: shown as its retriever words it."""

from collections.abc import Sequence
from dataclasses import replace

from clinweave.applications.consult.compose import Composition
from clinweave.records import Evidence, Statement

COMPOSED = frozenset({"relation", "path", "passage", "ranking", "code", "nearby"})
ASKED = 1.0  # the score from which an item answers the question by itself


def with_other_kinds(composition: Composition, evidence: Sequence[Evidence]) -> Composition:
    """Return the composition with a statement for each item of another kind.

    Items that the question asks for (score of 1 and more) end an abstention; others only follow what was composed.
    """
    statements = tuple(
        Statement(item.text, item.kind, (item.id,), score=item.score)
        for item in evidence
        if item.kind not in COMPOSED
    )
    if not statements:
        return composition
    lines = [f"{item.text} [{item.evidence[0]}]" for item in statements]
    if composition.abstained and any(item.score >= ASKED for item in statements):
        return replace(composition, statements=statements, text="\n".join(lines), abstained=False)
    text = "\n".join([composition.text, *lines])
    return replace(composition, statements=(*composition.statements, *statements), text=text)
