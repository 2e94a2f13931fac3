"""Logs: JSON lines, one for each request, nothing in them that is nobody's business."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.logs import REQUEST_ID, JsonLines, set_up
from tests import pictures
from tests.api.test_keys import bearer, make
from tests.api.test_symbols import register
from tests.server import Server

DRAWING = pictures.file(pictures.page([(10, 10)]))


def lines(server: Server) -> list[dict[str, Any]]:
    """What the server has logged; every line must be JSON."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def requests(server: Server) -> list[dict[str, Any]]:
    return [line for line in lines(server) if line["logger"] == "app.access" and not line["path"].startswith("/health")]


def test_each_request_has_one_line(tmp_path: Path) -> None:
    key = make(tmp_path, "client")
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, headers=bearer(key)) as client:
        server.wait_until_ready()
        register(client, "H")
        client.post("/detect?format=secret-format", files={"file": ("secret-plan.png", DRAWING)})
        client.post("/detect", files={"file": ("secret-plan.png", DRAWING)}, headers={"X-Request-ID": "mine.1_2-3"})
        client.get("/no/such/page?token=secret-token", headers={"Authorization": "Bearer secret-key"})
        assert server.stop()
        seen = [(each["method"], each["path"], each["route"], each["status"]) for each in requests(server)]
        assert seen == [
            ("POST", "/symbols", "/symbols", 201),
            ("POST", "/detect", "/detect", 422),
            ("POST", "/detect", "/detect", 200),
            ("GET", "/no/such/page", "none", 401),
        ]
        assert [each["key"] for each in requests(server)] == [key.split("_")[1]] * 3 + [None]
        assert requests(server)[2]["request_id"] == "mine.1_2-3"
        assert all(each["ms"] > 0 and each["client"] == "127.0.0.1" for each in requests(server))
        assert "secret" not in server.log.read_text()
        assert key.split("_", 2)[2] not in server.log.read_text()


def test_a_request_gets_an_id(client: httpx.Client) -> None:
    given = [client.get("/health/live").headers["x-request-id"] for _ in range(2)]
    assert given[0] != given[1]
    assert all(len(each) == 16 for each in given)
    for sane in ("a", "A-1_b.2", "x" * 64):
        assert client.get("/no/such/page", headers={"X-Request-ID": sane}).headers["x-request-id"] == sane
    for other in ("", "x" * 65, "a b", "a\tb", '"}', "a;b", "\u00e9"):
        assert client.get("/health/live", headers={b"X-Request-ID": other.encode()}).headers["x-request-id"] != other


def test_the_level_is_set(tmp_path: Path) -> None:
    with Server(tmp_path, LOG_LEVEL="warning") as server:
        server.wait_until_ready()
        assert server.stop()
        assert lines(server) == []


def formatted(message: str, error: BaseException | None = None, **more: Any) -> dict[str, Any]:
    caught = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("a.b", logging.ERROR, __file__, 1, message, (), caught)
    record.__dict__.update(more)
    line: dict[str, Any] = json.loads(JsonLines().format(record))
    return line


def test_a_line_has_what_it_should() -> None:
    token = REQUEST_ID.set("r1")
    line = formatted('quoted " and\nmore lines', fields={"n": 1})
    REQUEST_ID.reset(token)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "error", "logger": "a.b", "message": 'quoted " and', "request_id": "r1", "n": 1}
    assert "request_id" not in formatted("")


def test_of_an_error_only_kind_and_place_are_logged() -> None:
    try:
        int("secret")
    except ValueError as error:
        line = formatted("failed", error)
    assert line["failure"].startswith(f"ValueError at {__name__}.test_of_an_error_only_kind_and_place_are_logged:")
    assert "secret" not in json.dumps(line)
    assert formatted("failed", RuntimeError("never raised"))["failure"] == "RuntimeError at ?"


def test_warnings_are_logged_without_paths(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    try:
        set_up("info")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old ways", DeprecationWarning, stacklevel=1)
        logging.getLogger("library").info("what is in a file")
    finally:
        root.handlers[:] = before
        for name in ("app", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"]) == ("warning", "DeprecationWarning: old ways")
