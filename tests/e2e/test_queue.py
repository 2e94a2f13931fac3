"""Places in the queue: how fast it refuses, who gives his back and when, and what becomes of all when the server stops."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import pictures
from tests.api.test_metrics import samples, total
from tests.api.test_symbols import own, register
from tests.server import Server
from tests.stub import SLOW_SECONDS, SLOW_WIDTH, STEADY_WIDTH

SLOW = pictures.file(pictures.page([], width=SLOW_WIDTH, height=60))
STEADY = pictures.file(pictures.page([(10, 10)], width=STEADY_WIDTH, height=60))
QUICK = pictures.file(pictures.page([(10, 10)]))
LONG = pictures.pages([pictures.page([], width=STEADY_WIDTH, height=60)] * 20, "TIFF")  # a minute
AT_ONCE = 0.05  # seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Two requests may be served or wait."""
    with Server(tmp_path, QUEUE_SIZE=1) as server:
        with ready(server) as client:
            register(client, "H")
        yield server


@contextmanager
def ready(server: Server) -> Iterator[httpx.Client]:
    server.wait_until_ready()
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@contextmanager
def sent(server: Server, path: str, drawing: bytes, most: int | None = None, **fields: str) -> Iterator[socket.socket]:
    """A request, or the first bytes of one; then the client hangs up."""
    request = httpx.Request("POST", server.url + path, files={"file": drawing}, data=fields)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection((request.url.host, request.url.port or 80)) as connection:
        connection.sendall((f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + request.read())[:most])
        yield connection


