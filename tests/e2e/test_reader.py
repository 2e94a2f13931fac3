"""What decodes for the service is killed, and goes when the service goes."""

from __future__ import annotations

import fcntl
import os
import signal
import termios
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests import pictures
from tests.api.test_symbols import register
from tests.server import Server

DRAWING = pictures.file(pictures.page([(10, 10), (200, 100)]))


def children(server: Server) -> set[int]:
    """The processes that the server has started, dead ones that it has not forgotten too."""
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return {int(child) for thread in threads for child in thread.read_text().split()}


def asked_for(child: int) -> None:
    """Wait until a child that is stopped has been sent something."""
    waiting, end = array("i", [0]), time.monotonic() + 30
    with open(f"/proc/{child}/fd/0", "rb", buffering=0) as questions:
        while not waiting[0]:
            assert time.monotonic() < end, "nobody asked"
            time.sleep(0.01)
            fcntl.ioctl(questions, termios.FIONREAD, waiting)


def gone(child: int) -> bool:
    end = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize("stop", [Server.stop, Server.kill], ids=["stopped", "killed"])
def test_requests_survive_the_reader_and_it_goes_with_the_service(tmp_path: Path, stop: Callable[[Server], object]) -> None:
    with Server(tmp_path / "server", QUEUE_SIZE=4) as server, httpx.Client(base_url=server.url, timeout=120) as client:
        server.wait_until_ready()
        register(client, "H")
        (child,) = children(server)
        os.kill(child, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(client.post, "/detect", files={"file": DRAWING})
            asked_for(child)
            os.kill(child, signal.SIGKILL)
            assert asked.result().json()["counts"][0]["count"] == 2
        assert client.post("/detect", files={"file": DRAWING[:200]}).status_code == 422
        assert client.post("/detect", files={"file": DRAWING}).status_code == 200
        (other,) = children(server)
        assert other != child
        stop(server)
        assert gone(other)
