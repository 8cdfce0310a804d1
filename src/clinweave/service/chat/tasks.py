"""Requests that a chat page makes for itself: the title of a conversation, its tags, follow-up questions.

They come to the same address as questions, as one message with instructions for a general model. They are no clinical
questions, so they are not searched for: the title is the user's own first question, and lists are empty. Open WebUI
(templates in its `config.py`, JSON with one key) and LibreChat (`titleMethod: completion`, plain text) are recognised.
"""

import json
import re
from collections.abc import Sequence

from clinweave.models import Message
from clinweave.service.errors import RequestError

_OPEN_WEBUI = re.compile(r"\s*###\s*Task:.*<chat_history>(?P<history>.*)</chat_history>", re.DOTALL)
_OUTPUT_KEY = re.compile(r"###\s*Output:.*?\{\s*\"(\w+)\"", re.DOTALL)
_LIBRE_CHAT = re.compile(
    r"\s*Provide a concise, 5-word-or-less title\b.*?\bConversation:\s*(?P<history>.*)", re.DOTALL
)
_USER_TURN = re.compile(
    r"^\s*user:\s*(.+?)(?=^\s*(?:user|assistant|ai):|\Z)", re.DOTALL | re.IGNORECASE | re.MULTILINE
)
_LISTS = frozenset({"tags", "follow_ups", "queries"})
_TITLE_LENGTH = 60  # characters


def task_reply(messages: Sequence[Message]) -> str | None:
    """Return the reply to a request of a chat page for itself, None for a question of a user.

    Raises `RequestError` for one that only a general model can answer.
    """
    text = messages[-1]["content"]
    if match := _LIBRE_CHAT.match(text):
        return _title(match["history"])
    match = _OPEN_WEBUI.match(text)
    if match is None:
        return None
    output = _OUTPUT_KEY.search(text)
    key = output[1] if output else ""
    if key == "title":
        return json.dumps({"title": _title(match["history"])}, ensure_ascii=False)
    if key in _LISTS:
        return json.dumps({key: []})
    raise RequestError(
        "this request of the chat page is for a general model; turn it off in its settings",
        param="messages",
        code="unsupported_task",
    )


def _title(history: str) -> str:
    match = _USER_TURN.search(history)
    words = " ".join((match[1] if match else history).split())
    if len(words) <= _TITLE_LENGTH:
        return words or "Conversation"
    return words[:_TITLE_LENGTH].rsplit(" ", 1)[0] + " ..."
