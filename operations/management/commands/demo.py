"""`manage.py demo`: a living delivery platform in one command. See docs/demo.md."""

import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from operations.simulation.city import City, CityMalformed, read_city
from operations.simulation.hearing import Ear
from operations.simulation.performance import MISUSED, perform
from operations.simulation.run import Options
from operations.simulation.server import Management, Server

HOME_CITY = Path(__file__).parents[2] / "cities" / "mitte"
DEFAULT_SPEED = 60.0
DEFAULT_PORT = 8000
DEFAULT_RECEIVER_PORT = 8800

EXPIRY_MINUTES = 15.0
HANDOVER_MINUTES = 4.0
LATE_MINUTES = 2.0
OFFER_MINUTES = 2.0
COURIER_NOT_FOUND_MINUTES = 10.0
CONFIRMATION_OVERDUE_MINUTES = 10.0
MONEY_OVERDUE_MINUTES = 2.0
SHORTEST_EXPIRY_SECONDS = 10.0
"""The payment provider's way to us and back does not get shorter with the clock."""

SHORTEST_OFFER_SECONDS = 15.0
"""Simulated couriers look at what they are offered every few seconds, whatever the speed of the day."""

OFFER_AGAIN_SECONDS = 5
"""Who was under way when they were asked is asked again when they may be back."""

MATCHING_SECONDS = 1.0

SHORTEST_LATE_SECONDS = 6.0
"""Late has to mean after the sweep that expires orders, which keeps its own pace too."""


class Command(BaseCommand):
    """Starts the site with simulated people in it, or brings them to a running one."""

    help = "Runs the platform with simulated customers, stores and couriers, and shows them live."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=_count, metavar="N", help="stop ordering when N have been delivered")
        parser.add_argument("--exit", action="store_true", help="then print a summary and end; 0 if all adds up")
        parser.add_argument(
            "--speed", type=_speed, default=DEFAULT_SPEED, help="how many times as fast as life (default 60)"
        )
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="where the site listens (default 8000)")
        parser.add_argument("--against", metavar="URL", help="drive the running, seeded site at URL; start none")
        parser.add_argument(
            "--receiver", metavar="URL", help="with --against: listen to webhooks, the site reaching us at this URL"
        )
        parser.add_argument("--city", type=Path, metavar="FOLDER", help="replay the recorded day in FOLDER")
        parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the site keeps its data (default var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        run = _run_options(options)
        server = None if options["against"] else _server(options["port"], data=options["data"], speed=run.speed)
        site_url = server.url if server else options["against"].rstrip("/")
        code = perform(run, console=Console(), server=server, site_url=site_url)
        if code:
            sys.exit(code)


def _run_options(options: dict[str, Any]) -> Options:
    replays = options["city"] is not None
    city = _city(options["city"] or HOME_CITY)
    wishes = options["orders"]
    if replays and wishes is not None and wishes > len(city.orders):
        raise CommandError(f"{city.name} has only {len(city.orders)} orders", returncode=MISUSED)
    if options["exit"] and wishes is None and not replays:
        raise CommandError("--exit needs --orders N, or a --city whose day ends", returncode=MISUSED)
    if options["against"] and options["data"]:
        raise CommandError("--data is for a site of one's own; --against has its own data", returncode=MISUSED)
    if options["receiver"] and not options["against"]:
        raise CommandError("--receiver is for --against; a site of one's own is listened to anyway", returncode=MISUSED)
    return Options(
        city=city,
        replays=replays,
        speed=options["speed"],
        wishes=wishes,
        leaves=options["exit"],
        ear=_ear(options["receiver"]) if options["against"] else Ear(),
    )


def _city(folder: Path) -> City:
    try:
        return read_city(folder)
    except CityMalformed as malformed:
        raise CommandError(f"{malformed}", returncode=MISUSED) from malformed


def _ear(url: str | None) -> Ear | None:
    """Whoever reaches us from elsewhere comes to any of our addresses; through a tunnel, to the usual port."""
    if url is None:
        return None
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise CommandError(f"not an http or https address: {url}", returncode=MISUSED)
    host = "127.0.0.1" if parts.host in {"127.0.0.1", "localhost"} else "0.0.0.0"  # noqa: S104 - asked for
    return Ear(host=host, port=parts.port or DEFAULT_RECEIVER_PORT, url=url)


def _server(port: int, *, data: Path | None, speed: float) -> Server:
    url = f"http://127.0.0.1:{port}"
    folder = (data or settings.VAR_DIR).resolve()
    environment = {
        **os.environ,
        "VAR_DIR": str(folder),
        "PUBLIC_URL": url,
        "INTERNAL_URL": url,
        "ORDER_EXPIRY_SECONDS": str(max(SHORTEST_EXPIRY_SECONDS, EXPIRY_MINUTES * 60 / speed)),
        "HANDOVER_SECONDS": str(HANDOVER_MINUTES * 60 / speed),
        "SIMULATED_LATE_SECONDS": str(max(SHORTEST_LATE_SECONDS, LATE_MINUTES * 60 / speed)),
        "COURIER_NOT_FOUND_SECONDS": str(max(SHORTEST_EXPIRY_SECONDS, COURIER_NOT_FOUND_MINUTES * 60 / speed)),
        "OFFER_SECONDS": str(round(max(SHORTEST_OFFER_SECONDS, OFFER_MINUTES * 60 / speed))),
        "OFFER_AGAIN_SECONDS": str(OFFER_AGAIN_SECONDS),
        "MATCHING_SECONDS": str(MATCHING_SECONDS),
        "CONFIRMATION_OVERDUE_SECONDS": str(max(SHORTEST_EXPIRY_SECONDS, CONFIRMATION_OVERDUE_MINUTES * 60 / speed)),
        "MONEY_OVERDUE_SECONDS": str(max(SHORTEST_EXPIRY_SECONDS, MONEY_OVERDUE_MINUTES * 60 / speed)),
        "RATELIMIT_ENABLE": "false",
        "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true",
        # Simulated people have no mailbox, whatever mail server the environment knows.
        "EMAIL_URL": "file:",
        "SMS_PROVIDER": "notifications.channels.sms.RecordingProvider",
        "PYTHONUNBUFFERED": "1",
    }
    management = Management(Path(settings.BASE_DIR) / "manage.py", environment)
    return Server(management, port=port, log=folder / "logs" / "demo-site.log")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("a whole number above zero")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 1000:
        raise ArgumentTypeError("a number from 0.1 to 1000")
    return speed
