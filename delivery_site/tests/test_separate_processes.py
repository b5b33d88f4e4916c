"""Web servers, worker and beat as processes of their own, as docs/running.md starts them."""

import json
import signal
import sys

import pytest

from delivery_site.testing.installation import (
    COMPANION_COMMANDS,
    GUNICORN,
    UVICORN,
    WEB_COMMANDS,
    in_several_processes,
)
from delivery_site.testing.parts import Program
from delivery_site.testing.reckoning import pending_of, report_of
from delivery_site.testing.servers import free_port
from delivery_site.testing.sources import text_of
from delivery_site.testing.waiting import until

WARM_SHUTDOWN_SECONDS = 30.0
# uvicorn raises the signal that it was stopped by once more when it is done.
STOPPED = (0, -signal.SIGTERM)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no Valkey on Windows, and nobody to signal")


def complaints(program: Program) -> list[str]:
    """What it said of warning or worse; lines that are no JSON come from Celery's bare beginning and end.

    A wake-up that a stopping worker hands back is nothing to complain of: the sweep finds the work.
    """
    lines = program.log.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    messages = [record["message"] for record in records if record["level"] not in ("DEBUG", "INFO")]
    return [message for message in messages if not message.startswith("Requeuing undeliverable message")]


def test_running_page_starts_them_as_these_tests_do() -> None:
    page = text_of("docs/running.md").splitlines()
    commands = [
        " ".join(command).format(port=8000) for command in (*WEB_COMMANDS.values(), *COMPANION_COMMANDS.values())
    ]
    assert [command for command in commands if command not in page] == []


def test_separate_processes_carry_the_demo_and_stop_when_they_are_told() -> None:
    with in_several_processes(GUNICORN, UVICORN) as site:
        for url in site.urls:
            receiver = f"--receiver=http://127.0.0.1:{free_port()}/"
            demo = site.manage("demo", f"--against={url}", receiver, "--orders=2", "--speed=300", "--exit")
            assert demo.returncode == 0, demo.stdout + demo.stderr + site.last_words()
            assert "arrived and verified" in demo.stdout

        until(lambda: not pending_of(report_of(site)))
        assert report_of(site)["clean"]
        for program in site.programs:
            assert program.stop(signal.SIGTERM, within_seconds=WARM_SHUTDOWN_SECONDS) in STOPPED
            assert complaints(program) == []
