"""How one simulated person talks to the site: their token, and patience with a server that is busy or away.

A request that must not happen twice carries one idempotency key through all its retries, so an answer lost with a
killed server is asked for again without a second effect.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from operations.simulation.traffic import Traffic

BUSY = frozenset({429, 502, 503, 504})
"""Statuses by which a server, or a proxy before it, asks for another try."""

MISSTEPS = 3
"""How often an answer of 500 is asked for again before it counts as final."""


class Refused(Exception):
    """The site answered with a 4xx, or a 5xx that stayed."""

    def __init__(self, *, status: int, code: str, detail: str, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.problem = problem
        super().__init__(f"{status} {code}: {detail}")


class Unreachable(Exception):
    """No usable answer for longer than the connection's patience."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer."""

    status: int
    body: Any
    etag: str | None


@dataclass(slots=True)
class Connection:
    """What all people of a run share: the HTTP pool, the limit on requests at once, the counts."""

    http: httpx.AsyncClient
    traffic: Traffic = field(default_factory=Traffic)
    patience_seconds: float = 120.0
    requests_at_once: int = 8
    logins_at_once: int = 2
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    _gate: asyncio.Semaphore = field(init=False)
    login_gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.requests_at_once)
        self.login_gate = asyncio.Semaphore(self.logins_at_once)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is not "later": waits out busy and absent servers. Raises Unreachable."""
        given_up_at = self.clock() + self.patience_seconds
        attempt = 0
        while True:
            response = await self._attempt(request)
            attempt += 1
            if response is not None and not self._asks_for_another(response, attempt=attempt):
                return response
            pause = _pause(response, attempt=attempt)
            if self.clock() + pause > given_up_at:
                raise Unreachable(f"{request.method} {request.url.path}: no answer for {self.patience_seconds:.0f} s")
            self.traffic.retries += 1
            await self.sleep(pause)

    async def _attempt(self, request: httpx.Request) -> httpx.Response | None:
        async with self._gate:
            started = self.clock()
            try:
                response = await self.http.send(request)
            except httpx.TransportError:
                self.traffic.outages += 1
                return None
            self.traffic.answered(seconds=self.clock() - started)
            return response

    def _asks_for_another(self, response: httpx.Response, *, attempt: int) -> bool:
        if response.status_code in BUSY:
            return True
        if response.status_code >= 500:
            self.traffic.server_errors[f"{response.status_code} {response.request.method} {_route(response)}"] += 1
            return attempt < MISSTEPS
        return response.status_code == 409 and "Retry-After" in response.headers


class Client:
    """One person's session. Signs in when first needed and whenever the token has run out."""

    def __init__(self, connection: Connection, *, email: str, password: str) -> None:
        self.email = email
        self._password = password
        self._connection = connection
        self._access: str | None = None
        self._refresh: str | None = None
        self._signing_in = asyncio.Lock()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        return await self._call("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, repeatable: bool = False) -> Reply:
        """Sends one idempotency key with every try, unless the call is `repeatable` without one."""
        headers = {} if repeatable else {"Idempotency-Key": str(uuid.uuid4())}
        return await self._call("POST", path, body=body or {}, headers=headers)

    async def patch(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Reads the resource for its ETag, then changes it; again when somebody was quicker."""
        while True:
            current = await self.get(path)
            headers = {"If-Match": current.etag} if current.etag else {}
            try:
                return await self._call("PATCH", path, body=body, headers=headers)
            except Refused as refusal:
                if refusal.status != 412:
                    raise

    async def delete(self, path: str) -> Reply:
        return await self._call("DELETE", path)

    async def sign_in(self) -> None:
        """Get a token now. Raises Refused for a wrong password."""
        await self._renew(stale=self._access)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        if self._access is None:
            await self._renew(stale=None)
        token = self._access
        response = await self._send(method, path, params=params, body=body, headers=headers)
        if response.status_code == 401:
            await self._renew(stale=token)
            response = await self._send(method, path, params=params, body=body, headers=headers)
        return self._reply(response)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        authorisation = {"Authorization": f"Bearer {self._access}"}
        request = self._connection.http.build_request(
            method, path, params=params, json=body, headers={**_JSON, **authorisation, **(headers or {})}
        )
        return await self._connection.send(request)

    async def _renew(self, *, stale: str | None) -> None:
        """Replace the token that was found `stale`, once however many calls found it so."""
        async with self._signing_in:
            if self._access is not None and self._access != stale:
                return
            response = await self._refreshed() or await self._signed_in()
            tokens = self._reply(response).body
            self._access, self._refresh = tokens["access_token"], tokens["refresh_token"]

    async def _refreshed(self) -> httpx.Response | None:
        """None when there is nothing to refresh, or the refresh token is spent (its answer may have been lost)."""
        if self._refresh is None:
            return None
        response = await self._token({"grant_type": "refresh_token", "refresh_token": self._refresh})
        return response if response.is_success else None

    async def _signed_in(self) -> httpx.Response:
        grant = {"grant_type": "password", "username": self.email, "password": self._password}
        async with self._connection.login_gate:  # a password check is dear on purpose
            return await self._token(grant)

    async def _token(self, grant: Mapping[str, str]) -> httpx.Response:
        return await self._connection.send(
            self._connection.http.build_request("POST", "/api/v2/auth/token", json=grant, headers=_JSON)
        )

    def _reply(self, response: httpx.Response) -> Reply:
        if response.is_success:
            return Reply(
                response.status_code, response.json() if response.content else None, response.headers.get("ETag")
            )
        refusal = _refused(response)
        self._connection.traffic.refusals[refusal.code] += 1
        raise refusal


_JSON = {"Accept": "application/json"}


def _refused(response: httpx.Response) -> Refused:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    return Refused(
        status=response.status_code,
        code=str(problem.get("code") or response.reason_phrase),
        detail=str(problem.get("detail") or response.text[:200]),
        problem=problem,
    )


def _pause(response: httpx.Response | None, *, attempt: int) -> float:
    """Seconds until the next try: what the server asks for, else doubling from a quarter up to four seconds."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    if asked.isdigit():
        return float(asked) + random.uniform(0.0, 0.25)
    return min(4.0, 0.25 * 2.0 ** min(attempt, 6)) * random.uniform(0.5, 1.0)


def _route(response: httpx.Response) -> str:
    """The path with ids blotted out, so that the same fault is counted under one name."""
    parts = response.request.url.path.split("/")
    return "/".join("{id}" if len(part) == 36 and part.count("-") == 4 else part for part in parts)
