"""A server of our own for a benchmark, in a process of its own, with a data folder that goes with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_WITHIN = 300.0  # seconds; loading torch from a cold disk on a busy machine takes most of it
KEPT = {"PLANSPOT_WEIGHTS", "PLANSPOT_DEVICE"}  # of the caller's settings; a database of his must not be touched
SERVE = ("app", "serve")


@dataclass(frozen=True)
class Running:
    """A server that is ready."""

    url: str
    pid: int


@contextmanager
def server(module: tuple[str, ...] = SERVE, settings: Mapping[str, object] | None = None) -> Iterator[Running]:
    """Run `python -m` module until the block ends; settings without their prefix. Raises RuntimeError if it does not start."""
    with tempfile.TemporaryDirectory(prefix="planspot-benchmark-") as data:
        port = free_port()
        log = Path(data) / "server.log"
        given = {"DATA_DIR": Path(data) / "catalogue", "HOST": "127.0.0.1", "PORT": port, **(settings or {})}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PLANSPOT_") or k in KEPT}
        environment |= {f"PLANSPOT_{name}": str(value) for name, value in given.items()}
        command = [sys.executable, "-m", *module]
        with log.open("wb") as sink, subprocess.Popen(command, env=environment, stdout=sink, stderr=sink) as process:
            try:
                wait_until_ready(f"http://127.0.0.1:{port}", process, log)
                yield Running(f"http://127.0.0.1:{port}", process.pid)
            finally:
                process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises RuntimeError with the end of the server's log if it stops or takes too long."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not become ready:\n" + log.read_text(encoding="utf-8", errors="replace")[-2000:])


def checked(reply: httpx.Response) -> httpx.Response:
    """The reply. Raises RuntimeError if it is an error."""
    if reply.is_error:
        raise RuntimeError(f"{reply.request.method} {reply.request.url} answered {reply.status_code}: {reply.text}")
    return reply
