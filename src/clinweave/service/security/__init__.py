"""Who may ask, from where, and how much: middleware before every route."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.security.admission import Admission as Admission
    from clinweave.service.security.bodies import BodyLimit as BodyLimit
    from clinweave.service.security.headers import SecurityHeaders as SecurityHeaders

__getattr__, __dir__ = attach(
    __name__, {"Admission": "admission", "BodyLimit": "bodies", "SecurityHeaders": "headers"}
)
