"""The project's own files, for tests that keep rules and documents true."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]


def rows() -> list[set[str]]:
    """The apps from the top row to the bottom one, as import-linter holds them apart."""
    (contract,) = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    return [{name.strip(" ()") for name in row.split("|")} for row in contract["layers"]]


def modules() -> Iterator[Path]:
    """Every module of the product itself: no tests, no migrations."""
    for app in sorted(set().union(*rows())):
        for path in (PROJECT / app).rglob("*.py"):
            if not {"tests", "testing", "migrations"} & set(path.relative_to(PROJECT).parts):
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")
