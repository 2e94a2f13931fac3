"""kill -9 amid writes and jobs: what was acknowledged is there afterwards, once, and the index equals the catalogue.

pytest tests/e2e/test_crash.py --crash-cycles 1000 --crash-database sqlite
pytest tests/e2e/test_crash.py --crash-cycles 200 --crash-database postgresql
pytest tests/e2e/test_crash.py --crash-cycles 50 --crash-database sqlite --crash-encoder real
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.service.codes import digest
from tests.api.test_symbols import own, register
from tests.conftest import new_database
from tests.forked import Forked
from tests.ledger import PLAN, SHEETS, Ledger, answer, facts, places
from tests.server import REAL, STUB, Server
from tests.stored import rows
from tests.watching import finished, sent

CLIENTS = 3
SEARCHED = "ring"  # the symbol that jobs look for; nobody changes it
ANSWERS = 12  # most that are waited for before a kill
PATIENCE = 300.0  # seconds; far more than an answer takes, or all the jobs that wait
KEPT = """
    SELECT jobs.id, job_files.place, job_pages.number, job_pages.result FROM job_pages
    JOIN job_files ON job_files.id = job_pages.file JOIN jobs ON jobs.number = job_files.job WHERE job_pages.done
"""

Pages = dict[tuple[str, int, int], str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kinds = {"sqlite": pytest.param("sqlite"), "postgresql": pytest.param("postgresql", marks=pytest.mark.database)}
    chosen = metafunc.config.getoption("--crash-database")
    metafunc.parametrize("crashed", [kinds[chosen]] if chosen else list(kinds.values()), indirect=True)


@pytest.fixture
def crashed(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the catalogue's database."""
    return new_database(request, tmp_path)


def client_of(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=PATIENCE, verify=False)


def work(server: Server, ledger: Ledger, chance: random.Random, answered: threading.Semaphore) -> None:
    """One request after another until the server is gone."""
    with client_of(server) as client:
        try:
            while True:
                ledger.ask(client, ledger.wish(chance))
                answered.release()
        except httpx.TransportError:
            pass


def killed_at_work(server: Server, ledgers: Sequence[Ledger], chance: random.Random) -> None:
    answered = threading.Semaphore(0)
    clients = [
        threading.Thread(target=work, args=(server, ledger, random.Random(chance.random()), answered)) for ledger in ledgers
    ]
    for each in clients:
        each.start()
    for _ in range(chance.randint(1, ANSWERS)):
        assert answered.acquire(timeout=PATIENCE)
    server.kill()
    for each in clients:
        each.join()


def check(client: httpx.Client, ledgers: Sequence[Ledger], database_url: str, kept: Pages) -> None:
    """The catalogue against the ledgers, the index against the catalogue, pages of jobs against those kept before."""
    for ledger in ledgers:
        ledger.settle(client)
        ledger.look(client)
    present = {symbol["id"]: facts(symbol) for symbol in own(client) if symbol["name"] != SEARCHED}
    assert present == {name: facts(symbol) for ledger in ledgers for name, symbol in ledger.symbols.items()}
    jobs = {job for ledger in ledgers for job in ledger.jobs}
    assert {job for (job,) in rows(database_url, "SELECT id FROM jobs")} == jobs
    assert {page: result for page, result in kept.items() if page[0] in jobs}.items() <= pages(database_url).items()
    index = client.get("/health/ready").json()["index"]
    ids = [row[0] for row in rows(database_url, "SELECT id FROM examples ORDER BY id")]
    assert (index["examples"], index["digest"]) == (len(ids), digest(ids))


def pages(database_url: str) -> Pages:
    """What pages that are done gave: the timings in it tell one search of a page from another."""
    return {(job, place, number): result for job, place, number, result in rows(database_url, KEPT)}


def test_what_was_acknowledged_survives_a_kill(pytestconfig: pytest.Config, tmp_path: Path, crashed: str) -> None:
    cycles, real = pytestconfig.getoption("--crash-cycles"), pytestconfig.getoption("--crash-encoder") == "real"
    settings: dict[str, Any] = {"module": REAL if real else STUB, "DATABASE_URL": crashed}
    chance, kept = random.Random(), Pages()
    with Forked(tmp_path, **settings) as server, client_of(server) as client:
        server.wait_until_ready()
        symbol = answer(register(client, SEARCHED), 201)["id"]
        job = sent(client, [SHEETS, PLAN], symbols=symbol)
        finished(client, job)
        found = places(answer(client.get(f"/jobs/{job}/result"), 200))
        assert all(found)
        client.delete(f"/jobs/{job}")
        assert server.stop()
    ledgers = [Ledger(number, symbol, found) for number in range(CLIENTS)]
    for cycle in range(cycles):
        with Forked(tmp_path, **settings) as server:
            server.wait_until_ready()
            with client_of(server) as client:
                check(client, ledgers, crashed, kept)
            killed_at_work(server, ledgers, chance)
        kept = pages(crashed)
        if cycle % 10 == 9:
            print(f"{cycle + 1} kills", flush=True)
    with Forked(tmp_path, **settings) as server, client_of(server) as client:
        server.wait_until_ready()
        check(client, ledgers, crashed, kept)
        for ledger in ledgers:
            for job in ledger.jobs:
                finished(client, job, PATIENCE)
            ledger.look(client, again=True)
        assert server.stop()
    print(f"{cycles} kills, answered: {dict(sum((ledger.asked for ledger in ledgers), Counter()))}")
