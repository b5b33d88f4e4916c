import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from kombu import Connection
from kombu.simple import SimpleQueue

from delivery_site.testing.parts import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.end()


def connected_to(broker: Broker) -> Connection:
    return Connection(broker.url, transport=settings.CELERY_BROKER_TRANSPORT)


def test_what_is_finished_after_the_connection_was_lost_is_let_be(broker: Broker) -> None:
    """kombu's own channel fails here with an AttributeError, which is what ended the worker."""
    connection = connected_to(broker)
    queue: SimpleQueue = connection.SimpleQueue("work")
    queue.put("wake up")
    message = queue.get(timeout=5)
    broker.kill(random.Random(1))
    connection.collect()
    connection.close()

    message.ack()

    assert message.acknowledged


def test_queue_nobody_takes_from_keeps_its_newest_messages(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery_site.broker.LONGEST_QUEUE", 3)
    with connected_to(broker) as connection:
        queue: SimpleQueue = connection.SimpleQueue("work")
        for number in range(10):
            queue.put(number)
        kept = [queue.get(timeout=5).payload for _ in range(len(queue))]
        queue.close()

    assert kept == [7, 8, 9]
