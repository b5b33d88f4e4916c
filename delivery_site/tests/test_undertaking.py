"""A killed test run leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import psutil

from delivery_site.testing.parts import is_alive
from delivery_site.testing.sources import PROJECT
from delivery_site.testing.waiting import until

RUN = """
import subprocess, sys
from pathlib import Path
from delivery_site.testing.undertaking import entrust_folder, entrust_process

sleeper = "import threading; print('up', flush=True); threading.Event().wait()"
parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
child = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True, text=True)
child.stdout.readline()
entrust_process(child.pid)
entrust_folder(Path(sys.argv[1]))
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_killed_run_leaves_neither_processes_nor_folders(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        child = psutil.Process(int(run.stdout.readline()))
        family = [child, *child.children()]
        assert len(family) == 2

        run.kill()

        until(lambda: not any(is_alive(member) for member in family))
        until(lambda: not folder.exists())
