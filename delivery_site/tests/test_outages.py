"""What the site answers while the database or Redis is away, and when they are back."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.db import connection
from psycopg_pool import ConnectionPool

from delivery_site.testing.installation import GUNICORN, WEB_COMMANDS, environment_of, ready, started, working_folder
from delivery_site.testing.parts import Database
from delivery_site.testing.servers import free_port
from delivery_site.testing.waiting import PATIENCE_SECONDS, until

NOBODY_THERE = "redis://127.0.0.1:1/0"
DEMO_PASSWORD = "demo-password"
ATTEMPTS_BEYOND_GIVING_UP = 6
SOON_SECONDS = 30.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no SIGKILL on Windows")


@dataclass(frozen=True)
class Site:
    customer: httpx.Client
    database: Database

    def get(self, path: str) -> httpx.Response:
        return self.customer.get(path)

    def order(self, *, key: str) -> httpx.Response:
        product = self.get("/api/v2/products?limit=1").json()["results"][0]
        store = self.get(f"/api/v2/stores/{product['store_id']}").json()
        body = {
            "items": [{"product_id": product["id"], "quantity": 1}],
            "dropoff": {
                "address": "1 Main St",
                "latitude": float(store["latitude"]),
                "longitude": float(store["longitude"]),
            },
            "contact": {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"},
        }
        return self.customer.post("/api/v2/orders", json=body, headers={"Idempotency-Key": key})


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A database of its own, a web server, and no Redis where it should be."""
    with working_folder() as folder, ExitStack() as leaving:
        database = Database(folder)
        leaving.callback(database.end)
        database.start()
        port = free_port()
        services = {"DATABASE_URL": database.url, "REDIS_URL": NOBODY_THERE, "DATABASE_POOL_TIMEOUT_SECONDS": "2"}
        environment = environment_of(folder, port=port, **services)
        commands = {"web": [word.format(port=port) for word in WEB_COMMANDS[GUNICORN]]}
        programs = started(commands, environment=environment, folder=folder, leaving=leaving)
        url = ready([port], environment=environment, programs=programs, services=[]).url
        customer = leaving.enter_context(httpx.Client(base_url=url, timeout=60))
        grant = {"grant_type": "password", "username": "customer@example.com", "password": DEMO_PASSWORD}
        token = customer.post("/api/v2/auth/token", json=grant).json()["access_token"]
        customer.headers["Authorization"] = f"Bearer {token}"
        yield Site(customer, database)


def test_orders_are_taken_without_redis(site: Site) -> None:
    answers = [site.order(key=str(uuid4())) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    health = site.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")


def test_a_database_that_is_away_is_said_to_be_and_found_again_by_itself(site: Site) -> None:
    placed = site.order(key="before").json()
    site.database.end()

    answer = site.get("/api/v2/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("unavailable", "2")
    page = site.customer.get("/admin/login/", headers={"Accept": "text/html", "Cookie": "sessionid=somebody"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "<h1>Temporarily unavailable</h1>" in page.text
    assert site.get("/health/ready").status_code == 503
    assert site.get("/health/live").status_code == 200

    site.database.start()
    until(lambda: site.get("/api/v2/orders").status_code == 200)
    again = site.order(key="before")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["id"] == placed["id"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no pool")
def test_whoever_waits_already_gets_the_database_as_soon_as_it_is_back(site: Site) -> None:
    """A pool left to itself gives up after a while, and those in its queue wait for nothing."""
    given = settings.DATABASES["default"]["OPTIONS"]["pool"]
    options = {**given, "min_size": 1, "reconnect_timeout": 1, "timeout": PATIENCE_SECONDS}
    site.database.end()
    with ConnectionPool(site.database.url, open=True, **options) as pool, ThreadPoolExecutor(1) as queue:
        waiting = queue.submit(pool.getconn)
        until(lambda: pool.get_stats().get("connections_errors", 0) >= ATTEMPTS_BEYOND_GIVING_UP)
        site.database.start()
        pool.putconn(waiting.result(SOON_SECONDS))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no pool")
def test_a_pool_does_not_learn_to_wait_longer_and_longer() -> None:
    """Its pauses double up to `reconnect_timeout`: with the package's five minutes, a database that had been away for
    forty seconds was found twenty seconds after it was back."""
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
    assert pool["reconnect_timeout"] <= 5
