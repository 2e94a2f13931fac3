"""/metrics, and the dashboard that is drawn from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.service.meters import Meters
from tests import pictures
from tests.api.test_symbols import register
from tests.server import ROOT, Server

DASHBOARD: dict[str, Any] = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
DRAWING = pictures.file(pictures.page([(10, 10), (200, 100)]))
# of PromQL, in use here; anything else in a query must be a metric
WORDS = {"sum", "min", "max", "rate", "histogram_quantile", "avg_over_time", "by"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def families(client: httpx.Client) -> list[Metric]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return list(text_string_to_metric_families(answer.text))


def samples(client: httpx.Client) -> Samples:
    return {(each.name, frozenset(each.labels.items())): each.value for family in families(client) for each in family.samples}


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """By how much the samples of this name, with at least these labels, have grown in sum."""
    return total(after, name, **labels) - total(before, name, **labels)


def total(found: Samples, name: str, **labels: str) -> float:
    return sum(value for (each, has), value in found.items() if each == name and labels.items() <= dict(has).items())


def test_a_detection_is_measured(client: httpx.Client) -> None:
    register(client, "H")
    before = samples(client)
    assert client.post("/detect", files={"file": DRAWING}).status_code == 200
    assert client.post("/detect", files={"file": b"nonsense"}).status_code == 415
    after = samples(client)
    for status in ("200", "415"):
        labels = {"route": "/detect", "method": "POST", "status": status}
        assert grown(before, after, "planspot_http_requests_total", **labels) == 1
    assert grown(before, after, "planspot_http_request_seconds_count", route="/detect") == 2
    assert grown(before, after, "planspot_queue_wait_seconds_count", urgency="detection") == 1
    assert grown(before, after, "planspot_pages_searched_total") == 1
    assert grown(before, after, "planspot_detections_total", band="certain") == 2
    for stage, seconds in {"embed": 0.0001, "search": 0.0002, "verify": 0.0003}.items():
        assert grown(before, after, "planspot_stage_seconds_count", stage=stage) == 1
        assert grown(before, after, "planspot_stage_seconds_sum", stage=stage) == pytest.approx(seconds)
    assert grown(before, after, "planspot_stage_seconds_sum", stage="decode") > 0


def test_the_state_is_told(client: httpx.Client) -> None:
    register(client, "H")
    before = samples(client)
    register(client, "G")
    after = samples(client)
    assert total(after, "planspot_ready") == 1
    assert total(after, "planspot_symbols", origin="user") == 2
    assert total(after, "planspot_symbols", origin="reference") == 2
    assert total(after, "planspot_index_examples") == 2
    assert grown(before, after, "planspot_index_version") == 1
    assert total(after, "planspot_index_version") == client.get("/health/ready").json()["index"]["version"]
    assert (total(after, "planspot_queue_places"), total(after, "planspot_queue_taken")) == (4, 0)
    assert total(after, "planspot_model_info", model="stub", device="cpu") == 1


def test_the_number_of_series_is_bounded(client: httpx.Client) -> None:
    def ask(n: int) -> None:
        client.get(f"/symbols/{n}")
        client.get(f"/no/such/page/{n}")
        client.request(f"M{n}", "/symbols")
        client.delete(f"/symbols/{n}/examples/{n}", headers={"X-Request-ID": str(n)})

    ask(0)
    before = set(samples(client))
    for n in range(1, 30):
        ask(n)
    assert set(samples(client)) == before
    routes = {dict(labels)["route"] for name, labels in before if name == "planspot_http_requests_total"}
    assert {"/symbols/{symbol_id}", "/symbols/{symbol_id}/examples/{example_id}", "none"} <= routes


def test_what_cannot_be_told_is_left_out(tmp_path: Path) -> None:
    with Server(tmp_path, WEIGHTS=tmp_path / "broken") as server, httpx.Client(base_url=server.url) as client:
        server.wait_until_live()
        found = samples(client)
        assert (total(found, "planspot_ready"), total(found, "planspot_symbols", origin="user")) == (0, 0)
        assert {name for name, _ in found}.isdisjoint({"planspot_index_examples", "planspot_model_info"})


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def named(query: str) -> set[str]:
    """The metrics that a query names: its words outside of selectors, ranges and groupings, less those of PromQL."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)", " ", query)
    return set(re.findall(r"[a-z_][a-z0-9_:]*", bare)) - WORDS


def labels_of(query: str) -> set[str]:
    """The labels that a query selects or groups by."""
    selected = {label for part in re.findall(r"\{([^}]*)\}", query) for label in re.findall(r"(\w+)\s*[=!]", part)}
    grouped = {label.strip() for part in re.findall(r"\bby \(([^)]*)\)", query) for label in part.split(",")}
    return selected | grouped


@pytest.mark.parametrize("query", queries())
def test_the_dashboard_asks_for_what_is_there(query: str, client: httpx.Client) -> None:
    register(client, "H")
    client.post("/detect", files={"file": DRAWING})
    found = [(each.name, set(each.labels)) for family in families(client) for each in family.samples]
    assert named(query)
    assert named(query) <= {name for name, _ in found}
    known = set[str]().union(*(labels for name, labels in found if name in named(query)))
    assert labels_of(query) <= known | {"instance"}


def test_every_metric_of_ours_is_documented(client: httpx.Client) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    ours = {family.name for family in families(client) if family.name.startswith("planspot_")}
    documented = {re.sub(r"_total$", "", name) for name in re.findall(r"^\| `(planspot_\w+)", text, re.MULTILINE)}
    assert ours == documented


def test_two_services_count_apart() -> None:
    first, second = Meters(), Meters()
    first.pages.inc()
    assert b"planspot_pages_searched_total 1.0" in first.exposition()
    assert b"planspot_pages_searched_total 0.0" in second.exposition()
