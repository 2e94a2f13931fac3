"""A full queue, clients that hang up, and memory."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.hostile import declared
from tests import pictures
from tests.api.test_symbols import register
from tests.server import Server
from tests.stub import SLOW_SECONDS, SLOW_WIDTH

SLOW = pictures.file(pictures.page([(10, 10)], width=SLOW_WIDTH, height=60))
QUICK = pictures.file(pictures.page([(10, 10)]))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One request may run and one wait."""
    with Server(tmp_path_factory.mktemp("narrow"), QUEUE_SIZE=1, MAX_BYTES=5_000_000) as server:
        server.wait_until_ready()
        with httpx.Client(base_url=server.url, timeout=60) as client:
            register(client, "H")
        yield server


@contextmanager
def asking(server: Server) -> Iterator[None]:
    """Something slow is asked for meanwhile; then the client hangs up."""
    request = httpx.Request("POST", server.url + "/detect", files={"file": SLOW})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection((request.url.host, request.url.port or 80)) as connection:
        connection.sendall(f"POST /detect HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        yield


def wait_until_full(client: httpx.Client) -> httpx.Response:
    for _ in range(200):
        response = client.post("/detect", files={"file": QUICK}, timeout=60)
        if response.status_code == 429:
            return response
        time.sleep(0.05)
    raise TimeoutError("the queue never filled")


def test_a_full_queue_answers_at_once_and_hanging_up_frees_it(narrow: Server) -> None:
    with httpx.Client(base_url=narrow.url, timeout=60) as client:
        with asking(narrow), asking(narrow):
            full = wait_until_full(client)
            assert full.json()["type"] == "urn:planspot:overloaded"
            assert int(full.headers["retry-after"]) >= 1
            assert client.post("/detect", files={"file": bytes(4_000_000)}).status_code == 429
            assert register(client, "busy").status_code == 429
            assert client.get("/health/ready").status_code == 200
        began = time.monotonic()
        while client.post("/detect", files={"file": QUICK}).status_code == 429:
            time.sleep(0.05)
        assert time.monotonic() - began < 0.7 * SLOW_SECONDS  # each of the two would have taken all of it


def peak(server: Server) -> int:
    """The most memory the server has had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_bombs_and_oversized_uploads_leave_memory_alone(narrow: Server) -> None:
    with httpx.Client(base_url=narrow.url, timeout=60) as client:
        client.post("/detect", files={"file": QUICK})
        before = peak(narrow)
        for data in (declared("PNG", 100_000, 100_000), declared("PNG", 16_000, 16_000) + bytes(1000)):
            assert client.post("/detect", files={"file": data}).status_code == 413
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        endless = (head if n == 0 else bytes(1_000_000) for n in range(60))
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        assert client.post("/detect", content=endless, headers=kind).status_code == 413
        assert peak(narrow) - before < 40_000_000
