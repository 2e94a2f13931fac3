"""A PostgreSQL server for the tests, in a folder of its own, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

WANTED = "wants a PostgreSQL server: Debian's package postgresql"
SERVER_USER = "postgres"  # who runs it where the tests run as root, which PostgreSQL refuses
START_SECONDS = 60.0


def programs() -> Path | None:
    """The folder of the newest server's programs, None where there is no server."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


class PostgreSQL:
    """A running server; only who may enter its folder can connect."""

    def __init__(self, found: Path, folder: Path) -> None:
        self._found = found
        self._folder = folder
        self._numbers = count()
        self.start()

    def start(self) -> None:
        self._process = _started(self._found, self._folder)
        _wait(self._folder, self._process)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Let no client finish; by SIGQUIT as a crash would."""
        self._process.send_signal(number)
        self._process.wait()

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"catalogue{next(self._numbers)}"
        with psycopg.connect(host=str(self._folder), user=SERVER_USER, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://{SERVER_USER}@/{name}?host={self._folder}"


@contextmanager
def running(found: Path) -> Iterator[PostgreSQL]:
    """A server by the programs in `found`."""
    # a socket's path may have about 100 characters, so it is not in pytest's own folder
    folder = Path(tempfile.mkdtemp(prefix="planspot-"))
    try:
        _make(found, folder)
        server = PostgreSQL(found, folder)
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # at once: nothing is kept
    finally:
        shutil.rmtree(folder)


def _make(found: Path, folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_USER)
    made = [str(found / "initdb"), "--pgdata", str(folder / "data"), "--username", SERVER_USER, "--auth", "trust"]
    settings = ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
    subprocess.run([*made, *settings], cwd=folder, check=True, capture_output=True, **_who())


def _started(found: Path, folder: Path) -> subprocess.Popen[bytes]:
    options = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}  # its machine will not crash
    command = [str(found / "postgres"), "-D", str(folder / "data"), *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, **_who())


def _who() -> dict[str, Any]:
    """As whom its programs run."""
    return {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(host=str(folder), user=SERVER_USER, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
