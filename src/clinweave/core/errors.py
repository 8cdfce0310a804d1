"""User-facing exceptions. Each message names the file, row or field, and how to fix it."""


class ClinweaveError(Exception):
    """Something outside the user's control failed (a file vanished, a server refused). Exit code 1."""

    exit_code = 1


class UserError(ClinweaveError):
    """The user asked for something that cannot be: bad input, an unknown id, a wrong key. Exit code 2."""

    exit_code = 2


class OutdatedError(ClinweaveError):
    """A folder holds the result of other inputs, and the caller may not replace it."""


class ChecksumError(ClinweaveError):
    """A file is not the one that the catalogue pins."""


class ModelError(ClinweaveError):
    """A language model refused, timed out, or lacks a capability."""


class ContextLengthError(ModelError):
    """A prompt does not fit the context of a model. The message holds numbers of tokens, never the prompt."""


class InputTooLongError(UserError):
    """A question is longer than is read. The message holds numbers of characters, never the question."""


class AccessError(UserError):
    """The access policy forbids sending a record somewhere. The message names the tier and the destination."""


class NotCapableError(UserError):
    """A back end was asked for something it declares it cannot do."""


class UnknownConceptError(UserError):
    """An identifier or a name means no concept, or several.

    `near` holds (identifier, name) of the concepts that it may mean or that resemble it.
    """

    def __init__(
        self,
        message: str,
        near: tuple[tuple[str, str], ...] = (),
        *,
        ambiguous: bool = False,
        identifier: bool = False,
    ) -> None:
        super().__init__(message)
        self.near, self.ambiguous, self.is_identifier = near, ambiguous, identifier


class MissingDataError(UserError):
    """A database, graph or index is needed that was not fetched or built. The message has the command that does it."""


class MissingExtraError(UserError):
    """A library of an optional extra is not installed. The message has the command that installs it."""
