import json as json_format
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from operations.flow import event_flow, plain_lines


class Command(BaseCommand):
    help = "Shows what waits for each destination of events and for how long, what is dead, and the workers' queues."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        flow = event_flow()
        if json:
            self.stdout.write(json_format.dumps(flow.as_json(), indent=2, cls=DjangoJSONEncoder))
        else:
            self.stdout.write("\n".join(plain_lines(flow)))
