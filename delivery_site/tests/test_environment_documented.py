"""docs/settings.md and .env.example name what the settings read, no more and no less."""

import re
from typing import Final

from delivery_site.testing.sources import modules, name_of, text_of

# Says where .env lies, so it cannot stand in it.
OUTSIDE_ENV_FILE: Final = {"ENV_FILE"}
# Learns which documented settings were given, to choose better defaults for the others.
MAY_ASK_WHAT_IS_SET: Final = {"operations/serving/address.py"}


def read_by_settings() -> set[str]:
    """The first argument of every `env.str(…)`, `env.int(…)` and so on."""
    calls = re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', text_of("delivery_site/settings.py"))
    assert len(calls) > 20
    return set(calls)


def test_settings_page_explains_exactly_what_the_settings_read() -> None:
    explained = re.findall(r"^\| `([A-Z_]+)` \|", text_of("docs/settings.md"), flags=re.MULTILINE)
    assert sorted(explained) == sorted(read_by_settings())


def test_env_example_offers_exactly_what_the_settings_read() -> None:
    offered = re.findall(r"^#?([A-Z_]+)=", text_of(".env.example"), flags=re.MULTILINE)
    assert sorted(offered) == sorted(read_by_settings() - OUTSIDE_ENV_FILE)


def test_env_example_changes_nothing_until_it_is_edited() -> None:
    assert [line for line in text_of(".env.example").splitlines() if line and not line.startswith("#")] == []


def test_only_the_settings_read_the_environment() -> None:
    """So that a variable cannot work without being on the page."""
    read = re.compile(r"os\.(environ\b(?!\.setdefault)|getenv)")
    readers = {name_of(path) for path in modules() if read.search(text_of(name_of(path)))}
    assert readers == MAY_ASK_WHAT_IS_SET
