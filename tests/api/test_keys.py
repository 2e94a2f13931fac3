"""API keys, over HTTP: who gets in, how far, how often."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.catalogue.records import Scope
from app.service.keys import FRESH_SECONDS
from app.service.service import Service
from app.settings import Settings
from tests import pictures
from tests.server import Server
from tests.stub import load

PROBLEM = "application/problem+json"


def make(data: Path, name: str, *scopes: Scope) -> str:
    """A key of the catalogue in this folder, as another process makes it."""
    service = Service(Settings(data_dir=data), load)
    try:
        return service.keys.create(name, scopes or ("read", "write"))[1]
    finally:
        service.catalogue.close()


def revoke(data: Path, name: str) -> None:
    service = Service(Settings(data_dir=data), load)
    service.keys.revoke(name)
    service.catalogue.close()


def seen() -> None:
    """Wait until a server must have seen what changed."""
    time.sleep(FRESH_SECONDS + 0.1)


def fresh(server: Server, name: str, *scopes: Scope) -> str:
    """A key that the running server knows."""
    key = make(server.data, name, *scopes)
    seen()
    return key


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("keyed")
    make(data, "first")
    with Server(data) as server:
        server.wait_until_ready()
        yield server


def ask(server: Server, method: str, path: str, key: str | None = None, **more: object) -> httpx.Response:
    headers = {} if key is None else bearer(key)
    return httpx.request(method, server.url + path, headers=headers, timeout=30, **more)  # type: ignore[arg-type]


def test_without_a_key_only_health_is_open(keyed: Server) -> None:
    paths = httpx.get(keyed.url + "/openapi.json", headers=bearer(fresh(keyed, "reader of paths"))).json()["paths"]
    calls = [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs] + [
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/no/such/page"),
        ("OPTIONS", "/symbols"),
        ("POST", "/health/live/"),
        ("GET", "//health/live"),
    ]
    for method, path in calls:
        answer = ask(keyed, method, path)
        if path in {"/health/live", "/health/ready"}:
            assert answer.status_code == 200, path
        else:
            assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM), path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["type"] == "urn:planspot:unauthenticated"


def test_what_is_no_valid_key_is_refused(keyed: Server) -> None:
    key = fresh(keyed, "near")
    assert ask(keyed, "GET", "/symbols", key).status_code == 200
    prefix, identity, secret = key.split("_", 2)
    wrong = [f"{prefix}_{identity}_{secret[:-1]}", f"{prefix}_{identity}_", f"{prefix}_0_{secret}", secret, "x", "_", "\u00e9"]
    for each in wrong:
        answer = httpx.get(keyed.url + "/symbols", headers={b"Authorization": f"Bearer {each}".encode()})
        assert answer.status_code == 401, each
        assert secret not in answer.text
    for header in (f"Basic {key}", key, "Bearer", ""):
        assert httpx.get(keyed.url + "/symbols", headers={"Authorization": header}).status_code == 401
    assert httpx.get(keyed.url + "/symbols", headers={"Authorization": f"bearer  {key}"}).status_code == 200


def test_a_key_does_what_its_scopes_say(keyed: Server) -> None:
    reader, writer = make(keyed.data, "reader", "read"), fresh(keyed, "writer", "write")
    example = {"files": {"file": pictures.symbol()}, "data": {"name": "H"}}
    refused = ask(keyed, "POST", "/symbols", reader, **example)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:planspot:scope-missing")
    assert 'scope="write"' in refused.headers["www-authenticate"]
    made = ask(keyed, "POST", "/symbols", writer, **example)
    assert made.status_code == 201
    place = made.headers["location"]
    assert ask(keyed, "GET", place, reader).status_code == 200
    assert ask(keyed, "GET", place, writer).status_code == 403
    drawing = {"files": {"file": pictures.file(pictures.page([(10, 10)]))}}
    assert ask(keyed, "POST", "/detect", reader, **drawing).json()["counts"][0]["count"] == 1
    assert ask(keyed, "POST", "/detect", writer, **drawing).status_code == 403
    assert ask(keyed, "PATCH", place, reader, json={"name": "G"}).status_code == 403
    assert ask(keyed, "DELETE", place, reader).status_code == 403
    assert ask(keyed, "PATCH", place, writer, json={"name": "G"}).status_code == 200
    assert ask(keyed, "DELETE", place, writer).status_code == 204


def test_a_revoked_key_ends_and_the_service_stays_closed(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.wait_until_ready()
        assert ask(server, "GET", "/symbols").status_code == 200
        key = fresh(server, "only")
        assert ask(server, "GET", "/symbols").status_code == 401
        assert ask(server, "GET", "/symbols", key).status_code == 200
        revoke(tmp_path, "only")
        seen()
        assert ask(server, "GET", "/symbols", key).status_code == 401
        assert ask(server, "GET", "/symbols").status_code == 401


def test_a_key_used_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    busy, other = make(tmp_path, "busy"), make(tmp_path, "other")
    with Server(tmp_path, RATE_LIMIT=6, RATE_BURST=3) as server:
        server.wait_until_ready()
        answers = [ask(server, "GET", "/symbols", busy) for _ in range(5)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        assert answers[-1].json()["type"] == "urn:planspot:rate-limited"
        assert ask(server, "GET", "/symbols", other).status_code == 200
        assert ask(server, "GET", "/health/ready", busy).status_code == 200


def test_a_catalogue_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_bytes(b"this is no database, and it is long enough to be taken for one" * 100)
    with Server(tmp_path) as server:
        server.wait_until_live()
        assert ask(server, "GET", "/version").status_code == 503


def test_no_secret_is_stored_or_logged(keyed: Server) -> None:
    key = fresh(keyed, "secret")
    secret = key.split("_", 2)[2]
    ask(keyed, "GET", "/symbols", key)
    with sqlite3.connect(keyed.data / "catalogue.db") as database:
        rows = database.execute("SELECT * FROM api_keys").fetchall()
    database.close()
    assert rows
    assert secret not in str(rows)
    assert secret not in keyed.log.read_text()


def test_openapi_says_how_to_send_a_key(keyed: Server) -> None:
    described = httpx.get(keyed.url + "/openapi.json", headers=bearer(fresh(keyed, "describer"))).json()
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert described["paths"]["/detect"]["post"]["security"] == [{"HTTPBearer": []}]
    assert "401" in described["paths"]["/symbols"]["get"]["responses"]
    assert "security" not in described["paths"]["/health/live"]["get"]
