"""Stopping and starting, and weights that change in between."""

from __future__ import annotations

from pathlib import Path

import httpx

from app.service.codes import digest
from tests import pictures
from tests.api.test_detect import PAGE, PLACES, found
from tests.api.test_symbols import Form, own, register
from tests.forked import Forked
from tests.server import Server
from tests.stored import rows


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


def test_an_upgrade_of_the_weights_and_a_rollback_lose_nothing(tmp_path: Path, database_url: str) -> None:
    """Two versions with codes of other lengths, in turn; each finds what was registered under the other."""
    symbols: list[Form] = []
    for cycle, weights in enumerate(["stub-1", "stub-2-wide", "stub-1", "stub-2-wide"]):
        with Forked(tmp_path, WEIGHTS=tmp_path / weights, DATABASE_URL=database_url) as server:
            server.wait_until_ready()
            with httpx.Client(base_url=server.url, timeout=30) as client:
                assert own(client) == symbols
                register(client, weights + str(cycle), pictures.symbol(12 + 4 * cycle))
                made = own(client)[-1]
                client.post(f"/symbols/{made['id']}/examples", files={"file": pictures.symbol(13 + 4 * cycle)})
                symbols = own(client)
                sought = pictures.file(pictures.page([(10, 10)], 12))
                answer = client.post("/detect", files={"file": sought}).json()
                assert (answer["model"], [each["symbol"] for each in answer["detections"]]) == (weights, ["stub-10"])
                index = client.get("/health/ready").json()["index"]
            if cycle % 2:
                server.kill()
        ids = [row[0] for row in rows(database_url, "SELECT id FROM examples ORDER BY id")]
        assert (index["examples"], index["digest"]) == (2 * (cycle + 1), digest(ids))
        assert {(example, weights) for example in ids} <= set(rows(database_url, "SELECT example, stamp FROM embeddings"))


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
