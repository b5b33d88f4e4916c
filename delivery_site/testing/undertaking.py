"""Whatever becomes of the tests, nothing of what they started outlives them.

    python -m delivery_site.testing.undertaking

is told on standard input what to end, and ends it when standard input closes, which it also does when whoever holds
it is killed.
"""

import atexit
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import psutil

from delivery_site.testing.sources import PROJECT

PROCESS: Final = "process"
FOLDER: Final = "folder"
LAST_WORK_SECONDS: Final = 60


def entrust_process(pid: int) -> None:
    _tell(f"{PROCESS} {pid}")


def entrust_folder(folder: Path) -> None:
    _tell(f"{FOLDER} {folder}")


def _tell(line: str) -> None:
    stdin = _undertaker().stdin
    assert stdin is not None
    stdin.write(f"{line}\n")
    stdin.flush()


@cache
def _undertaker() -> "subprocess.Popen[str]":
    """One for all that this process starts, in a session of its own: Ctrl-C is not meant for it."""
    undertaker = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, text=True, cwd=PROJECT, start_new_session=True
    )
    atexit.register(undertaker.communicate, timeout=LAST_WORK_SECONDS)
    return undertaker


def main() -> None:
    processes, folders = [], []
    for line in sys.stdin:
        kind, _, name = line.strip().partition(" ")
        if kind == FOLDER:
            folders.append(name)
            continue
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(int(name)))
    for member in [member for process in processes for member in family_of(process)]:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def family_of(process: psutil.Process) -> Iterator[psutil.Process]:
    """psutil knows a process by its start too, so another one that has got its number is safe."""
    yield process
    with suppress(psutil.NoSuchProcess):
        yield from process.children(recursive=True)


if __name__ == "__main__":
    main()
