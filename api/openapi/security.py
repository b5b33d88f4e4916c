"""Scopes and tokens as OpenAPI shows them."""

from typing import Any, Final

from api.scopes import ANYONE, any_of, scopes_for

Schema = dict[str, Any]

TOKEN_URL: Final = "/api/v2/auth/token"
OAUTH2: Final = "oauth2"
BEARER: Final = "bearer"


def security_of(view: Any, method: str) -> list[Schema]:
    """One of several scopes is enough, hence alternatives; OpenAPI 3.0 names no scopes for plain bearer."""
    scopes = scopes_for(view, method)
    if scopes is ANYONE:
        return [{}]
    return [{OAUTH2: [name]} for name in any_of(scopes)] or [{OAUTH2: []}, {BEARER: []}]


def security_schemes(result: Schema) -> Schema:
    flow = {"tokenUrl": TOKEN_URL, "refreshUrl": TOKEN_URL, "scopes": dict.fromkeys(_scopes_in(result), "")}
    return {
        OAUTH2: {"type": "oauth2", "flows": {"password": flow}},
        BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }


def _scopes_in(result: Schema) -> list[str]:
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    needed = [requirement.get(OAUTH2, ()) for operation in operations for requirement in operation.get("security", ())]
    return sorted({scope for scopes in needed for scope in scopes})
