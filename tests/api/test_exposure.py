"""What answers tell to whom: security headers, other origins, proxies, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import pictures
from tests.api.test_keys import bearer, make
from tests.api.test_symbols import register
from tests.server import ROOT, Server
from tests.stub import FAILING_WIDTH, SECRET

FAILING = pictures.file(pictures.page([(10, 10)], width=FAILING_WIDTH, height=60))
ORIGIN = "https://takeoff.example"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Behind a proxy, with keys, for one other origin."""
    with Server(tmp_path_factory.mktemp("published"), ROOT_PATH="/spot", CORS_ORIGINS=f"{ORIGIN}, https://b.example") as server:
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="module")
def key(published: Server) -> dict[str, str]:
    return bearer(make(published.data, "client"))


def test_every_answer_has_security_headers(client: httpx.Client) -> None:
    register(client, "H")
    answers = [
        client.get("/health/live"),
        client.get("/docs"),
        client.get("/no/such/page"),
        client.put("/symbols"),
        client.post("/detect", files={"file": b"nonsense"}),
        client.post("/detect", files={"file": FAILING}),
        client.options("/symbols", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
    ]
    assert [each.status_code for each in answers] == [200, 200, 404, 405, 415, 500, 405]
    for each in answers:
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["x-frame-options"] == "DENY"
        assert each.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in each.headers["content-security-policy"]
        assert "unsafe-inline" not in each.headers["content-security-policy"] or each.url.path == "/docs"
        assert "access-control-allow-origin" not in each.headers
        assert "server" not in each.headers


def test_a_failure_tells_nothing_of_the_inside(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_ready()
        register(client, "H")
        answer = client.post("/detect", files={"file": FAILING})
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert answer.json()["type"] == "urn:planspot:failure"
        assert client.get("/health/ready").status_code == 200
        assert server.stop()
        told = server.log.read_text()
        assert "RuntimeError at app.service.detect" in told
        for text in (answer.text, told):
            assert [word for word in (SECRET, "Traceback", str(ROOT), "site-packages", ".py") if word in text] == []


def test_readiness_tells_no_path(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with Server(tmp_path, DATA_DIR=tmp_path / "data", WEIGHTS=tmp_path / "broken") as server:
        server.wait_until_live()
        ready = httpx.get(server.url + "/health/ready")
        assert set(ready.json()["problems"]) == {"catalogue", "weights"}
        assert str(tmp_path) not in ready.text


def test_listed_origins_may_call(published: Server, key: dict[str, str]) -> None:
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    allowed = httpx.options(published.url + "/symbols", headers=preflight)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert httpx.options(published.url + "/symbols", headers=preflight | {"Origin": "https://c.example"}).status_code == 400
    for headers in (key, {}):
        answer = httpx.get(published.url + "/symbols", headers=headers | {"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in httpx.get(published.url + "/symbols", headers={"Origin": "https://c.example"}).headers


@pytest.mark.parametrize("prefix", ["", "/spot"])
def test_it_works_under_a_path(prefix: str, published: Server, key: dict[str, str]) -> None:
    with httpx.Client(base_url=published.url + prefix, headers=key) as client:
        assert httpx.get(f"{published.url}{prefix}/health/ready").status_code == 200
        made = register(client, f"under {prefix}")
        assert made.headers["location"] == f"/spot/symbols/{made.json()['id']}"
        assert httpx.get(published.url + made.headers["location"], headers=key).status_code == 200
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/spot"}]
        assert "'/spot/openapi.json'" in client.get("/docs").text.replace('"', "'")
        assert httpx.get(f"{published.url}{prefix}/symbols").status_code == 401
