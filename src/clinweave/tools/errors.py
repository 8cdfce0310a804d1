"""What a tool cannot answer, as one kind of error with a code, a message and what may have been meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from clinweave.core.errors import (
    AccessError,
    ClinweaveError,
    InputTooLongError,
    MissingDataError,
    MissingExtraError,
    ModelError,
    UnknownConceptError,
    UserError,
)
from clinweave.core.extras import needs_extra

_LONGEST_MESSAGE = 600  # characters; a message may quote an argument


class ErrorKind(StrEnum):
    """Why a tool gave no result."""

    INVALID_ARGUMENTS = "invalid_arguments"
    TEXT_TOO_LONG = "text_too_long"
    UNKNOWN_TOOL = "unknown_tool"
    UNKNOWN_IDENTIFIER = "unknown_identifier"
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS_NAME = "ambiguous_name"
    MISSING_DATA = "missing_data"  # a database, graph or index that was not fetched or built
    MISSING_EXTRA = "missing_extra"  # a library that is not installed
    ACCESS_DENIED = "access_denied"  # the access policy forbids it
    INVALID_REQUEST = "invalid_request"  # the input is well-formed and cannot be answered
    FAILED = "failed"  # no fault of the caller


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A concept, tool or drug that may have been meant."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """A tool's error as a document: `argument` is the one at fault, or ""."""

    error: ErrorKind
    message: str
    argument: str = ""
    suggestions: tuple[Suggestion, ...] = ()


class ToolError(UserError):
    """A tool gave no result. `document` is what is sent to a client."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        argument: str = "",
        suggestions: tuple[Suggestion, ...] = (),
    ) -> None:
        text = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} ..."
        text = text.encode("utf-8", "replace").decode()
        super().__init__(text)
        self.document = ErrorDocument(kind, text, argument, suggestions)

    @property
    def kind(self) -> ErrorKind:
        """Return why there is no result."""
        return self.document.error


_KINDS: tuple[tuple[type[ClinweaveError], ErrorKind], ...] = (
    (InputTooLongError, ErrorKind.TEXT_TOO_LONG),
    (MissingDataError, ErrorKind.MISSING_DATA),
    (MissingExtraError, ErrorKind.MISSING_EXTRA),
    (AccessError, ErrorKind.ACCESS_DENIED),
    (ModelError, ErrorKind.FAILED),
    (UserError, ErrorKind.INVALID_REQUEST),
    (ClinweaveError, ErrorKind.FAILED),
)


@contextmanager
def typed_errors(extra: str = "molecules") -> Iterator[None]:
    """Turn the errors of clinweave, and a missing library of an extra, into `ToolError`."""
    try:
        with needs_extra(extra):
            yield
    except ToolError:
        raise
    except UnknownConceptError as error:
        raise _unknown_concept(error) from error
    except ClinweaveError as error:
        kind = next(kind for group, kind in _KINDS if isinstance(error, group))
        raise ToolError(kind, str(error)) from error


def _unknown_concept(error: UnknownConceptError) -> ToolError:
    suggestions = tuple(Suggestion(*item) for item in error.near)
    kind = ErrorKind.UNKNOWN_IDENTIFIER if error.is_identifier else ErrorKind.UNKNOWN_NAME
    if error.ambiguous:
        kind = ErrorKind.AMBIGUOUS_NAME
    return ToolError(kind, str(error), suggestions=suggestions)
