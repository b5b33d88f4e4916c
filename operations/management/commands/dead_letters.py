from argparse import ArgumentParser
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from events.models import DeliveryState, EventDelivery
from events.services.redriving import redrive

SHOWN: Final = 100


class Command(BaseCommand):
    help = "Lists dead letters (deliveries of events that were given up), or sends them again."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|redrive")
        listing = actions.add_parser("list", help=f"Show the oldest {SHOWN} and how many there are.")
        listing.add_argument("--destination", help="Only those to this destination.")
        redriving = actions.add_parser("redrive", help="Start all their attempts anew.")
        which = redriving.add_mutually_exclusive_group(required=True)
        which.add_argument("--id", action="append", type=UUID, dest="ids", help="This one; may be given several times.")
        which.add_argument("--destination", help="All to this destination.")
        which.add_argument("--all", action="store_true", help="All there are.")
        for action in (listing, redriving):
            action.add_argument("--reason-contains", default="", metavar="TEXT", help="Only those whose error says so.")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        letters = dead_letters(
            ids=options.get("ids"), destination=options["destination"], reason=options["reason_contains"]
        )
        if action == "list":
            self.show(letters)
        else:
            self.redrive(letters, ids=options["ids"])

    def show(self, letters: QuerySet[EventDelivery]) -> None:
        for letter in letters.select_related("event").order_by("id")[:SHOWN]:
            error = " ".join(letter.last_error.split())
            self.stdout.write(
                f"{letter.id}  {letter.created_at:%Y-%m-%d %H:%M:%S}  {letter.event.type} to {letter.destination},"
                f" {letter.attempts} attempts: {error}"
            )
        self.stdout.write(told(letters.count(), "in all"))

    def redrive(self, letters: QuerySet[EventDelivery], *, ids: list[UUID] | None) -> None:
        """Whoever names letters is told when one of them is none, and nothing is sent then."""
        found = list(letters.values_list("id", flat=True))
        if missing := sorted(set(ids or ()) - set(found)):
            raise CommandError(f"Nothing was sent again: no such dead letter: {', '.join(map(str, missing))}")
        self.stdout.write(told(redrive(found), "to be sent again"))


def dead_letters(*, ids: list[UUID] | None, destination: str | None, reason: str) -> QuerySet[EventDelivery]:
    letters = EventDelivery.objects.filter(state=DeliveryState.DEAD, last_error__icontains=reason)
    if destination is not None:
        letters = letters.filter(destination=destination)
    return letters if ids is None else letters.filter(id__in=ids)


def told(number: int, what: str) -> str:
    return f"{number:,} dead letter{'' if number == 1 else 's'} {what}."
