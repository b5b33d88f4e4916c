"""The running site as a stranger meets it: an address, and people who sign in and call it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx

from api.tests.waiting import until

Json = dict[str, Any]
T = TypeVar("T")

DEMO_PASSWORD: Final = "demo-password"
# People sign in once for all scenarios, however long these take on the machine at hand.
LASTING_TOKENS: Final = {"ACCESS_TOKEN_SECONDS": "86400"}
PROBLEM_MEMBERS: Final = {"type", "title", "status", "detail", "instance", "code", "request_id"}


@dataclass(frozen=True)
class Site:
    http: httpx.Client

    def sign_in(self, email: str, *, password: str = DEMO_PASSWORD) -> "Person":
        grant = {"grant_type": "password", "username": email, "password": password}
        answer = self.http.post("/api/v2/auth/token", json=grant)
        assert answer.status_code == 200, answer.text
        return Person(self, email=email, tokens=answer.json())


class Person:
    """Somebody who is signed in. Paths are those of the current API."""

    def __init__(self, site: Site, *, email: str, tokens: Json) -> None:
        self.site = site
        self.email = email
        self.tokens = tokens

    def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Any:
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        address = path if path.startswith(("/", "http")) else f"/api/v2/{path}"
        return self.site.http.request(method, address, headers={**bearer, **(headers or {})}, **options)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=query or None)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        """Each under a key of its own unless it names one."""
        keyed = {"Idempotency-Key": key or str(uuid4()), **headers}
        return self.call("POST", path, headers=keyed, json={} if body is None else body)

    def patch(self, path: str, body: Any, *, version: int | None = None) -> Any:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.call("PATCH", path, headers=headers, json=body)

    def read(self, path: str, **query: Any) -> Json:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def do(self, path: str, body: Any = None) -> Json:
        """A POST that succeeds."""
        answer = self.post(path, body)
        assert answer.is_success, answer.text
        done: Json = answer.json()
        return done

    def results(self, path: str, **query: Any) -> list[Json]:
        page: list[Json] = self.read(path, **query)["results"]
        return page


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem (RFC 9457) that says all it has to."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() >= PROBLEM_MEMBERS
    assert problem["status"] == answer.status_code
    assert problem["type"].endswith(f"/errors/{problem['code']}")
    return answer.status_code, problem["code"]


def eventually(read: Callable[[], T], is_so: Callable[[T], bool]) -> T:
    """What `read` finds once worker and relay have done their part."""
    found: list[T] = []

    def has_come() -> bool:
        found[:] = [read()]
        return is_so(found[0])

    until(has_come)
    return found[0]
