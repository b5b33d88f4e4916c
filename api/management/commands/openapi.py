from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from api.openapi.documents import served_document


class Command(BaseCommand):
    help = "Writes the OpenAPI document of a version, as the site serves it. Fails where it would need a warning."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", choices=["v1", "v2"])
        parser.add_argument("--file", type=Path, help="Where to write it; standard output unless given.")

    def handle(self, *args: Any, version: str, file: Path | None, **options: Any) -> None:
        document = served_document(version.removeprefix("v"))
        validate_schema(document.content)  # type: ignore[no-untyped-call]
        if GENERATOR_STATS:
            raise CommandError("There are warnings: what a view says of itself is not enough.")
        text = document.as_yaml()
        if file is None:
            self.stdout.write(text)
        else:
            file.write_text(text, encoding="utf-8")
