"""The end of a job is told to whom the operator allows: signed, until it was heard, and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.service.webhooks import Receivers
from tests.api.test_bad_input import check
from tests.api.test_detect import PAGE
from tests.api.test_symbols import register
from tests.forked import Forked
from tests.stored import rows
from tests.watching import finished, send, state

SECRET = "a secret of both"
PLAN = ("plan.png", PAGE)
ALLOWED = {"WEBHOOK_HOSTS": "localhost", "WEBHOOK_SECRET": SECRET}
INSIDE = ALLOWED | {"WEBHOOK_INTERNAL": "127.0.0.0/8,::1/128"}
PATIENCE = 120.0

Told = tuple[str, dict[str, str], bytes]  # path, headers, body


class Receiver:
    """A server that answers each POST with the next of its statuses, the last again and again."""

    def __init__(self, *statuses: int) -> None:
        told, left = queue.Queue[Told](), list(statuses)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.put((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._told = told
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/hook?of=planspot"

    def next(self) -> Told:
        return self._told.get(timeout=PATIENCE)

    def heard_nothing(self) -> bool:
        return self._told.empty()


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    found = Receiver(*statuses)
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        thread.join()
        found.server.server_close()


@contextmanager
def client_of(tmp_path: Path, settings: dict[str, Any]) -> Iterator[httpx.Client]:
    with Forked(tmp_path, **settings) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        server.wait_until_ready()
        if not client.get("/symbols", params={"limit": 3}).json()["symbols"][2:]:
            register(client, "ring")
        yield client


def signed(headers: dict[str, str], body: bytes) -> bool:
    """As docs/api.md tells a receiver to judge it."""
    fields = dict(part.split("=") for part in headers["planspot-signature"].split(","))
    expected = hmac.new(SECRET.encode(), fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(fields["v1"], expected)


def test_the_end_of_a_job_is_told_signed(tmp_path: Path) -> None:
    with receiver(204) as heard, client_of(tmp_path, INSIDE) as client:
        job = send(client, [PLAN], webhook=heard.url).json()["id"]
        path, headers, body = heard.next()
        assert (path, headers["content-type"], headers["planspot-job"]) == ("/hook?of=planspot", "application/json", job)
        assert json.loads(body) == state(client, job) == finished(client, job)
        assert signed(headers, body)
        assert not signed(headers, body + b" ")
        assert heard.heard_nothing()


def test_a_redirect_is_not_followed_and_a_failure_is_told_again_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    with receiver(302, 503, 200) as heard:
        with client_of(tmp_path, INSIDE) as client:
            job = send(client, [PLAN], webhook=heard.url).json()["id"]
            assert heard.next()[0].startswith("/hook")
            while rows(url, "SELECT tries FROM webhooks") != [(1,)]:
                assert state(client, job)["id"] == job
            finished(client, job)
        with client_of(tmp_path, INSIDE) as client:
            for _ in range(2):
                path, headers, body = heard.next()
                assert (path, headers["planspot-job"], signed(headers, body)) == ("/hook?of=planspot", job, True)
            while rows(url, "SELECT tries FROM webhooks"):
                assert state(client, job)["id"] == job
            assert heard.heard_nothing()


def test_hosts_that_are_not_allowed_are_refused(tmp_path: Path) -> None:
    with client_of(tmp_path, INSIDE) as client:
        for url in ("http://example.com/", "http://localhost@example.com/", "http://127.0.0.1/", "localhost", "file://localhost/x"):
            check(send(client, [PLAN], webhook=url), 422, "webhook")
    with client_of(tmp_path, {}) as client:
        check(send(client, [PLAN], webhook="http://localhost/"), 422, "webhook", "operator")


def test_an_internal_address_is_not_called(tmp_path: Path) -> None:
    with receiver(200) as heard, client_of(tmp_path, ALLOWED) as client:
        finished(client, send(client, [PLAN], webhook=heard.url).json()["id"])
        log = tmp_path / "server.log"
        while "a webhook failed" not in log.read_text():
            client.get("/health/live")
        assert "internal address" in log.read_text()
        assert heard.heard_nothing()


INTERNAL = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%lo", "0.0.0.0"]


@pytest.mark.parametrize("address", INTERNAL)
def test_every_address_of_a_host_is_judged(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    found = [(0, 0, 0, "", ("93.184.215.14", 80)), (0, 0, 0, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(OSError, match="internal"):
        Receivers(frozenset({"hooks.example"})).address("hooks.example", 80)
