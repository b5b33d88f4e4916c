"""Redis as Celery's broker, when Redis is away for a while: the worker waits for it and goes on.

kombu 5.7 closes the lost connection's channel and then still uses it: to give back what is not acknowledged, and to
acknowledge what is finished only now. Both fail with an AttributeError, which ends the worker. A message is no more
than a wake-up call, and one that was not acknowledged is delivered again after the visibility timeout.
"""

from kombu.transport import redis


class Channel(redis.Channel):
    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue=requeue)


class Transport(redis.Transport):
    Channel = Channel
