"""What the Admin pages of every app share: rights from scopes, lists without counting, forms with versions, moves."""

from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.page import PageAdmin
from accounts.admin_base.scoped import ScopedAdmin, actor_of, holds_scope, user_of
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm

__all__ = [
    "Move",
    "MoveForm",
    "MovingAdmin",
    "PageAdmin",
    "ScopedAdmin",
    "VersionedAdmin",
    "VersionedForm",
    "actor_of",
    "holds_scope",
    "user_of",
]
