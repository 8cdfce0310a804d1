"""Access policy for texts: checks for private and gated text before it leaves this machine (remote model or export)."""

from collections.abc import Sequence

from clinweave.core.access_policy import EXPORT, check_egress, host_of, is_this_machine
from clinweave.core.errors import UserError
from clinweave.patients.deid.pseudonymise import Pseudonymised
from clinweave.records import Tier

__all__ = ["EXPORT", "gate", "host_of", "is_this_machine"]


def gate(
    texts: Sequence[str | Pseudonymised], *, tier: Tier, destination: str, allow_remote: str = ""
) -> list[str]:
    """Return the texts where they may go to `destination`, else raise `UserError` (see `check_egress`).

    Private text must be `Pseudonymised`, each piece of it: raw text is refused whatever is allowed. Messages hold no
    text.
    """
    raw = sum(not isinstance(item, Pseudonymised) for item in texts)
    try:
        check_egress(tier, destination, allow_remote, pseudonymised=not raw)
    except UserError as error:
        raise UserError(
            f"{raw} of {len(texts)} texts: {error}" if raw and allow_remote else str(error)
        ) from None
    return [item.text if isinstance(item, Pseudonymised) else item for item in texts]
