"""Where webhooks may go. The address is somebody else's input: nothing of our own network is reached through it.

What the text of an address tells is refused when it is saved, what its name resolves to whenever it is connected to.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

IPAddress = IPv4Address | IPv6Address

MAX_LENGTH: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}
_FIRST_UNPRIVILEGED_PORT: Final = 1024
_HOST_LENGTH: Final = 253

_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# https://url.spec.whatwg.org/#ends-in-a-number-checker: decimal, octal and hexadecimal forms, with parts left out.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 6761, 6762, 8375 and what networks at home and in clouds use.
_INSIDE_NAMES: Final = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa")

# Global by their number, but not a place on the internet, or another way to write one that is not.
_NOT_OUTSIDE: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    IPv4Network("168.63.129.16/32"),  # Azure's own services for a machine
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments, Oracle's metadata among them
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("2001::/23"),  # Teredo, ORCHID and others
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)
_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LAST_32_BITS: Final = 0xFFFF_FFFF


@dataclass(frozen=True)
class AddressPolicy:
    """What an installation allows: private addresses are for development, plain HTTP is not for production."""

    private: bool = False
    plain_http: bool = False


class AddressRefused(Exception):
    """The text says why, to whoever gave the address."""


def check_url(url: str, *, policy: AddressPolicy) -> None:
    """Raises AddressRefused for what needs no resolver to be seen."""
    if len(url) > MAX_LENGTH:
        raise AddressRefused(f"The address is longer than {MAX_LENGTH} characters.")
    if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise AddressRefused(
            "Only visible ASCII without backslashes is allowed: write international names as xn--, the rest as %XX."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("Not a well-formed address.") from error
    _check_scheme(parts.scheme, policy=policy)
    _check_form(parts)
    _check_port(port, scheme=parts.scheme)
    _check_host(parts.hostname or "", policy=policy)


def _check_scheme(scheme: str, *, policy: AddressPolicy) -> None:
    if scheme not in _PORTS:
        raise AddressRefused("The address must begin with https://.")
    if scheme == "http" and not policy.plain_http:
        raise AddressRefused("Plain HTTP is not allowed; the address must begin with https://.")


def _check_form(parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise AddressRefused("The address must not contain a user name or password.")
    if parts.fragment:
        raise AddressRefused("The address must not contain a fragment (#).")
    if not parts.hostname:
        raise AddressRefused("The address has no host.")


def _check_port(port: int | None, *, scheme: str) -> None:
    """The well-known ports below 1024 belong to other protocols, which would take what we send for something else."""
    if port is not None and port < _FIRST_UNPRIVILEGED_PORT and port not in _PORTS.values():
        raise AddressRefused("The port must be 80, 443 or at least 1024.")


def _check_host(host: str, *, policy: AddressPolicy) -> None:
    if ":" in host:
        check_address(_ipv6(host), policy=policy)
    elif _NUMBER.fullmatch(host.rpartition(".")[2]):
        check_address(_ipv4(host), policy=policy)
    else:
        _check_name(host, policy=policy)


def _ipv6(host: str) -> IPv6Address:
    if "%" in host:
        raise AddressRefused("The address must not contain a zone id.")
    try:
        return IPv6Address(host)
    except ValueError as error:
        raise AddressRefused("Not a well-formed IPv6 address.") from error


def _ipv4(host: str) -> IPv4Address:
    try:
        return IPv4Address(host)
    except ValueError as error:
        raise AddressRefused("Numeric hosts must be four decimal numbers without leading zeros.") from error


def _check_name(host: str, *, policy: AddressPolicy) -> None:
    if host.endswith("."):
        raise AddressRefused("The host must not end with a dot.")
    if len(host) > _HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise AddressRefused("Not a well-formed host name.")
    if policy.private:
        return
    if "." not in host:
        raise AddressRefused("The host must be a full name, such as hooks.example.com.")
    if any(f".{host}".endswith(f".{name}") for name in _INSIDE_NAMES):
        raise AddressRefused("Names of local networks are not allowed.")


def check_address(address: IPAddress, *, policy: AddressPolicy) -> None:
    """Raises AddressRefused unless this is one host on the internet, or policy allows private ones and it is that."""
    meant = _meant_by(address)
    if _is_outside(meant) or (policy.private and _is_private(meant)):
        return
    raise AddressRefused(f"{address} is not a public address.")


def _is_outside(address: IPAddress) -> bool:
    if (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or any(address in no for no in _NOT_OUTSIDE)
    ):
        return False
    return isinstance(address, IPv4Address) or address in _UNICAST


def _is_private(address: IPAddress) -> bool:
    """Not link-local ones, where clouds keep their credentials, nor those that stand for any host or for many."""
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_loopback or (address.is_private and not address.is_reserved)


def _meant_by(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv6 one that is only another way to write it."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address


def address_policy() -> AddressPolicy:
    """This installation's."""
    return AddressPolicy(private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES, plain_http=not settings.PRODUCTION)


def host_of(url: str) -> str:
    """What may be told of an address: the rest may be a secret."""
    return urlsplit(url).hostname or ""
