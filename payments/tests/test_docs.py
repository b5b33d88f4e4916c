"""docs/payments.md says what the code does."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from api.errors import catalogue
from api.identifiers import uuid7
from payments.providers.signatures import verify_signature
from payments.providers.simulated import SimulatedToken
from payments.providers.simulated_callbacks import PATH, REFUSED, UNREACHABLE
from payments.services.settling import Outcome
from payments.services.submitting import CHARGES, REFUNDS

PAGE = Path(settings.BASE_DIR, "docs", "payments.md").read_text()


def first_column(heading: str) -> list[str]:
    """The codes in the first column of the table with this heading."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| (`.+?`) \|", table, flags=re.MULTILINE)


def test_the_page_names_every_token_and_outcome() -> None:
    assert first_column("token") == [f"`{token}`" for token in SimulatedToken]
    assert first_column("outcome") == [f"`{outcome}`" for outcome in Outcome]


def test_the_refusals_on_the_page_are_in_the_catalogue_with_their_status() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([0-9]{3}) \|", PAGE, flags=re.MULTILINE)
    stated = {(code, int(status)) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}

    assert len(stated) == 6
    assert stated == {(code, catalogue()[code].status) for code, _ in stated}


def test_the_page_tells_how_often_is_tried() -> None:
    attempts = [int(number) for number in re.findall(r"after ([0-9]+) attempts", PAGE)]

    assert attempts == [CHARGES.attempts, REFUNDS.attempts, UNREACHABLE.attempts, REFUSED.attempts]


@pytest.mark.skipif(os.name == "nt", reason="the example is for a POSIX shell")
def test_the_example_signs_as_the_webhook_checks() -> None:
    example = re.search(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)
    assert example is not None
    script, call = example.group(1).split("curl -i ", 1)
    assert PATH in call
    printing = script + 'printf "t=%s,v1=%s\\n%s" "$T" "$V1" "$BODY"'
    environment = {**os.environ, "PAYMENT_ID": str(uuid7()), "SIMULATED_PROVIDER_SECRET": "a secret"}
    printed = subprocess.run(
        ["/usr/bin/env", "bash", "-c", printing],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout

    header, body = printed.split("\n", 1)
    stamp = int(re.findall(r"t=([0-9]+)", header)[0])
    verify_signature(header, body.encode(), secret="a secret", now=stamp)
