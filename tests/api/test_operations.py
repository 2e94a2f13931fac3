"""Health, version and the API's own description."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from app.catalogue.migrate import migrate
from app.catalogue.tables import open_database
from tests import pictures
from tests.server import Server


def settled(client: httpx.Client) -> httpx.Response:
    """What readiness says once the model is there or known not to come."""
    while "still being loaded" in (ready := client.get("/health/ready")).text:
        time.sleep(0.1)
    return ready


def test_health_and_version(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert (ready["status"], ready["problems"], ready["index"]["examples"]) == ("ready", {}, 0)
    client.post("/symbols", data={"name": "H"}, files={"file": pictures.symbol()})
    after = client.get("/health/ready").json()["index"]
    assert after["examples"] == 1
    assert after["version"] > ready["index"]["version"]
    version = client.get("/version").json()
    assert (version["weights"], version["device"]) == ("stub", "cpu")
    assert version["service"]


def test_broken_weights_leave_a_server_that_says_so(tmp_path: Path) -> None:
    with Server(tmp_path, WEIGHTS=tmp_path / "broken") as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_live()
        ready = settled(client)
        assert ready.status_code == 503
        assert "no weights in broken" in ready.json()["problems"]["weights"]
        refused = client.post("/symbols", data={"name": "H"}, files={"file": pictures.symbol()})
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:planspot:weights")
        assert client.get("/symbols").json() == {"symbols": [], "next": None}
        assert client.get("/version").json()["weights"] is None


def test_a_broken_catalogue_leaves_a_server_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_bytes(b"this is no database, and it is long enough to be taken for one" * 100)
    with Server(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_live()
        ready = settled(client)
        assert ready.status_code == 503
        assert "not a database" in ready.json()["problems"]["catalogue"]
        refused = client.get("/symbols")
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:planspot:catalogue")


def test_a_newer_catalogue_leaves_a_server_that_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    engine = open_database(url)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    engine.dispose()
    with Server(tmp_path, DATABASE_URL=url) as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_live()
        ready = settled(client)
        assert ready.status_code == 503
        assert "newer Planspot" in ready.json()["problems"]["catalogue"]
        assert client.get("/symbols").status_code == 503


def test_a_catalogue_that_comes_back_is_used(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with Server(tmp_path, DATA_DIR=tmp_path / "data") as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_live()
        assert "catalogue" in client.get("/health/ready").json()["problems"]
        (tmp_path / "data").unlink()
        server.wait_until_ready()
        assert client.post("/symbols", data={"name": "H"}, files={"file": pictures.symbol()}).status_code == 201


def test_every_route_is_described_with_its_errors(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    expected = {
        "/symbols": {"get", "post"},
        "/symbols/{symbol_id}": {"get", "patch", "delete"},
        "/symbols/{symbol_id}/image": {"get"},
        "/symbols/{symbol_id}/examples": {"post"},
        "/symbols/{symbol_id}/examples/{example_id}": {"delete"},
        "/detect": {"post"},
        "/jobs": {"post"},
        "/jobs/{job_id}": {"get", "delete"},
        "/jobs/{job_id}/events": {"get"},
        "/jobs/{job_id}/result": {"get"},
        "/health/live": {"get"},
        "/health/ready": {"get"},
        "/metrics": {"get"},
        "/version": {"get"},
    }
    for path, methods in expected.items():
        assert set(paths[path]) == methods
    responses = paths["/detect"]["post"]["responses"]
    assert {"200", "404", "406", "409", "413", "415", "422", "429", "503"} <= set(responses)
    for status in ("404", "413", "415", "422", "429", "503"):
        examples = responses[status]["content"]["application/problem+json"]["examples"]
        assert all(each["value"]["status"] == int(status) for each in examples.values())
    assert client.get("/docs").status_code == 200
