"""A disk that is full, and one that cannot be written: what cannot be kept is refused, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.service.codes import digest
from tests import pictures
from tests.api.test_bad_input import check
from tests.api.test_detect import PAGE, PLACES, found
from tests.api.test_operations import settled
from tests.api.test_symbols import own, register
from tests.forked import Forked
from tests.mounted import Disk, disk
from tests.stored import rows
from tests.stub import STEADY_WIDTH
from tests.watching import finished, send, sent, state, until

PLAN = ("plan.png", PAGE)
STEADY = ("steady.png", pictures.file(pictures.page([(10, 10)], width=STEADY_WIDTH, height=60)))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "disk", "4m") as mounted:
        yield mounted


def at(server: Forked) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=60)


def test_on_a_full_disk_reading_goes_on_and_writing_is_refused(small: Disk, tmp_path: Path) -> None:
    with Forked(tmp_path, DATA_DIR=small.folder) as server, at(server) as client:
        server.wait_until_ready()
        symbol = register(client, "ring").json()
        job = sent(client, [PLAN])
        before = finished(client, job)
        small.fill()
        for _ in range(3):
            check(register(client, "other", pictures.symbol(20)), 503, word="full")
            check(client.patch(f"/symbols/{symbol['id']}", json={"name": "bell"}), 503, word="full")
            check(send(client, [PLAN]), 503, word="space")
            check(send(client, [("large.png", PAGE + bytes(300_000))]), 503, word="space")
        assert own(client) == [symbol]
        assert found(client) == PLACES
        assert state(client, job) == before
        assert client.get(f"/jobs/{job}/result").status_code == 200
        assert client.get("/health/ready").status_code == 200
        small.free()
        assert register(client, "other", pictures.symbol(20)).status_code == 201
        assert finished(client, sent(client, [PLAN]))["status"] == "done"
        assert {path.name for path in (small.folder / "jobs").iterdir() if path.is_dir()} == {job, *jobs(small)}
        ids = [row[0] for row in rows(f"sqlite:///{small.folder}/catalogue.db", "SELECT id FROM examples ORDER BY id")]
        assert client.get("/health/ready").json()["index"]["digest"] == digest(ids)
        assert server.stop()


def jobs(small: Disk) -> set[str]:
    return {job for (job,) in rows(f"sqlite:///{small.folder}/catalogue.db", "SELECT id FROM jobs")}


def test_a_job_waits_while_the_disk_is_full(small: Disk, tmp_path: Path) -> None:
    with Forked(tmp_path, DATA_DIR=small.folder) as server, at(server) as client:
        server.wait_until_ready()
        register(client, "ring")
        job = sent(client, [STEADY, PLAN])
        until(client, job, lambda found: found["status"] == "running")
        small.fill()
        told = "jobs wait"
        while told not in server.log.read_text():
            assert state(client, job)["status"] == "running"
        small.free()
        done = finished(client, job)
        assert (done["status"], done["pages_done"], [each["errors"] for each in done["files"]]) == ("done", 2, [[], []])


def test_a_disk_that_cannot_be_written_is_told_and_used_once_it_can(small: Disk, tmp_path: Path) -> None:
    with Forked(tmp_path, DATA_DIR=small.folder) as server, at(server) as client:
        server.wait_until_ready()
        symbol = register(client, "ring").json()
        assert server.stop()
    small.remount("ro")
    with Forked(tmp_path, DATA_DIR=small.folder) as server, at(server) as client:
        server.wait_until_live()
        ready = settled(client)
        assert ready.status_code == 503
        assert "catalogue" in ready.json()["problems"]
        check(register(client, "other"), 503)
        check(send(client, [PLAN]), 503)
        check(client.post("/detect", files={"file": PAGE}), 503)
        small.remount("rw")
        server.wait_until_ready()
        assert own(client) == [symbol]
        assert register(client, "other").status_code == 201
        assert finished(client, sent(client, [PLAN]))["status"] == "done"
        assert server.stop()


def test_without_a_place_for_the_data_the_server_says_so(small: Disk, tmp_path: Path) -> None:
    small.remount("ro")
    with Forked(tmp_path, DATA_DIR=small.folder / "data") as server, at(server) as client:
        server.wait_until_live()
        assert "Read-only file system" in settled(client).json()["problems"]["catalogue"]
