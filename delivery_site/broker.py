"""Redis as Celery's broker, when it or the workers are away for a while.

When Redis is away, the worker waits for it and goes on.

kombu 5.7 closes the lost connection's channel and then still uses it: to give back what is not acknowledged, and to
acknowledge what is finished only now. Both fail with an AttributeError, which ends the worker. A message is no more
than a wake-up call, and one that was not acknowledged is delivered again after the visibility timeout.

When the workers are away, a queue keeps its newest messages only: beat goes on sending, for days if need be.
"""

from typing import Any, Final

from kombu.transport import redis

LONGEST_QUEUE: Final = 1000


class Channel(redis.Channel):
    do_restore = False

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        """New ones come in on the left."""
        super()._put(queue, message, **kwargs)
        with self.conn_or_acquire() as client:
            client.ltrim(queue, 0, LONGEST_QUEUE - 1)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue=requeue)


class Transport(redis.Transport):
    Channel = Channel
