"""Where the one process listens, and by which URL it is reached."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings

URL_SETTINGS: Final = ("PUBLIC_URL", "INTERNAL_URL")
EVERY_INTERFACE: Final[Mapping[str, str]] = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class AddressUnavailable(Exception):
    """Nobody can listen there: the port is taken, or the host is not of this machine."""


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        """How this machine itself reaches the address."""
        host = EVERY_INTERFACE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def listen(address: Address) -> socket.socket:
    """Take the address before anything else is started; port 0 takes any free one. Raises AddressUnavailable."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=1024)
    except OSError as error:
        where = f"port {address.port} of {address.host or 'any interface'}"
        raise AddressUnavailable(f"cannot listen on {where}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """Python appends the address, which the sentence names already."""
    return os.strerror(error.errno) if error.errno else str(error)


def taken_address(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def use_as_default_urls(address: Address) -> None:
    """Links and the simulated provider's calls must reach this process, whatever its port, unless the environment
    says how they do. The settings were read before the port was known."""
    for name in URL_SETTINGS:
        if not os.environ.get(name):
            setattr(settings, name, address.url)
