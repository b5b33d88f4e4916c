"""What a route may demand of its caller's scopes. Which role has which scope is not known here."""

from enum import Enum
from typing import Any, Final, TypeAlias


class Access(Enum):
    ANYONE = "anyone"
    ANY_TOKEN = "any token"


ANYONE: Final = Access.ANYONE
ANY_TOKEN: Final = Access.ANY_TOKEN

Scopes: TypeAlias = str | tuple[str, ...] | Access
"""One scope, any one of several, no credentials at all, or any valid ones."""


def any_of(scopes: Scopes) -> tuple[str, ...]:
    """The scopes of which one is enough; none for open routes and those for any token."""
    if isinstance(scopes, Access):
        return ()
    return (scopes,) if isinstance(scopes, str) else scopes


def scopes_for(view: Any, method: str) -> Scopes:
    """What `view` demands for `method`: HEAD as GET; OPTIONS, which only lists the methods, any token.

    Raises KeyError for a method without declared scopes, which the system check reports at start-up.
    """
    if method == "HEAD":
        method = "GET"
    declared: dict[str, Scopes] = view.required_scopes
    if method == "OPTIONS":
        return ANYONE if ANYONE in declared.values() else ANY_TOKEN
    return declared[method]
