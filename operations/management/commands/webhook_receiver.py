"""`manage.py webhook_receiver`: shows the webhooks that arrive. See docs/webhooks-receiving.md."""

import contextlib
import queue
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from events.webhooks.receiving.inbox import Arrival, Inbox
from events.webhooks.receiving.registration import Account, RegistrationFailed, endpoint_at
from events.webhooks.receiving.server import Receiver
from events.webhooks.receiving.watching import JsonView, LinesView, View, watch
from events.webhooks.signing import InvalidSecret, new_secret

INTERRUPTED = 130


class Command(BaseCommand):
    help = "Receives webhooks, verifies them, and shows what arrives. Ctrl-C ends it, with the counts."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
        parser.add_argument("--port", type=int, default=8800, help="0 takes any free port (%(default)s)")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")
        trust = parser.add_mutually_exclusive_group()
        trust.add_argument("--secret", action="append", metavar="whsec_…", help="believe this one; may be repeated")
        trust.add_argument("--register", metavar="SITE", help="make an endpoint at this site, and retire it at the end")
        parser.add_argument("--email", default="integrator@example.com", help="account for --register (%(default)s)")
        parser.add_argument("--password", default="demo-password", help="its password (the demo's)")
        parser.add_argument("--url", help="under which the site reaches this receiver (where it listens)")
        parser.add_argument("--type", action="append", default=[], help="register for this event type only; repeatable")
        parser.add_argument("--fail-first", type=int, default=0, metavar="N", help="answer 503 to the first N events")
        parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="keep each answer back so long")

    def handle(self, *args: Any, **options: Any) -> None:
        _take_signals(signal.default_int_handler)
        arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        view = JsonView(self._say) if options["json"] else LinesView(Console())
        try:
            inbox = Inbox(secrets=options["secret"] or [], fail_first=options["fail_first"])
            with _listen(inbox, arrivals, options) as receiver, self._trusted(receiver, options):
                _watch_until_signalled(inbox, arrivals, view)
        except (InvalidSecret, RegistrationFailed) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    @contextlib.contextmanager
    def _trusted(self, receiver: Receiver, options: dict[str, Any]) -> Iterator[None]:
        """Somebody's secret, that of an endpoint of its own, or a new one for somebody to sign with."""
        url = options["url"] or receiver.url
        if options["secret"]:
            self._tell(f"Listening at {receiver.url}", options)
            yield
        elif options["register"]:
            account = Account(options["email"], options["password"])
            with endpoint_at(options["register"], account=account, url=url, event_types=options["type"]) as endpoint:
                receiver.inbox.trust(endpoint.secret)
                self._tell(f"Listening at {receiver.url}, endpoint {endpoint.id} at {options['register']}", options)
                yield
        else:
            secret = new_secret()
            receiver.inbox.trust(secret)
            self._tell(f"Listening at {receiver.url}, for what is signed with {secret}", options)
            yield

    def _tell(self, text: str, options: dict[str, Any]) -> None:
        """Beside the JSON lines, which a program reads."""
        out = self.stderr if options["json"] else self.stdout
        out.write(text, lambda plain: plain)
        out.flush()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _listen(inbox: Inbox, arrivals: "queue.SimpleQueue[Arrival]", options: dict[str, Any]) -> Receiver:
    host, port = options["host"], options["port"]
    try:
        return Receiver(inbox, host=host, port=port, slow_seconds=options["slow"], on_arrival=arrivals.put)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}") from error


def _watch_until_signalled(inbox: Inbox, arrivals: "queue.SimpleQueue[Arrival]", view: View) -> None:
    """An exception by the signal would lose what is just being shown. While the endpoint is retired it is one again."""
    stopped = threading.Event()
    _take_signals(lambda _number, _frame: stopped.set())
    watch(inbox, arrivals, view=view, stopped=stopped)
    _take_signals(signal.default_int_handler)


def _take_signals(handler: Callable[[int, FrameType | None], Any]) -> None:
    """A stop from outside ends it as Ctrl-C does: with the counts, and the endpoint retired."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)
