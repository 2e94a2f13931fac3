"""A database that goes away and comes back."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from tests import pictures
from tests.api.test_bad_input import check
from tests.api.test_detect import PAGE, PLACES, found
from tests.api.test_symbols import own, register
from tests.conftest import found_programs
from tests.forked import Forked
from tests.postgresql import running
from tests.stub import STEADY_WIDTH
from tests.watching import finished, send, sent, until

STEADY = ("steady.png", pictures.file(pictures.page([(10, 10)], width=STEADY_WIDTH, height=60)))


@pytest.mark.database
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_database_that_comes_back_is_used_again(tmp_path: Path, number: int) -> None:
    with (
        running(found_programs()) as database,
        Forked(tmp_path, DATABASE_URL=database.new_database()) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        server.wait_until_ready()
        symbol = register(client, "ring").json()
        index = client.get("/health/ready").json()["index"]
        job = sent(client, [STEADY, ("plan.png", PAGE)])
        until(client, job, lambda seen: seen["status"] == "running")
        database.stop(number)
        for _ in range(2):
            for response in (
                client.get("/symbols"),
                client.get(f"/jobs/{job}"),
                client.post("/detect", files={"file": PAGE}),
                register(client, "other", pictures.symbol(20)),
                send(client, [("plan.png", PAGE)]),
            ):
                check(response, 503, word="catalogue")
                assert response.json()["type"] == "urn:planspot:catalogue"
            ready = client.get("/health/ready")
            assert (ready.status_code, list(ready.json()["problems"])) == (503, ["catalogue"])
            assert client.get("/health/live").status_code == 200
            assert client.get("/metrics").status_code == 200
        database.start()
        server.wait_until_ready()
        assert own(client) == [symbol]
        assert client.get("/health/ready").json()["index"] == index
        assert found(client) == PLACES
        assert register(client, "other", pictures.symbol(20)).status_code == 201
        done = finished(client, job)
        assert (done["status"], done["pages_done"], [each["errors"] for each in done["files"]]) == ("done", 2, [[], []])
        assert server.stop()
