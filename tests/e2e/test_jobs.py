"""Jobs across stops, restarts and kill -9, and what time takes away."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from app.service.runner import TRIES
from tests import pictures
from tests.api.test_detect import PAGE
from tests.api.test_symbols import register
from tests.e2e.test_load import peak
from tests.server import Server
from tests.stored import rows
from tests.stub import SLOW_SECONDS, SLOW_WIDTH
from tests.watching import ENDED, events, finished, send, sent, state, until

PAGES = 120
KILLS = 5
LONG = ("long.tiff", pictures.pages([pictures.page([(2 * n, 20)]) for n in range(1, PAGES + 1)], "TIFF"))
SLOW = ("slow.png", pictures.file(pictures.page([(10, 10)], width=SLOW_WIDTH, height=60)))
PLAN = ("plan.png", PAGE)


def kept_pages(url: str) -> dict[tuple[int, int], str]:
    """The results of pages that are done, as they are stored: their timings tell one search from another."""
    done = rows(url, "SELECT file, number, result FROM job_pages WHERE done")
    return {(file, number): result for file, number, result in done}


def check_long(client: httpx.Client, job: str) -> None:
    (file,) = client.get(f"/jobs/{job}/result").json()["files"]
    assert [each["page"] for each in file["pages"]] == list(range(1, PAGES + 1))
    assert [(each["page"], each["box"]["x"]) for each in file["detections"]] == [(n, 2 * n) for n in range(1, PAGES + 1)]


@pytest.mark.slow
def test_a_job_outlives_kills_and_each_page_is_done_once(tmp_path: Path, database_url: str) -> None:
    job, kept, before = "", dict[tuple[int, int], str](), 0
    for cycle in range(KILLS):
        with Server(tmp_path, DATABASE_URL=database_url) as server, httpx.Client(base_url=server.url, timeout=30) as client:
            server.wait_until_ready()
            if cycle == 0:
                register(client, "ring")
                job = sent(client, [LONG])
            found = state(client, job)
            assert found["pages_done"] >= before
            found = until(client, job, lambda found: found["pages_done"] > before + 3 or found["status"] in ENDED)  # noqa: B023
            before = found["pages_done"]
            server.kill()
        now = kept_pages(database_url)
        assert kept.items() <= now.items()
        assert len(now) >= before
        kept = now
    assert before < PAGES, "the job was done before it could be killed"
    with Server(tmp_path, DATABASE_URL=database_url) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        done = finished(client, job)
        assert (done["status"], done["pages_done"], done["pages_total"]) == ("done", PAGES, PAGES)
        check_long(client, job)
        assert kept.items() <= kept_pages(database_url).items()
        assert server.stop()


def test_what_was_answered_202_is_there_after_a_kill(tmp_path: Path, database_url: str) -> None:
    with Server(tmp_path, DATABASE_URL=database_url) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        sent(client, [SLOW])
        response = send(client, [PLAN], key="again")
        server.kill()
    with Server(tmp_path, DATABASE_URL=database_url) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        assert send(client, [PLAN], key="again").json() == response.json()
        job = response.json()["id"]
        assert state(client, job)["status"] == "queued"
        assert client.delete(f"/jobs/{job}").status_code == 204
        assert state(client, job)["status"] == "cancelled"
    with Server(tmp_path, DATABASE_URL=database_url) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        assert state(client, job)["status"] == "cancelled"
        assert not (tmp_path / "jobs" / job).exists()


def test_a_stop_leaves_the_page_and_ends_the_events(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        job = sent(client, [SLOW, PLAN])
        until(client, job, lambda found: found["status"] == "running")
        with client.stream("GET", f"/jobs/{job}/events") as response:
            told = events(response)
            next(told)
            began = time.monotonic()
            assert server.stop()
            assert time.monotonic() - began < 0.7 * SLOW_SECONDS
            assert list(told) == []
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        assert (state(client, job)["status"], state(client, job)["pages_done"]) == ("running", 0)
        client.delete(f"/jobs/{job}")


@pytest.mark.slow
def test_other_weights_go_on_with_the_job(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        job = sent(client, [LONG])
        until(client, job, lambda found: found["pages_done"] > 0)
        server.kill()
    with Server(tmp_path, WEIGHTS=tmp_path / "stub-other") as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        assert finished(client, job)["status"] == "done"
        check_long(client, job)
        assert client.get(f"/jobs/{job}/result").json()["files"][0]["model"] == "stub, stub-other"


def test_a_job_waits_while_weights_cannot_be_used(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        sent(client, [SLOW])
        job = sent(client, [PLAN])
        server.kill()
    with Server(tmp_path, WEIGHTS=tmp_path / "broken") as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_live()
        assert state(client, job)["status"] == "queued"
        assert send(client, [PLAN]).status_code == 503


def test_a_page_that_brings_the_server_down_again_and_again_is_given_up(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        job = sent(client, [SLOW, PLAN])
        begun = f"sqlite:///{tmp_path / 'catalogue.db'}", "SELECT tries FROM job_pages WHERE tries"
        until(client, job, lambda _: rows(*begun) == [(1,)])
        server.kill()
    with sqlite3.connect(tmp_path / "catalogue.db") as database:
        database.execute("UPDATE job_pages SET tries = ? WHERE tries", [TRIES])
    database.close()
    with Server(tmp_path) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        done = finished(client, job)
        assert (done["status"], done["pages_done"]) == ("done", 2)
        assert [len(each["errors"]) for each in done["files"]] == [1, 0]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_large_uploads_go_to_the_disk(tmp_path: Path) -> None:
    with (
        Server(tmp_path, MAX_BYTES=5_000_000, MAX_JOB_BYTES=200_000_000) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        server.wait_until_ready()
        register(client, "ring")
        finished(client, sent(client, [PLAN]))
        before = peak(server)
        response = send(client, [("large.png", PAGE + bytes(120_000_000))])
        assert (response.status_code, response.json()["limit"]) == (413, 5_000_000)
        long_name = "s" * 70_000
        assert send(client, [PLAN], symbols=long_name).status_code == 400
        assert peak(server) - before < 40_000_000


def test_a_job_that_ended_is_kept_for_its_time(tmp_path: Path) -> None:
    with Server(tmp_path, JOB_HOURS=2 / 3600) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.wait_until_ready()
        register(client, "ring")
        job = sent(client, [PLAN])
        finished(client, job)
        end = time.monotonic() + 30
        while client.get(f"/jobs/{job}").status_code == 200 and time.monotonic() < end:
            time.sleep(0.1)
        assert client.get(f"/jobs/{job}").status_code == 404
        while (tmp_path / "jobs" / job).exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert not (tmp_path / "jobs" / job).exists()


def test_files_that_a_crash_left_without_a_job_are_tidied_away(tmp_path: Path) -> None:
    old, new = tmp_path / "jobs" / "0123456789abcdef", tmp_path / "jobs" / "fedcba9876543210"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "0").write_bytes(PAGE)
    os.utime(old, (0, 0))
    with Server(tmp_path) as server:
        server.wait_until_ready()
        end = time.monotonic() + 30
        while old.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert not old.exists()
        assert new.exists()


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False], ids=["one folder", "a folder each"])
def test_two_servers_on_one_catalogue_do_each_page_once(tmp_path: Path, database_url: str, shared: bool) -> None:
    one, two = (tmp_path, tmp_path) if shared else (tmp_path / "one", tmp_path / "two")
    with Server(one, DATABASE_URL=database_url) as first, Server(two, DATABASE_URL=database_url) as second:
        for server in (first, second):
            server.wait_until_ready()
        with httpx.Client(base_url=first.url, timeout=30) as client, httpx.Client(base_url=second.url, timeout=30) as other:
            register(client, "ring")
            jobs = [sent(client, [LONG]), sent(other, [PLAN])]
            for job in jobs:
                assert finished(client, job) == finished(other, job)
            check_long(other, jobs[0])
            assert client.get(f"/jobs/{jobs[1]}/result").json() == other.get(f"/jobs/{jobs[1]}/result").json()
            drawn = other.get(f"/jobs/{jobs[0]}/result", params={"format": "pdf"})
            assert drawn.status_code == (200 if shared else 404)
