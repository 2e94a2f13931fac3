"""Two servers on one catalogue: what one is told, the other knows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.service.codes import digest
from tests import pictures
from tests.api.test_detect import PAGE
from tests.api.test_symbols import own, register
from tests.forked import Forked
from tests.server import Server
from tests.stored import rows

TOLD = 3  # seconds after which the statistics have what the start did
WATCHED = 4  # seconds in which nobody asks anything
IDLE_TRANSACTIONS = 5  # a second, of each server: it looks for jobs that are left and for those to be forgotten

Clients = tuple[httpx.Client, httpx.Client]


@pytest.fixture
def clients(tmp_path: Path, database_url: str) -> Iterator[Clients]:
    """One of each server; the two start at once."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(tmp_path / name, DATABASE_URL=database_url)) for name in ("one", "two")]
        for server in servers:
            server.wait_until_ready()
        one, two = (stack.enter_context(httpx.Client(base_url=server.url, timeout=30)) for server in servers)
        yield one, two


def test_each_sees_what_the_other_changed(clients: Clients, database_url: str) -> None:
    one, two = clients
    symbol = register(one, "ring").json()
    assert own(two) == [symbol]
    (stored,) = rows(database_url, "SELECT id FROM examples")
    assert two.get("/health/ready").json()["index"]["digest"] == digest(stored)
    assert counted(one) == counted(two) != {}
    two.patch(f"/symbols/{symbol['id']}", json={"name": "bell"})
    assert counted(one).keys() == {"bell"}
    assert register(two, "other", key="same").json() == register(one, "other", key="same").json()
    for each in own(one):
        assert one.delete(f"/symbols/{each['id']}").status_code == 204
    assert two.post("/detect", files={"file": PAGE}).status_code == 409


def test_weights_are_replaced_and_put_back_without_a_stop(tmp_path: Path, database_url: str) -> None:
    """The old server answers until the new one is ready; what either is told meanwhile, both search."""
    with ExitStack() as stack:

        def started(folder: str, weights: str) -> tuple[Server, httpx.Client]:
            data = tmp_path / folder
            server = stack.enter_context(Forked(data, WEIGHTS=data / weights, DATABASE_URL=database_url))
            server.wait_until_ready()
            client = stack.enter_context(httpx.Client(base_url=server.url, timeout=30))
            assert client.get("/version").json()["weights"] == weights
            return server, client

        told = ["before"]
        old, at_old = started("old", "stub-1")
        assert register(at_old, "before").status_code == 201
        for step, weights in (("upgrade", "stub-2-wide"), ("rollback", "stub-1")):
            new, at_new = started(step, weights)
            for name, client in ((f"{step} at old", at_old), (f"{step} at new", at_new)):
                told.append(name)
                assert register(client, name, pictures.symbol(12 + 4 * len(told))).status_code == 201
            assert counted(at_old).keys() == counted(at_new).keys() == set(told)
            assert old.stop()
            old, at_old = new, at_new
        assert [symbol["name"] for symbol in own(at_old)] == told


def counted(client: httpx.Client) -> dict[str, int]:
    response = client.post("/detect", files={"file": PAGE})
    return {each["symbol"]: each["count"] for each in response.json()["counts"]}


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.database)], indirect=True)
def test_servers_that_nobody_asks_leave_the_database_alone(clients: Clients, database_url: str) -> None:
    assert len(clients) == 2
    time.sleep(TOLD)
    before = transactions(database_url)
    time.sleep(WATCHED)
    assert transactions(database_url) - before < len(clients) * IDLE_TRANSACTIONS * (WATCHED + 1)


def transactions(url: str) -> int:
    """How many the database has seen; connections tell it about once a second."""
    query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    ((count,),) = rows(url, query)
    return int(count)
