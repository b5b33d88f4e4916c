"""`manage.py audit`: what it prints and how it exits."""

import json
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from catalog.models import Product
from operations.auditing.audit import CHECKS, Report, Result
from operations.auditing.findings import Check, Findings, findings
from operations.auditing.rendering import as_table, plain_lines
from operations.management.commands import audit as command
from orders.tests.factories import make_product

CHECK = Check("sums-add-up", "Every sum adds up.", lambda: Findings(examined=0))


def report_of(**fields: object) -> Report:
    return Report((Result(CHECK, Findings(**{"examined": 1234, **fields})),), seconds=0.25)  # type: ignore[arg-type]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_clean_database_exits_normally(db: None) -> None:
    output = StringIO()
    call_command("audit", stdout=output)
    *lines, verdict = output.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", check.name] for check in CHECKS]
    assert verdict.startswith(f"Clean: all {len(CHECKS)} checks hold")


def test_broken_database_exits_with_status_1_and_names_the_offender(db: None) -> None:
    product = make_product()
    Product.objects.update(stock=99)
    output = StringIO()
    with pytest.raises(SystemExit) as leaving:
        call_command("audit", stdout=output)
    assert leaving.value.code == 1
    lines = output.getvalue().splitlines()
    assert [" ".join(line.split()) for line in lines[:2]] == [
        "broken stock-equals-ledger 1 1 broken: A product's stock is the sum of its ledger.",
        str(product.pk),
    ]
    assert lines[-1].startswith(f"Broken: 1 of {len(CHECKS)} checks do not hold")


def test_json_tells_everything(db: None) -> None:
    product = make_product()
    Product.objects.update(stock=99)
    output = StringIO()
    with pytest.raises(SystemExit) as leaving:
        call_command("audit", "--json", stdout=output)
    assert leaving.value.code == 1
    told = json.loads(output.getvalue())
    assert told["clean"] is False
    assert [check["name"] for check in told["checks"]] == [check.name for check in CHECKS]
    assert told["checks"][0] == {
        "name": "stock-equals-ledger",
        "holds": "A product's stock is the sum of its ledger.",
        "state": "broken",
        "examined": 1,
        "broken": 1,
        "offenders": [str(product.pk)],
        "pending": 0,
        "note": "",
    }


def test_terminal_gets_a_table(db: None) -> None:
    output = Terminal()
    call_command("audit", stdout=output)
    assert "┃ Check" in output.getvalue()


def test_table_shows_what_is_broken_and_what_waits() -> None:
    table = as_table(report_of(broken=2, offenders=("a [b]", "c"), pending=3, note="oldest waits for 4 s"))
    for text in ("sums-add-up", "1,234", "broken", "a [b]", "3 pending, oldest waits for 4 s", "Broken: 1 of 1"):
        assert text in table


def test_lines_tell_how_many_offenders_are_not_shown() -> None:
    many = findings(examined=30, offenders=range(25))
    report = Report((Result(CHECK, many),), seconds=0.25)
    lines = list(plain_lines(report))
    assert lines[0] == "broken   sums-add-up         30  25 broken: Every sum adds up."
    assert [line.strip() for line in lines[1:-1]] == [*(str(number) for number in range(20)), "and 5 more"]
    assert lines[-1] == "Broken: 1 of 1 checks do not hold (0.2 s)."


def test_what_waits_is_no_fault() -> None:
    lines = list(plain_lines(report_of(pending=3)))
    assert lines == ["pending  sums-add-up      1,234  3 pending", "Clean: all 1 checks hold (0.2 s)."]


def test_database_without_its_tables_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "unapplied_migrations", lambda: ["orders.0001_initial"])
    with pytest.raises(CommandError, match=r"lacks 1 migrations: run `manage.py migrate`") as refusal:
        call_command("audit")
    assert refusal.value.returncode == 2


def test_database_that_does_not_answer_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise OperationalError("connection refused")

    monkeypatch.setattr(command, "unapplied_migrations", fail)
    with pytest.raises(CommandError, match="does not answer: connection refused") as refusal:
        call_command("audit")
    assert refusal.value.returncode == 2


def test_every_check_is_documented_in_its_words() -> None:
    documented = [
        tuple(cell.strip(" `") for cell in line.strip("|").split("|")[:2])
        for line in (settings.BASE_DIR / "docs" / "auditing.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert documented == [(check.name, check.holds) for check in CHECKS]


def test_checks_have_names_of_their_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
