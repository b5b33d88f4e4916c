"""docs/settings.md and .env.example name what the settings read, no more and no less."""

import re
from typing import Final

from delivery_site.testing.sources import modules, name_of, text_of

# Says where .env lies, so it cannot stand in it.
OUTSIDE_ENV_FILE: Final = {"ENV_FILE"}


def read_by_settings() -> set[str]:
    """The first argument of every `env.str(…)`, `env.int(…)` and so on."""
    calls = re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', text_of("delivery_site/settings.py"))
    assert len(calls) > 20
    return set(calls)


def test_settings_page_explains_exactly_what_the_settings_read() -> None:
    explained = re.findall(r"^\| `([A-Z_]+)` \|", text_of("docs/settings.md"), flags=re.MULTILINE)
    assert sorted(explained) == sorted(read_by_settings())


def test_env_example_offers_exactly_what_the_settings_and_compose_read() -> None:
    offered = re.findall(r"^#?([A-Z_]+)=", text_of(".env.example"), flags=re.MULTILINE)
    read_by_compose = set(re.findall(r"\$\{([A-Z_]+)", text_of("docker-compose.yml")))
    assert sorted(offered) == sorted((read_by_settings() | read_by_compose) - OUTSIDE_ENV_FILE)


def test_compose_knows_no_default_secret() -> None:
    secrets = re.findall(r"\$\{(\w*(?:SECRET|KEY|PASSWORD|AUTH)\w*)(..)", text_of("docker-compose.yml"))
    assert {name for name, _ in secrets} == {
        "POSTGRES_PASSWORD",
        "SECRET_KEY",
        "JWT_SIGNING_KEY",
        "SIMULATED_PROVIDER_SECRET",
        "FLOWER_BASIC_AUTH",
    }
    assert {operator for _, operator in secrets} == {":?"}


def test_env_example_changes_nothing_until_it_is_edited() -> None:
    assert [line for line in text_of(".env.example").splitlines() if line and not line.startswith("#")] == []


def test_only_the_settings_read_variables_by_name() -> None:
    """So that a variable cannot work without being on the page."""
    by_name = re.compile(r"""os\.(getenv\(|environ(\.get\(|\[))\s*["']""")
    assert {name_of(path) for path in modules() if by_name.search(text_of(name_of(path)))} == set()
