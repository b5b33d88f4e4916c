from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operations.seeding.people import DOMAIN, PASSWORD
from operations.seeding.seeding import Plan, Seeded, seed

MOST: Final = 10_000
DEFAULT: Final = Plan()


def amount(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"expected a whole number from 1 to {MOST}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Makes a small city to try the platform in: stores, products and people with a known password. "
        "May be run again: what is there stays as it is, only what is missing is made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--stores", type=amount, default=DEFAULT.stores, metavar="N", help="Stores in all (%(default)s)."
        )
        parser.add_argument(
            "--products",
            type=amount,
            default=DEFAULT.products,
            metavar="N",
            help="Products in all, spread evenly over the stores (%(default)s).",
        )
        parser.add_argument(
            "--couriers", type=amount, default=DEFAULT.couriers, metavar="N", help="Couriers in all (%(default)s)."
        )
        parser.add_argument(
            "--yes-in-production", action="store_true", help="Make accounts with a published password there, too."
        )

    def handle(
        self, *args: Any, stores: int, products: int, couriers: int, yes_in_production: bool, **options: Any
    ) -> None:
        if settings.PRODUCTION and not yes_in_production:
            raise CommandError("These accounts have a published password; --yes-in-production makes them anyway.")
        plan = Plan(stores=stores, products=products, couriers=couriers)
        self.stdout.write(report(seed(plan), plan=plan))


def report(made: Seeded, *, plan: Plan) -> str:
    couriers = "courier1@" if plan.couriers == 1 else f"courier1@ … courier{plan.couriers}@"
    return (
        f"Made {made.stores} stores, {made.products} products, {made.couriers} couriers, {made.users} users.\n"
        f"Sign in as admin@, dispatcher@, store@, {couriers}, customer@ or integrator@{DOMAIN}, password {PASSWORD}."
    )
