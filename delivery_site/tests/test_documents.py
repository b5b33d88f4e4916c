"""What the documents promise exists."""

import re
import shlex
from collections.abc import Iterator

from delivery_site.testing.sources import PROJECT, name_of, text_of

FIRST_SCREEN_LINES = 50
COMMANDS = (
    "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python manage.py demo",
    "python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt && .venv/bin/pytest",
)


def links() -> Iterator[tuple[str, str]]:
    for document in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text_of(name_of(document))):
            yield name_of(document), target


def test_links_between_documents_lead_somewhere() -> None:
    assert [(name, target) for name, target in links() if not (PROJECT / name).parent.joinpath(target).exists()] == []


def test_first_screen_of_the_readme_holds_the_two_commands() -> None:
    first_screen = text_of("README.md").splitlines()[:FIRST_SCREEN_LINES]
    assert [command for command in COMMANDS if command not in first_screen] == []


def test_make_install_is_the_readme_s_own_command() -> None:
    """The shorthand must not drift from what is documented."""
    (recipe,) = re.findall(r"^install: ; (.+)$", text_of("Makefile"), flags=re.MULTILINE)
    written_out = recipe.replace("$(PYTHON)", "python3").replace("$(BIN)", ".venv/bin")
    assert shlex.split(COMMANDS[1])[: len(shlex.split(written_out))] == shlex.split(written_out)


def test_requirements_cite_what_exists() -> None:
    cited = re.findall(r"`([^`]+)`", text_of("docs/requirements.md"))
    assert [path for path in cited if not (PROJECT / path).exists()] == []


def test_every_requirement_has_one_line() -> None:
    ids = re.findall(r"^\| ([A-J][0-9]) \|", text_of("docs/requirements.md"), flags=re.MULTILINE)
    sizes = {"A": 8, "B": 9, "C": 4, "D": 5, "E": 6, "F": 6, "G": 5, "H": 6, "I": 6, "J": 6}
    assert ids == [f"{letter}{number}" for letter, size in sizes.items() for number in range(1, size + 1)]
