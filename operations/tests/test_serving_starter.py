import subprocess
import sys

SITE = """
import signal, time
from operations.serving.starter import stop_with_starter

stopped = []
signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
stop_with_starter()
print("up", flush=True)
deadline = time.monotonic() + 30
while not stopped and time.monotonic() < deadline:
    signal.sigtimedwait([], 0.01) if hasattr(signal, "sigtimedwait") else time.sleep(0.01)
print("stopped" if stopped else "still there", flush=True)
"""


def test_a_site_gets_its_signal_to_stop_when_its_starter_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SITE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as site:
        assert site.stdin is not None
        assert site.stdout is not None
        assert site.stdout.readline() == "up\n"
        assert site.poll() is None

        site.stdin.close()

        assert site.stdout.read() == "stopped\n"
        assert site.wait() == 0
