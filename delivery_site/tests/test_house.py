"""The rules of the house that neither ruff nor import-linter knows (CONTRIBUTING.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps
from django.db.models import Model

from delivery_site.testing.sources import PROJECT, modules, name_of, rows, text_of

LONGEST_MODULE_LINES: Final = 300
LONGEST_FUNCTION_LINES: Final = 40

# What may be longer than the rule, each with its reason.
LONGER_MODULES: Final = {
    "delivery_site/settings.py": "one list that is read from top to bottom",
}
LONGER_FUNCTIONS: Final[dict[str, str]] = {}

ROW_OF: Final = {app: row for row, names in enumerate(rows()) for app in names}


def own_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ROW_OF]


def foreign_keys_out_of_place() -> list[str]:
    return [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not goes_downwards(model, field.related_model)
    ]


def goes_downwards(model: type[Model], target: object) -> bool:
    """Siblings of one row do not know each other; apps that are not ours (content types) lie below all rows."""
    assert isinstance(target, type)
    assert issubclass(target, Model)
    own, other = model._meta.app_label, target._meta.app_label
    return own == other or ROW_OF.get(other, len(ROW_OF)) > ROW_OF[own]


def functions() -> Iterator[tuple[str, int]]:
    for path in modules():
        for node in ast.walk(ast.parse(text_of(name_of(path)))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def modules_that_mention(text: str) -> set[str]:
    return {name_of(path) for path in modules() if text in text_of(name_of(path))}


def test_every_app_has_its_row() -> None:
    ours = {path.parent.name for path in PROJECT.glob("*/apps.py")}
    assert ours - set(ROW_OF) == set()


def test_foreign_keys_go_downwards_only() -> None:
    assert len(own_models()) > 0
    assert foreign_keys_out_of_place() == []


def test_modules_are_short_or_have_a_reason() -> None:
    lengths = {name_of(path): len(text_of(name_of(path)).splitlines()) for path in modules()}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE_LINES}
    assert set(too_long) - set(LONGER_MODULES) == set()


def test_functions_are_short_or_have_a_reason() -> None:
    too_long = {name: lines for name, lines in functions() if lines > LONGEST_FUNCTION_LINES}
    assert set(too_long) - set(LONGER_FUNCTIONS) == set()


def test_every_module_is_named_for_its_subject() -> None:
    assert [name_of(path) for path in modules() if path.stem in {"utils", "helpers", "misc", "common"}] == []


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        pytest.param(".select_for_update(", {"locks.py"}, id="rows are locked in the locks modules"),
        pytest.param(".delay(", set(), id="tasks are woken on commit, never called for"),
    ],
)
def test_some_calls_have_one_room(text: str, rooms: set[str]) -> None:
    assert {name for name in modules_that_mention(text) if Path(name).name not in rooms} == set()
