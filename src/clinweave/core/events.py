"""Events: the only records that a log file gets. They hold numbers and names of clinweave's own, never content.

Every other message (of a reader, a library, an installed package) may quote what it read, so it goes to standard error
and never into a file. No event takes a path, a question, a row or the text of an error.
"""

import logging

LOGGER = logging.getLogger("clinweave.events")
_MARK = "clinweave_event"


def event(title: str, **facts: str | float) -> None:
    """Log an event at level INFO; `facts` are counts, seconds, or words from lists in clinweave's source."""
    if LOGGER.isEnabledFor(logging.INFO):
        words = [title, *(f"{name}={_text(value)}" for name, value in facts.items())]
        LOGGER.info(" ".join(words), extra={_MARK: True})


def is_event(record: logging.LogRecord) -> bool:
    """Say whether a log record was made by `event`."""
    return getattr(record, _MARK, False) is True


def _text(value: str | float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
