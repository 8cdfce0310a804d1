"""Who may ask, from where, and how much: middleware before every route."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.security.admission import user_of as user_of
    from clinweave.service.security.policy import AccessRules as AccessRules
    from clinweave.service.security.users import Role as Role
    from clinweave.service.security.users import TokenStore as TokenStore
    from clinweave.service.security.users import User as User

__getattr__, __dir__ = attach(
    __name__,
    {
        "AccessRules": "policy",
        "Role": "users",
        "TokenStore": "users",
        "User": "users",
        "user_of": "admission",
    },
)
