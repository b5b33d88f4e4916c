"""Reads the sources: whatever is raised as an error of the API is in the public catalogue."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.conf import settings

from api import problems
from api.errors import CataloguedError, catalogue

PROJECT = Path(settings.BASE_DIR)


def our_apps() -> list[Path]:
    paths = [Path(config.path) for config in apps.get_app_configs()]
    return sorted(path for path in paths if path.parent == PROJECT)


def sources() -> Iterator[Path]:
    for app in our_apps():
        for path in sorted(app.rglob("*.py")):
            if not {"tests", "migrations", "testing"} & set(path.relative_to(PROJECT).parts):
                yield path


def module_of(path: Path) -> ModuleType:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return importlib.import_module(".".join(parts).removesuffix(".__init__"))


def raised_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield ast.unparse(raised)


def resolved(module: ModuleType, name: str) -> object:
    value: object = module
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def raised_errors() -> Iterator[tuple[Path, type[CataloguedError]]]:
    for path in sources():
        tree = ast.parse(path.read_text())
        names = set(raised_names(tree))
        if names:
            module = module_of(path)
            for name in names:
                error = resolved(module, name)
                if inspect.isclass(error) and issubclass(error, CataloguedError):
                    yield path, error


def in_catalogue(error: type[CataloguedError]) -> bool:
    """Itself, or as a special case without a code of its own."""
    known = catalogue().get(error.code)
    return known is not None and issubclass(error, known)


def error_modules() -> list[str]:
    return [f"{app.name}.errors" for app in our_apps() if (app / "errors.py").exists()]


def test_every_raised_code_is_in_the_catalogue() -> None:
    raised = list(raised_errors())

    assert len(raised) > 20
    assert [(str(path), error) for path, error in raised if not in_catalogue(error)] == []


def test_every_translated_error_is_in_the_catalogue() -> None:
    translated = {*problems._BY_STATUS.values(), *problems._TELLING.values()}

    assert translated <= set(catalogue().values())


def test_no_error_is_declared_where_nobody_looks() -> None:
    """Errors live in the `errors` module of their app, so that the whole catalogue is known once apps are loaded."""
    homes = {error.__module__ for error in catalogue().values()}

    assert homes <= set(error_modules())


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_error_explains_itself(code: str) -> None:
    error = catalogue()[code]

    assert code == code.lower().replace("-", "_")
    assert 400 <= error.status < 600
    assert error.title[0].isupper()
    assert not error.title.endswith(".")
    assert all(text[0].isupper() and text.endswith(".") for text in (error.cause, error.remedy))
    assert isinstance(error.retryable, bool)
