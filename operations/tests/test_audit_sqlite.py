import json
from pathlib import Path

from operations.tests.breakages import BREAKAGES
from operations.tests.processes import run_python


def test_same_is_found_on_sqlite(tmp_path: Path) -> None:
    output = run_python("from operations.tests.audit_on_sqlite import main; main()", folder=tmp_path)
    report = json.loads(output.splitlines()[-1])
    assert report == {"broken": [], "found": {breakage.name: True for breakage in BREAKAGES}, "writable": True}
