"""Stopping and starting, and weights that change in between."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.api.test_detect import PAGE, PLACES, found
from tests.api.test_symbols import own, register
from tests.server import Server


def test_all_is_there_after_a_restart_and_with_other_weights(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        symbol = register(client, "H", key="before").json()
        before = client.get("/health/ready").json()["index"]
        assert server.stop()
    with Server(tmp_path, WEIGHTS=tmp_path / "stub-other") as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        assert client.get("/version").json()["weights"] == "stub-other"
        assert own(client) == [symbol]
        assert client.get("/health/ready").json()["index"] == before
        assert found(client) == PLACES
        assert register(client, "H", key="before").json() == symbol


def test_drawings_are_neither_stored_nor_logged(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "H")
        files = {path.name for path in tmp_path.iterdir()}
        client.post("/detect", files={"file": ("secret-plan.png", PAGE)})
        client.post("/detect", files={"file": ("secret-plan.png", PAGE[:-100])})
        assert {path.name for path in tmp_path.iterdir()} == files
        assert "secret-plan" not in server.log.read_text()
        assert server.stop()
