"""Those who write while others read: batches of several accounts, some of them invalid, and orders."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from benchmarks.feed.reader import authorization

PUBLISHERS: Final = ("integrator@example.com", "integrator@example.com", "dispatcher@example.com", "admin@example.com")
BUYERS: Final = ("customer@example.com", "customer@example.com")


@contextmanager
def at_work(url: str, *, dice: random.Random) -> Iterator[Counter[str]]:
    """Each in a thread of its own, until the block is left; yields what was answered."""
    answers: Counter[str] = Counter()
    stop = threading.Event()
    threads = [
        threading.Thread(target=work, args=(url, email, stop, answers, random.Random(dice.random())))
        for work, emails in ((publish, PUBLISHERS), (buy, BUYERS))
        for email in emails
    ]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def publish(url: str, email: str, stop: threading.Event, answers: Counter[str], dice: random.Random) -> None:
    with httpx.Client(base_url=url, headers=authorization(url, email), timeout=30) as http:
        stores = [store["id"] for store in http.get("/api/v2/stores").json()["results"]]
        while not stop.is_set():
            events = [an_event(dice, stores=stores) for _ in range(dice.randint(1, 10))]
            if dice.random() < 0.1:
                events[-1]["type"] = "order.paid"
            answer = http.post("/api/v2/event-batches", json={"events": events})
            answers[f"batches {answer.status_code}"] += 1


def an_event(dice: random.Random, *, stores: list[str]) -> dict[str, Any]:
    """Of a store, which may be one that the publisher does not act for, or of none."""
    store = {"store_id": dice.choice(stores)} if dice.random() < 0.5 else {}
    subject = {"type": "till", "id": str(uuid.UUID(int=dice.getrandbits(8)))}
    return {"type": "ext.till.counted", "subject": subject, "data": {"number": dice.randint(0, 999)}, **store}


def buy(url: str, email: str, stop: threading.Event, answers: Counter[str], dice: random.Random) -> None:
    with httpx.Client(base_url=url, headers=authorization(url, email), timeout=30) as http:
        products = http.get("/api/v2/products").json()["results"]
        while not stop.is_set():
            body = {
                "items": [{"product_id": dice.choice(products)["id"], "quantity": 1}],
                "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40},
                "contact": {"name": "Ada"},
            }
            answer = http.post("/api/v2/orders", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
            answers[f"orders {answer.status_code}"] += 1
