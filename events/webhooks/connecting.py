"""Connections to addresses that were checked: resolved once, and connected to exactly what was checked.

A name that resolves to a public address now and to one of ours a moment later (DNS rebinding) gets no second question.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import httpcore
import httpx

from events.webhooks.addresses import AddressPolicy, AddressRefused, IPAddress, check_address

CONNECT_SECONDS: Final = 5.0
# Shorter than servers keep an idle connection, which else may close just when the next request is on its way.
IDLE_SECONDS: Final = 1.0

Resolve = Callable[[str, int], Awaitable[Sequence[IPAddress]]]


async def resolve(host: str, port: int) -> Sequence[IPAddress]:
    """Every address the system's resolver has for a host. Raises httpcore.ConnectError."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved") from error
    return [ipaddress.ip_address(address[0]) for *_, address in found]


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Refuses a host that has even one address which is not allowed: who can choose among them is not for us to say."""

    def __init__(
        self, *, policy: AddressPolicy, resolve: Resolve = resolve, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefused before anything is sent, and httpcore.ConnectError."""
        addresses = await self._resolve(host.strip("[]"), port)
        for address in addresses:
            check_address(address, policy=self._policy)
        failure: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("Not a network address.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def connection_pool(
    backend: CheckedBackend, *, ssl_context: ssl.SSLContext | None = None
) -> httpcore.AsyncConnectionPool:
    """No proxies, cookies, redirects or passwords from the environment: httpcore knows none of them."""
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl_context or httpx.create_ssl_context(),
        max_connections=None,
        keepalive_expiry=IDLE_SECONDS,
        network_backend=backend,
    )
