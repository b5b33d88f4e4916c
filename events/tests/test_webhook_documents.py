"""The receiver that docs/webhooks-receiving.md tells people to write does what the document says."""

import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from events.webhooks.exam.desk import Terms
from events.webhooks.exam.examining import examine
from events.webhooks.exam.report import Grade
from events.webhooks.signing import new_secret

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "webhooks-receiving.md"


def programs() -> list[str]:
    return re.findall(r"^```python\n(.+?)^```", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_the_documented_receiver_passes_the_exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, serving, eye = programs()
    assert serving == 'ThreadingHTTPServer(("127.0.0.1", 8801), Hooks).serve_forever()\n'
    secret = new_secret()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    names: dict[str, Any] = {}
    exec(receiver + eye, names)  # noqa: S102 - our own document
    with ThreadingHTTPServer(("127.0.0.1", 0), names["Hooks"]) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hooks"
        terms = Terms(limit_seconds=15, repeat_after_seconds=0, seen_within_seconds=0)
        report = examine(url, secret=secret, terms=terms, seen_url=url)
        server.shutdown()
    assert [line for line in report.lines if line.grade is not Grade.PASSED] == []
