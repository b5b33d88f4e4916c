"""What the operations of a document share."""

from typing import Any

from api.openapi.problems import problem_schema, share_problem_responses
from api.openapi.security import security_schemes

Schema = dict[str, Any]


def add_shared_components(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """A postprocessing hook: the problems that operations refer to, how to authenticate, the tags in use."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = problem_schema()
    components["responses"] = share_problem_responses(result)
    components["securitySchemes"] = security_schemes(result)
    if "tags" in result:
        used = {tag for path in result["paths"].values() for operation in path.values() for tag in operation["tags"]}
        result["tags"] = [tag for tag in result["tags"] if tag["name"] in used]
    return result
