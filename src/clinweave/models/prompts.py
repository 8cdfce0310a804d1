"""What every back end does to messages before a template sees them."""

from collections.abc import Iterable, Sequence

from clinweave.core.errors import UserError
from clinweave.models.base import Message

ROLES = frozenset({"system", "user", "assistant"})


def checked(messages: Sequence[Message], specials: Iterable[str] = ()) -> list[Message]:
    """Return messages with the template's control words broken up. Raises `UserError` for an empty or odd list.

    A passage or question that contains "<|im_end|>" would otherwise end its turn and write the next one.
    """
    if not messages:
        raise UserError("A model needs at least one message.")
    words = [word for word in specials if len(word) > 1]
    checked_messages: list[Message] = []
    for message in messages:
        if message.get("role") not in ROLES:
            raise UserError(f"Unknown role {message.get('role')!r}; use one of {', '.join(sorted(ROLES))}.")
        text = message["content"]
        for word in words:
            if word in text:
                text = text.replace(word, f"{word[0]} {word[1:]}")
        checked_messages.append({"role": message["role"], "content": text.replace("\x00", "�")})
    return checked_messages


def checked_options(options: Sequence[str]) -> list[str]:
    """Return the options. Raises `UserError` if there is none or one is empty."""
    if not options:
        raise UserError("There are no options to score.")
    for number, option in enumerate(options):
        if not option.strip():
            raise UserError(f"Option {number + 1} of {len(options)} is empty.")
    return list(options)
