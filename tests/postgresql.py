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

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

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
        process = _started(found, folder)
        try:
            _wait(folder, process)
            yield PostgreSQL(folder)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is kept
            process.wait()
    finally:
        shutil.rmtree(folder)


def _started(found: Path, folder: Path) -> subprocess.Popen[bytes]:
    who: dict[str, Any] = {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, SERVER_USER)
    data = str(folder / "data")
    made = [str(found / "initdb"), "--pgdata", data, "--username", SERVER_USER, "--auth", "trust"]
    settings = ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
    subprocess.run([*made, *settings], cwd=folder, check=True, capture_output=True, **who)
    options = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}  # its machine will not crash
    command = [str(found / "postgres"), "-D", data, *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, **who)


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(host=str(folder), user=SERVER_USER, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
