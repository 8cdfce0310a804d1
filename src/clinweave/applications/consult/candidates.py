"""The sentences of an answer's statements that a model may repeat: each stands alone and passes the citation check."""

from collections.abc import Iterator, Sequence

from clinweave.applications.consult.doses import states_amount
from clinweave.applications.consult.prompt import ShownStatement
from clinweave.knowledge import CitationChecker, standalone_sentences
from clinweave.records import Evidence, Mention, Verdict

_MOST_ITEMS = 5  # of a list of records in one sentence
_LONGEST = 60  # words of a sentence
_SHORTEST = 3
_PLURAL = ("feature", "gene", "role", "attribute")


def candidates(
    shown: Sequence[ShownStatement], cited: Sequence[Evidence], checker: CitationChecker, question: str
) -> list[ShownStatement]:
    """Return the sentences of the statements that are supported, answer the question and state no dose.

    `cited` is the evidence that the sentences of a reply are checked against. A list of records becomes a sentence
    of its first items or, where that is not supported, stays a list; a pronoun becomes what it stands for. A
    sentence that occurs twice is returned once.
    """
    result: dict[str, ShownStatement] = {}
    for statement in shown:
        ids = {evidence.id for evidence in statement.evidence}
        own = [item for item in cited if item.id in ids]
        for wordings in _sentences(statement):
            text = next((text for text in wordings if _passes(text, own, checker, question)), "")
            if text:
                result.setdefault(text, ShownStatement(text, statement.evidence))
    return list(result.values())


def _passes(text: str, own: Sequence[Evidence], checker: CitationChecker, question: str) -> bool:
    if not _SHORTEST <= len(text.split()) <= _LONGEST or states_amount(text):
        return False  # a dose alone would lose the conditions and adjustments that stand next to it
    checked = checker.check_answer(text, own, question, repair=True)
    return len(checked) == 1 and checked[0].verdict == Verdict.SUPPORTED


def _sentences(statement: ShownStatement) -> Iterator[tuple[str, ...]]:
    """Yield the wordings of each sentence, the best first."""
    passage = statement.evidence[0].passage
    lead, colon, listed = statement.text.partition(": ")
    if passage is None and colon and not lead.startswith(("Yes", "No")):
        yield _of_records(lead, [item.strip(" .") for item in listed.split(";")]), statement.text
        return
    for sentence in standalone_sentences(statement.text, passage.title if passage is not None else ""):
        yield (sentence,)


def _of_records(lead: str, items: Sequence[str]) -> str:
    """Return "X has the feature: A; B" as "X has the features A and B."."""
    names = items[:_MOST_ITEMS]
    if len(names) > 1 and lead.endswith(_PLURAL):
        lead += "s"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{lead[:1].upper()}{lead[1:]} {listed}."


def without_shared_names(question: str, mentions: Sequence[Mention], cited: Sequence[Evidence]) -> str:
    """Return a question without its words for what all the evidence is about: no sentence need repeat them.

    "What are the signs of Steinert disease?" over evidence on myotonic dystrophy asks about signs.
    """
    about = [
        {curie for row in item.relations for curie in (row.subject, row.object)}
        | set(item.passage.concepts if item.passage is not None else ())
        for item in cited
    ]
    for mention in mentions:
        if about and all(mention.id in ids for ids in about):
            question = question.replace(mention.text, " ")
    return question


__all__ = ["candidates", "without_shared_names"]
