"""What the scopes mean, for OpenAPI."""

from typing import Any

from accounts.roles import SCOPES


def describe_scopes(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook, after the one that lists the scopes in use."""
    for scheme in result["components"]["securitySchemes"].values():
        for flow in scheme.get("flows", {}).values():
            flow["scopes"] = {scope: SCOPES.get(scope, "") for scope in flow["scopes"]}
    return result
