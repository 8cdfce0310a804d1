"""The tool `link`: concepts mentioned in a text."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Mention
from clinweave.tools.base import LONGEST_TEXT, Parameter, Tool


@dataclass(frozen=True, slots=True)
class LinkInput:
    """Arguments of `link`."""

    text: Annotated[
        str, Parameter("Text to read: a sentence or a clinical note.", LONGEST_TEXT, required=True)
    ]
    prefixes: Annotated[
        tuple[str, ...],
        Parameter("Only concepts of these vocabularies, such as HP or MONDO; of all if empty."),
    ] = ()
    notes: Annotated[
        bool,
        Parameter("Read as a clinical note: findings (HP) only, also from laboratory values and growth."),
    ] = False


@dataclass(frozen=True, slots=True)
class LinkResult:
    """Mentions in the order of the text; offsets count characters. `notes` says what was not read."""

    mentions: tuple[Mention, ...]
    notes: tuple[str, ...]


def link(base: KnowledgeBase, arguments: LinkInput) -> LinkResult:
    """Return the concepts of a text with offsets, status and reason."""
    from clinweave.knowledge import NoteReader, unread_language

    remarks = []
    if unread := unread_language(arguments.text, base.linker.languages):
        return LinkResult((), (unread,))
    if arguments.notes:
        mentions = NoteReader(base.linker).read(arguments.text)
        if arguments.prefixes:
            mentions = [item for item in mentions if item.id.partition(":")[0] in arguments.prefixes]
    else:
        mentions = base.link(arguments.text, arguments.prefixes or None)
    if not mentions:
        of = f" of {', '.join(arguments.prefixes)}" if arguments.prefixes else ""
        remarks.append(f"no concept{of} was recognised in the text")
    return LinkResult(tuple(mentions), tuple(remarks))


TOOL = Tool(
    "link",
    "Link text to concepts",
    "Recognise the diseases, findings, genes, drugs and codes named in a text, each with its identifier, offsets and "
    "status (present, absent, uncertain, ...).",
    LinkInput,
    LinkResult,
    link,
)
