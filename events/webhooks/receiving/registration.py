"""An endpoint for a receiver, made at a site through the API as any integrator would, and retired with the receiver."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

ENDPOINTS: Final = "/api/v2/webhook-endpoints"
DESCRIPTION: Final = "manage.py webhook_receiver"
TIMEOUT_SECONDS: Final = 30.0


class RegistrationFailed(Exception):
    """The site said no, or nothing: says what was asked, and what came back."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose endpoint it will be."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: str
    secret: str = field(repr=False)


@contextlib.contextmanager
def endpoint_at(site_url: str, *, account: Account, url: str, event_types: Sequence[str] = ()) -> Iterator[Endpoint]:
    """An endpoint at the site for as long as the block lasts. Raises RegistrationFailed."""
    with httpx.Client(base_url=site_url, timeout=TIMEOUT_SECONDS) as http:
        site = _Site(http, account)
        endpoint = site.register(url, event_types=event_types)
        try:
            yield endpoint
        finally:
            site.retire(endpoint)


class _Site:
    """Signs in for each errand: between the two a token runs out."""

    def __init__(self, http: httpx.Client, account: Account) -> None:
        self._http = http
        self._account = account

    def register(self, url: str, *, event_types: Sequence[str]) -> Endpoint:
        body = {"url": url, "description": DESCRIPTION, "event_types": list(event_types)}
        made = self._ask("POST", ENDPOINTS, body=body, headers=self._signed_in(key=str(uuid.uuid4()))).json()
        return Endpoint(made["id"], made["secret"])

    def retire(self, endpoint: Endpoint) -> None:
        self._ask("DELETE", f"{ENDPOINTS}/{endpoint.id}", headers=self._signed_in())

    def _signed_in(self, *, key: str = "") -> dict[str, str]:
        grant = {"grant_type": "password", "username": self._account.email, "password": self._account.password}
        token = self._ask("POST", "/api/v2/auth/token", body=grant).json()["access_token"]
        return {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})

    def _ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise RegistrationFailed(f"{method} {self._http.base_url}{path}: {error}") from error
        if not response.is_success:
            answer = response.text[:500]
            raise RegistrationFailed(f"{method} {self._http.base_url}{path} answered {response.status_code}: {answer}")
        return response
