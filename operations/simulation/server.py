"""The site as a child process: started for a run, kept alive through it, stopped with it."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

READY_WITHIN_SECONDS = 60.0
STOPS_WITHIN_SECONDS = 10.0
RESTARTS = 20


class ServerFailed(Exception):
    """The site did not come up, or did not stay up."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class Management:
    """Runs management commands of this project in child processes, all with the same settings."""

    manage_py: Path
    environment: Mapping[str, str]

    async def run(self, *arguments: str) -> Finished:
        """To the end, with its output kept; killed when nobody waits for it any more."""
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **_OWN_GROUP,
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        return Finished(process.returncode or 0, output.decode(errors="replace").strip())

    def start(self, *arguments: str, output: Path) -> subprocess.Popen[bytes]:
        """In a group of its own: Ctrl-C reaches the demo alone, which then stops its child in order.

        Its input is a pipe that stays open for as long as this process lives.
        """
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("ab") as log:
            return subprocess.Popen(
                self._command(*arguments),
                env=dict(self.environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_OWN_GROUP,
            )

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.manage_py), *arguments]


_OWN_GROUP: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if os.name == "nt"
    else {"start_new_session": True}
)


@dataclass(slots=True)
class Server:
    """`manage.py serve` on one port of this machine."""

    management: Management
    port: int
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def refuse_busy_port(self) -> None:
        """Raises ServerFailed when somebody else listens there already."""
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise ServerFailed(f"port {self.port} is in use; choose another with --port")

    async def start(self) -> None:
        """Returns when the site is ready. Raises ServerFailed."""
        self._process = self.management.start(
            "serve", "--port", str(self.port), "--until-stdin-closes", output=self.log
        )
        await self._until_ready(self._process)

    async def stay_up(self, *, tell: Callable[[str], None]) -> None:
        """Start the site again whenever it dies under us; the people wait meanwhile."""
        for _ in range(RESTARTS):
            code = await self._death()
            if self._stopping:
                return
            tell(f"the site stopped (exit code {code}); starting it again")
            with contextlib.suppress(ServerFailed):  # it died once more, which the next round finds
                await self.start()
                tell("the site is back")
        raise ServerFailed(f"the site stopped {RESTARTS} times; its log is {self.log}")

    async def stop(self) -> None:
        """Ask it to stop, insist after a while."""
        self._stopping = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(_STOP)
        try:
            await asyncio.to_thread(process.wait, STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)

    async def _death(self) -> int:
        process = self._process
        assert process is not None, "stay_up comes after start"
        while (code := process.poll()) is None:
            await asyncio.sleep(0.3)
        return code

    async def _until_ready(self, process: subprocess.Popen[bytes]) -> None:
        given_up_at = time.monotonic() + READY_WITHIN_SECONDS
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0) as http:
            while not await is_ready(http):
                if (code := process.poll()) is not None:
                    raise ServerFailed(f"the site did not start (exit code {code}):\n{self.last_lines()}")
                if time.monotonic() > given_up_at:
                    raise ServerFailed(f"the site was not ready in {READY_WITHIN_SECONDS:.0f} s:\n{self.last_lines()}")
                await asyncio.sleep(0.2)

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for a person who wonders why."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


_STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Whether the site says that it can serve."""
    try:
        return (await http.get("/health/ready")).is_success
    except httpx.TransportError:
        return False
