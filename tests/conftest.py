"""Options and servers that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import WANTED, PostgreSQL, programs, running
from tests.server import Server

# how long an example takes says more about the machine than about the code
settings.register_profile("planspot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("planspot")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crash", "killing the server amid writes and jobs")
    group.addoption("--crash-cycles", type=int, default=5, help="how often to kill and restart it")
    group.addoption("--crash-database", choices=["sqlite", "postgresql"], help="what keeps the catalogue; both if not given")
    group.addoption("--crash-encoder", choices=["stub", "real"], default="stub", help="what embeds the examples")
    parser.getgroup("device").addoption("--device", default="cpu", help="where the detector that ships runs; cuda say")
    schema = parser.getgroup("schema", "the API against its own description")
    schema.addoption("--schema-cases", type=int, default=100, help="how many requests to make up")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server around the stub detector, small limits so that they can be reached."""
    limits: dict[str, Any] = {"MAX_BYTES": 3_000_000, "MAX_PIXELS": 4_000_000, "MAX_EXAMPLE_PIXELS": 250_000, "MAX_PAGES": 4}
    limits |= {"MAX_JOB_BYTES": 4_000_000, "MAX_JOB_PAGES": 12, "MAX_JOBS": 3}
    with Server(tmp_path_factory.mktemp("server"), QUEUE_SIZE=3, **limits) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of that server, its catalogue empty."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for symbol in client.get("/symbols", params={"limit": 1000}).json()["symbols"]:
            if symbol["origin"] == "user":
                client.delete(f"/symbols/{symbol['id']}")
        yield client


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server that the tests share."""
    with running(found_programs()) as server:
        yield server


def found_programs() -> Path:
    """The folder of PostgreSQL's programs; skips the test where there is none."""
    found = programs()
    if found is None:
        pytest.skip(WANTED)
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database of its own, of either kind."""
    return new_database(request, tmp_path)


def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'catalogue.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()
