"""`manage.py webhook_receiver` and `webhook_exam` as somebody runs them."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from events.webhooks.receiving.inbox import Inbox
from events.webhooks.receiving.server import Receiver
from events.webhooks.signing import new_secret, sign
from operations.tests.processes import PATIENCE_SECONDS, Heard, environment, heard, serving

MANAGE: Final = Path(settings.BASE_DIR) / "manage.py"
BODY: Final = json.dumps(
    {"type": "order.paid", "sequence": 4, "subject": {"type": "order", "id": "s", "version": 2}}
).encode()

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers no signals to a child process")


@dataclass(frozen=True)
class Running:
    heard: Heard
    as_json: bool

    @property
    def url(self) -> str:
        """From `Listening at <url>, …`."""
        told = self.heard.errors if self.as_json else self.heard.output
        return told.first_line().split()[2].rstrip(",")


@contextmanager
def receiver(folder: Path, *arguments: str) -> Iterator[Running]:
    with heard(["webhook_receiver", "--port", "0", *arguments], folder=folder) as process:
        yield Running(process, as_json="--json" in arguments)


def send(url: str, *, secret: str) -> int:
    now = int(time.time())
    signature = sign(BODY, message_id="a", timestamp=now, secrets=[secret])
    headers = {"webhook-id": "a", "webhook-timestamp": str(now), "webhook-signature": signature}
    return httpx.post(url, content=BODY, headers=headers).status_code


@needs_signals
def test_receiver_prints_what_arrives_for_programs(tmp_path: Path) -> None:
    secret = new_secret()
    with receiver(tmp_path, "--json", "--secret", secret, "--fail-first", "1") as running:
        statuses = [send(running.url, secret=secret) for _ in range(3)]
        statuses.append(send(running.url, secret=new_secret()))
        code = running.heard.stop(signal.SIGTERM)
    assert (code, statuses) == (0, [503, 204, 204, 401])
    *lines, last = (json.loads(line) for line in running.heard.output.lines)
    verdicts: list[Any] = [line["arrival"]["verdict"] for line in lines]
    assert verdicts == ["turned away", "new", "duplicate", "refused"]
    assert last["summary"] == {
        "received": 4,
        "verified": 2,
        "duplicates": 1,
        "out_of_order": 0,
        "refused": 1,
        "turned_away": 1,
    }


@needs_signals
def test_receiver_prints_what_arrives_for_people(tmp_path: Path) -> None:
    with receiver(tmp_path) as running:
        url = running.url
        secret = running.heard.output.first_line().split()[-1]
        assert send(url, secret=secret) == 204
        assert running.heard.stop(signal.SIGINT) == 0
    text = "".join(running.heard.output.lines)
    assert " new           order.paid                order s version 2  sequence 4  id a\n" in text
    assert "requests of all kinds" in text


@needs_signals
def test_receiver_makes_its_own_endpoint_at_a_site_and_retires_it(tmp_path: Path) -> None:
    variables = {"WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true"}
    for preparation in (["migrate", "--verbosity=0"], ["seed", "--stores=1", "--products=1", "--couriers=1"]):
        subprocess.run([sys.executable, str(MANAGE), *preparation], env=environment(tmp_path), check=True)
    with serving(tmp_path, variables=variables) as site, integrator_at(site.url) as http:
        with receiver(tmp_path, "--json", "--register", site.url, "--type", "webhook_endpoint.*") as running:
            assert running.heard.errors.first_line().endswith(f" at {site.url}\n")
            (endpoint,) = http.get("/api/v2/webhook-endpoints").json()["results"]
            assert (endpoint["url"], endpoint["event_types"]) == (running.url, ["webhook_endpoint.*"])
            key = {"Idempotency-Key": "once"}
            pinged = http.post(f"/api/v2/webhook-endpoints/{endpoint['id']}/ping", headers=key).json()
            arrival = json.loads(running.heard.output.first_line())["arrival"]
            assert (arrival["verdict"], arrival["message_id"]) == ("new", pinged["event_id"])
            assert running.heard.stop(signal.SIGTERM) == 0
        assert http.get("/api/v2/webhook-endpoints").json()["results"] == []


@contextmanager
def integrator_at(site_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site_url, timeout=PATIENCE_SECONDS) as http:
        grant = {"grant_type": "password", "username": "integrator@example.com", "password": "demo-password"}
        token = http.post("/api/v2/auth/token", json=grant).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--secret", "whsec_c2hvcnQ="), "a secret is whsec_ and the base64 of at least 24 bytes"),
        (("--host", "192.0.2.1"), "cannot listen on 192.0.2.1:0"),
        (("--register", "http://127.0.0.1:9"), "POST http://127.0.0.1:9/api/v2/auth/token"),
    ],
)
def test_receiver_says_why_it_cannot_begin(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    finished = subprocess.run(
        [sys.executable, str(MANAGE), "webhook_receiver", "--port", "0", *arguments],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert finished.returncode == 1
    assert complaint in finished.stderr
    assert "Traceback" not in finished.stderr


def test_exam_tells_programs_that_our_receiver_passes(capsys: pytest.CaptureFixture[str]) -> None:
    secret = new_secret()
    with Receiver(Inbox(secrets=[secret])) as running:
        seen_url = f"{running.url}seen"
        call_command("webhook_exam", running.url, "--secret", secret, "--quick", "--json", "--seen-url", seen_url)
    output, errors = capsys.readouterr()
    assert errors == ""
    report = json.loads(output)
    assert report["passed"] is True
    assert report["counts"] == {"passed": 20, "failed": 0, "look_yourself": 0, "not_asked": 0}
    assert [question["grade"] for question in report["questions"]] == ["passed"] * 20


def test_exam_tells_people_what_is_wrong_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with Receiver(Inbox(secrets=[new_secret()])) as running, pytest.raises(SystemExit) as ended:
        call_command("webhook_exam", running.url, "--secret", new_secret(), "--quick")
    assert ended.value.code == 1
    output = capsys.readouterr().out
    assert "→ Is this the endpoint's secret, and the right address?" in output
    assert "2 passed, 1 failed, 17 not asked." in output


def test_exam_names_whole_ids_to_look_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    secret = new_secret()
    with Receiver(Inbox(secrets=[secret])) as running:
        call_command("webhook_exam", running.url, "--secret", secret, "--quick")
        output = capsys.readouterr().out
        named = set(re.findall("e8a3e8a3-[0-9a-f-]{27}", output))
        assert len(named) == 5
        assert named <= {*running.inbox.taken(), *running.inbox.versions()}
    assert "15 passed, 5 look yourself." in output


@pytest.mark.parametrize(
    ("url", "more", "complaint"),
    [
        ("ftp://127.0.0.1/", [], "not an http or https address: ftp://127.0.0.1/"),
        ("127.0.0.1:9/hooks", [], "not an http or https address: 127.0.0.1:9/hooks"),
        ("http://127.0.0.1:9/", ["--secret", "whsec_***"], "the secret is not base64"),
        ("http://127.0.0.1:9/", ["--seen-url", "http://127.0.0.1:9/seen"], "http://127.0.0.1:9/seen: "),
    ],
)
def test_exam_says_why_it_cannot_begin(url: str, more: list[str], complaint: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("webhook_exam", url, "--secret", new_secret(), *more)
    assert refused.value.returncode == 2
    assert complaint in str(refused.value)
