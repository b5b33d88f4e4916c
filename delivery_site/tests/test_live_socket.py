"""A delivery followed over a real socket of a real server, which is killed in between."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from delivery_site.testing.installation import Installation, in_one_process, is_ready
from delivery_site.testing.waiting import until
from tracking.live.closing import CloseCode

PASSWORD: Final = "demo-password"
PATIENCE_SECONDS: Final = 60


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    with in_one_process() as site:
        yield site


@contextmanager
def signed_in(site: Installation, name: str) -> Iterator[httpx.Client]:
    grant = {"grant_type": "password", "username": f"{name}@example.com", "password": PASSWORD}
    with httpx.Client(base_url=f"{site.url}/api/v2/", timeout=PATIENCE_SECONDS) as client:
        client.headers["Authorization"] = f"Bearer {client.post('auth/token', json=grant).json()['access_token']}"
        yield client


def post(client: httpx.Client, path: str, body: Any = None) -> Any:
    response = client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert response.is_success, response.text
    return response.json()


def placed(client: httpx.Client) -> Any:
    """With whichever store is open."""
    for product in client.get("products?limit=50").json()["results"]:
        store = client.get(f"stores/{product['store_id']}").json()
        door = {"address": "1 Main St", "latitude": store["latitude"], "longitude": store["longitude"]}
        order = {
            "items": [{"product_id": product["id"], "quantity": 1}],
            "dropoff": door,
            "contact": {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"},
            "payment_method": "cash",
        }
        response = client.post("orders", json=order, headers={"Idempotency-Key": uuid4().hex})
        if response.is_success:
            return response.json()
    pytest.fail("no store takes an order")


@contextmanager
def following(site: Installation, order: Any, *, after: int | None = None) -> Iterator[ClientConnection]:
    token = order["tracking_url"].rstrip("/").rsplit("/", 1)[-1]
    url = f"{site.url.replace('http', 'ws', 1)}/ws/track/{token}/" + ("" if after is None else f"?after={after}")
    with connect(url, open_timeout=PATIENCE_SECONDS) as socket:
        yield socket


def hear(socket: ClientConnection, *, until_status: str) -> Any:
    while True:
        message = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        if message.get("data", {}).get("status") == until_status and message["data"]["sequence"] > 0:
            return message


def hear_until_closed(socket: ClientConnection) -> int | None:
    """The code with which it was closed; none where the other end just vanished."""
    try:
        while True:
            socket.recv(timeout=PATIENCE_SECONDS)
    except ConnectionClosed as closing:
        return closing.rcvd.code if closing.rcvd else None


def test_a_customer_follows_an_order_through_a_server_that_dies(site: Installation) -> None:
    with signed_in(site, "customer") as customer:
        order = placed(customer)
    with signed_in(site, "admin") as admin, following(site, order) as socket:
        hear(socket, until_status="created")
        post(admin, f"orders/{order['id']}/confirm")
        last = hear(socket, until_status="confirmed")
        site.programs[0].kill(random.Random(1))
        assert hear_until_closed(socket) is None
    site.programs[0].start()
    until(lambda: is_ready(site.url))
    with signed_in(site, "admin") as admin:
        post(admin, f"orders/{order['id']}/cancel", {"reason": "Out of bread"})
    with following(site, order, after=last["sequence"]) as socket:
        assert hear(socket, until_status="cancelled")["data"]["headline"] == "Cancelled"
        assert hear_until_closed(socket) == CloseCode.OVER


@pytest.mark.parametrize("path", ["ws/track/nothing/", "ws/elsewhere", ""])
def test_an_unknown_address_is_closed_with_its_code(site: Installation, path: str) -> None:
    with connect(f"{site.url.replace('http', 'ws', 1)}/{path}", open_timeout=PATIENCE_SECONDS) as socket:
        assert hear_until_closed(socket) == CloseCode.NOT_FOUND
