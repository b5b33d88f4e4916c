"""Readers of the staff's socket, in tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import access_token

STATE: Final = "/ws/state/"
HOST: Final = "board.example.com"
# What goes on with the time alone.
OF_THE_CLOCK: Final = ("eta", "urgency")


def cookies_of(client: Client, *, origin: str | None = f"http://{HOST}") -> dict[str, str]:
    """What a browser sends with a socket that a page of this origin opens."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    headers = {"Host": HOST, "Cookie": cookie}
    return headers if origin is None else {**headers, "Origin": origin}


def session_of(user: User) -> dict[str, str]:
    return cookies_of(signed_in(user))


def bearer(user: User, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token(user, scopes=scopes or None)}"}


def fetched(user: User) -> dict[str, Any]:
    board: dict[str, Any] = signed_in(user).get("/admin/dispatch/board").json()
    return board


@dataclass
class BoardReader:
    """Does what docs/tracking.md tells readers to do."""

    orders: dict[str, Any] = field(default_factory=dict)
    couriers: dict[str, Any] = field(default_factory=dict)
    stores: dict[str, Any] = field(default_factory=dict)
    sequence: int | None = None
    events: list[str] = field(default_factory=list)

    def take(self, message: Mapping[str, Any]) -> None:
        getattr(self, f"_take_{message['kind']}")(message)

    def has(self, board: Mapping[str, Any]) -> bool:
        return self.picture() == settled(board)

    def picture(self) -> dict[str, Any]:
        return settled({name: list(getattr(self, name).values()) for name in ("orders", "couriers", "stores")})

    def _take_snapshot(self, message: Mapping[str, Any]) -> None:
        for name in ("orders", "couriers", "stores"):
            setattr(self, name, {row["id"]: row for row in message["data"][name]})
        self.sequence = message["sequence"]

    def _take_event(self, message: Mapping[str, Any]) -> None:
        self.orders |= {row["id"]: row for row in message["orders"]}
        self.couriers |= {row["id"]: row for row in message["couriers"]}
        for order_id in message["gone"]:
            self.orders.pop(order_id, None)
        self.sequence = message["sequence"]
        self.events.append(message["event"]["type"])

    def _take_positions(self, message: Mapping[str, Any]) -> None:
        for move in message["couriers"]:
            if move["id"] in self.couriers:
                self.couriers[move["id"]] |= move

    def _take_reset(self, message: Mapping[str, Any]) -> None:
        """A snapshot follows."""

    def _take_ping(self, message: Mapping[str, Any]) -> None:
        """Nothing has happened."""


def settled(board: Mapping[str, Any]) -> dict[str, Any]:
    orders = [{name: row[name] for name in row if name not in OF_THE_CLOCK} for row in board["orders"]]
    rows = {"orders": orders, "couriers": board["couriers"], "stores": board["stores"]}
    return {name: {row["id"]: row for row in rows[name]} for name in rows}
