"""Connections to addresses that were checked: resolved once, and connected to exactly what was checked.

A name that resolves to a public address now and to one of ours a moment later (DNS rebinding) gets no second question.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult

from events.webhooks.addresses import AddressPolicy, IPAddress, check_address

CONNECT_SECONDS: Final = 5.0
# Shorter than servers keep an idle connection, which else may close just when the next request is on its way.
IDLE_SECONDS: Final = 1.0

Resolve = Callable[[str, int], Awaitable[Sequence[IPAddress]]]
# What `getaddrinfo` tells of one address.
AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]
MakeSocket = Callable[[AddressInfo], socket.socket]


async def resolve(host: str, port: int) -> Sequence[IPAddress]:
    """Every address the system's resolver has for a host. Raises OSError."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"the name {host} cannot be resolved") from error
    return [ipaddress.ip_address(address[0]) for *_, address in found]


def make_socket(info: AddressInfo) -> socket.socket:
    family, kind, protocol, *_ = info
    return socket.socket(family, kind, protocol)


class CheckedResolver(AbstractResolver):
    """Refuses a name that has even one address which is not allowed: who can choose among them is not for us to say."""

    def __init__(self, *, policy: AddressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressRefused, and OSError."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            check_address(address, policy=self._policy)
        return [_resolved(address, host=host, port=port) for address in addresses]

    async def close(self) -> None:
        """It holds nothing."""


def _resolved(address: IPAddress, *, host: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=str(address),
        port=port,
        family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def connector(
    *, policy: AddressPolicy, resolve: Resolve = resolve, make_socket: MakeSocket = make_socket
) -> aiohttp.TCPConnector:
    """Every socket is for an address that is looked at once more when it is made: one that stands in the URL as a
    number is asked of no resolver. Wants a running loop."""

    def make_checked_socket(info: AddressInfo) -> socket.socket:
        check_address(ipaddress.ip_address(info[-1][0]), policy=policy)
        return make_socket(info)

    return aiohttp.TCPConnector(
        resolver=CheckedResolver(policy=policy, resolve=resolve),
        use_dns_cache=False,
        socket_factory=make_checked_socket,
        ssl=_tls(),
        limit=0,
        keepalive_timeout=IDLE_SECONDS,
    )


def session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """Without what a webhook must not have: cookies, and proxies or passwords from the environment."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