def wait_for(client: httpx.Client, holds: Callable[[dict[str, float]], bool], seconds: float = 30) -> None:
    """Wait until the queue is as it should be: places taken, drawings and examples that wait for the device."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = samples(client)
        queue = {name: total(found, f"planspot_queue_{name}") for name in ("taken", "refused_total")}
        queue["busy"] = total(found, "planspot_device_busy")
        for urgency in ("example", "detection"):
            queue[urgency] = total(found, "planspot_queue_depth", urgency=urgency)
        if holds(queue):
            return
        time.sleep(0.02)
    raise TimeoutError(f"the queue stayed at {queue}")


def runs(queue: dict[str, float]) -> bool:
    """One drawing is searched and nothing else is there."""
    return (queue["taken"], queue["busy"], queue["detection"], queue["example"]) == (1, 1, 0, 0)


def runs_and_waits(queue: dict[str, float]) -> bool:
    """One drawing is searched, another waits."""
    return (queue["taken"], queue["busy"], queue["detection"]) == (2, 1, 1)


def empty(queue: dict[str, float]) -> bool:
    return (queue["taken"], queue["busy"]) == (0, 0)


def test_a_full_queue_refuses_at_once(server: Server) -> None:
    with ready(server) as client, sent(server, "/detect", SLOW), sent(server, "/detect", SLOW):
        wait_for(client, runs_and_waits)
        seconds = []
        for n in range(30):
            began = time.perf_counter()
            answer = client.post("/detect", files={"file": bytes(2_000_000) if n % 2 else QUICK})
            seconds.append(time.perf_counter() - began)
            assert (answer.status_code, answer.json()["type"]) == (429, "urn:planspot:overloaded")
            assert int(answer.headers["retry-after"]) >= 1
        assert statistics.median(seconds) < AT_ONCE
        wait_for(client, lambda queue: queue["refused_total"] == 30)
        print(f"429 after {1000 * statistics.median(seconds):.1f} ms, at most {1000 * max(seconds):.1f} ms")


def test_a_client_that_waits_and_hangs_up_frees_its_place_while_another_is_served(server: Server) -> None:
    with ready(server) as client, sent(server, "/detect", SLOW):
        wait_for(client, runs)
        for _ in range(3):
            with sent(server, "/detect", QUICK):
                wait_for(client, runs_and_waits)
            wait_for(client, runs, 0.5 * SLOW_SECONDS)


def test_a_client_that_is_served_and_hangs_up_stops_its_work(server: Server) -> None:
    with ready(server) as client:
        with sent(server, "/detect", SLOW):
            wait_for(client, runs)
        wait_for(client, empty, 0.5 * SLOW_SECONDS)


def test_an_example_goes_between_two_pages_and_before_drawings_that_wait(tmp_path: Path) -> None:
    with Server(tmp_path, QUEUE_SIZE=3) as server, ready(server) as client:
        register(client, "H")
        with sent(server, "/detect", LONG):
            wait_for(client, runs)
            with sent(server, "/detect", QUICK):
                wait_for(client, runs_and_waits)
                assert register(client, "G").status_code == 201
                wait_for(client, runs_and_waits)


def test_a_client_that_hangs_up_while_it_uploads_frees_its_place(server: Server) -> None:
    with ready(server) as client:
        with sent(server, "/detect", QUICK, most=-200):
            wait_for(client, lambda queue: queue["taken"] == 1)
        wait_for(client, empty)


def test_nothing_is_registered_for_a_client_that_hung_up(server: Server) -> None:
    with ready(server) as client, sent(server, "/detect", SLOW):
        wait_for(client, runs)
        with sent(server, "/symbols", pictures.symbol(20), name="G"):
            wait_for(client, lambda queue: queue["example"] == 1)
        wait_for(client, runs, 0.5 * SLOW_SECONDS)
        assert [each["name"] for each in own(client)] == ["H"]


def test_a_request_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with Server(tmp_path, QUEUE_SIZE=1, DEADLINE_SECONDS=1) as server, ready(server) as client:
        register(client, "H")
        with sent(server, "/detect", SLOW):
            wait_for(client, runs)
            began = time.monotonic()
            late = client.post("/detect", files={"file": SLOW})
            assert time.monotonic() - began < 0.5 * SLOW_SECONDS
        assert (late.status_code, late.json()["type"]) == (504, "urn:planspot:deadline")
        wait_for(client, empty)
        assert client.post("/detect", files={"file": QUICK}).json()["counts"][0]["count"] == 1


def status(connection: socket.socket) -> tuple[int, str]:
    """The status of the answer and all of its text; the server must end the connection in order."""
    connection.settimeout(60)
    text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return int(text.split(" ")[1]), text


def test_a_server_told_to_stop_finishes_what_it_has_accepted(server: Server) -> None:
    with ready(server) as client, sent(server, "/detect", STEADY) as running:
        wait_for(client, runs)
        with sent(server, "/detect", QUICK) as waiting:
            wait_for(client, runs_and_waits)
            server.process.terminate()
            for connection in (running, waiting):
                code, text = status(connection)
                assert code == 200
                assert '"count":1' in text
        assert server.stop()


def test_a_server_told_to_stop_gives_back_what_it_cannot_finish(tmp_path: Path) -> None:
    with Server(tmp_path, QUEUE_SIZE=3, STOP_SECONDS=1) as server, ready(server) as client, ExitStack() as requests:
        register(client, "H")
        running = requests.enter_context(sent(server, "/detect", SLOW))
        wait_for(client, runs)
        waiting = requests.enter_context(sent(server, "/detect", QUICK))
        example = requests.enter_context(sent(server, "/symbols", pictures.symbol(20), name="G"))
        uploading = requests.enter_context(sent(server, "/detect", QUICK, most=-200))
        wait_for(client, lambda queue: (queue["taken"], queue["detection"], queue["example"]) == (4, 1, 1))
        began = time.monotonic()
        server.process.terminate()
        for connection in (running, waiting, example, uploading):
            code, text = status(connection)
            assert code == 503
            assert "urn:planspot:stopping" in text
            assert "retry-after: " in text.lower()
        assert server.stop()
        assert time.monotonic() - began < 0.5 * SLOW_SECONDS
        assert "Traceback" not in server.log.read_text()
    with Server(tmp_path) as server, ready(server) as client:
        assert [each["name"] for each in own(client)] == ["H"]


def test_an_interrupted_server_ends_in_order(server: Server) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(httpx.post(server.url + "/detect", files={"file": STEADY}, timeout=60).status_code)

    with ready(server) as client:
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(client, lambda queue: queue["taken"] == 1)
        server.process.send_signal(2)
        asking.join()
        assert (answers, server.process.wait(timeout=60)) == ([200], 0)
        assert "Traceback" not in server.log.read_text()
