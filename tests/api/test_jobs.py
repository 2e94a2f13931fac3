"""/jobs over HTTP."""

from __future__ import annotations

import csv
import time
from io import BytesIO, StringIO
from pathlib import Path

import httpx
import pypdfium2 as pdfium
import pytest
from openpyxl import load_workbook
from PIL import Image

from tests import pictures
from tests.api.test_bad_input import check
from tests.api.test_detect import PAGE, PLACES, detect
from tests.api.test_symbols import Form, register
from tests.server import Server
from tests.stub import SLOW_SECONDS
from tests.watching import SLOW, events, finished, send, sent, state

PLAN = ("plan.png", PAGE)
SHEETS = ("sheets.tiff", pictures.pages([pictures.page([(10 * n, 20)]) for n in range(1, 7)], "TIFF"))
BROKEN_PAGE = pictures.pages([pictures.page([(10, 10)]), pictures.page([]), pictures.page([])], "TIFF", compression="tiff_lzw")


def folders(server: Server) -> set[str]:
    return {path.name for path in (server.data / "jobs").iterdir() if path.is_dir()}


def test_many_files_are_searched_as_detect_would(ready: httpx.Client) -> None:
    response = send(ready, [PLAN, SHEETS])
    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/jobs/{job['id']}"
    assert (job["status"], job["pages_done"], job["pages_total"], job["ended_at"]) == ("queued", 0, 7, None)
    done = finished(ready, job["id"])
    assert (done["status"], done["pages_done"], done["pages_total"], done["detail"]) == ("done", 7, 7, None)
    assert done["files"] == [
        {"file": "plan.png", "pages_done": 1, "pages_total": 1, "errors": []},
        {"file": "sheets.tiff", "pages_done": 6, "pages_total": 6, "errors": []},
    ]
    assert done["ended_at"] >= done["created_at"]
    plan, sheets = ready.get(f"/jobs/{job['id']}/result").json()["files"]
    assert plan | {"timings_ms": 0} == detect(ready).json() | {"timings_ms": 0, "file": "plan.png", "errors": []}
    assert [(each["page"], each["box"]["x"]) for each in sheets["detections"]] == [(n, 10 * n) for n in range(1, 7)]
    assert set(plan["timings_ms"]) == {"decode", "embed", "search", "verify", "total"}


def test_more_pages_than_detect_takes_are_a_job(ready: httpx.Client) -> None:
    refused = detect(ready, SHEETS[1])
    check(refused, 413, word="/jobs")
    assert finished(ready, sent(ready, [SHEETS]))["pages_done"] == 6


def test_the_fields_of_detect_hold(ready: httpx.Client) -> None:
    register(ready, "absent", pictures.symbol(24))
    fields: Form = {"symbols": "ring", "pages": "2-3", "region": "0,0,25,100", "min_score": "0.5"}
    job = sent(ready, [SHEETS], **fields)
    assert finished(ready, job)["pages_total"] == 2
    (file,) = ready.get(f"/jobs/{job}/result").json()["files"]
    assert [each["page"] for each in file["pages"]] == [2, 3]
    assert [each["symbol"] for each in file["counts"]] == ["ring"]
    assert file["detections"] == []
    wide = sent(ready, [SHEETS], **fields | {"region": ["0,0,45,100", "0,0,5,5"]})
    finished(ready, wide)
    (file,) = ready.get(f"/jobs/{wide}/result").json()["files"]
    assert [each["page"] for each in file["detections"]] == [2]


def test_a_region_outside_some_files_leaves_these_out(ready: httpx.Client) -> None:
    large = ("large.png", pictures.file(pictures.page([(500, 10)], width=600)))
    job = sent(ready, [PLAN, large], region="450,0,100,100")
    assert finished(ready, job)["pages_done"] == 2
    files = ready.get(f"/jobs/{job}/result").json()["files"]
    assert [len(each["detections"]) for each in files] == [0, 1]
    check(send(ready, [PLAN, PLAN], region="450,0,100,100"), 422, "region")


@pytest.fixture
def done(ready: httpx.Client) -> str:
    job = sent(ready, [PLAN, SHEETS])
    finished(ready, job)
    return job


def test_every_format_is_read_back(ready: httpx.Client, done: str) -> None:
    def result(kind: str) -> httpx.Response:
        response = ready.get(f"/jobs/{done}/result", params={"format": kind})
        assert response.status_code == 200, response.text
        return response

    rows = list(csv.DictReader(StringIO(result("csv").text, newline="")))
    assert [(row["file"], row["page"], row["mark"]) for row in rows] == [
        *(("plan.png", "1", f"A{n}") for n in (1, 2, 3)),
        *(("sheets.tiff", str(n), f"A{n + 3}") for n in range(1, 7)),
    ]
    book = load_workbook(BytesIO(result("xlsx").content))
    counts = [[cell.value for cell in row] for row in book["Counts"].iter_rows()]
    assert counts[0][6:] == ["plan.png, page 1", *(f"sheets.tiff, page {n}" for n in range(1, 7))]
    assert counts[1][6:] == [3, 1, 1, 1, 1, 1, 1]
    coco = result("coco").json()
    assert (len(coco["images"]), len(coco["annotations"])) == (7, 9)
    document = pdfium.PdfDocument(result("pdf").content)
    assert len(document) == 7
    document.close()
    assert result("json").json() == ready.get(f"/jobs/{done}/result", headers={"Accept": "application/json"}).json()


def test_a_png_shows_a_job_of_one_page(ready: httpx.Client, done: str) -> None:
    check(ready.get(f"/jobs/{done}/result", params={"format": "png"}), 422, "format", "`pdf`")
    single = sent(ready, [SHEETS], pages="2")
    finished(ready, single)
    response = ready.get(f"/jobs/{single}/result", headers={"Accept": "image/png"})
    with Image.open(BytesIO(response.content)) as image:
        assert image.width == 400


def test_a_result_in_no_known_format(ready: httpx.Client, done: str) -> None:
    check(ready.get(f"/jobs/{done}/result", params={"format": "gif"}), 422, "format")
    assert ready.get(f"/jobs/{done}/result", headers={"Accept": "image/gif"}).status_code == 406


def test_the_result_is_there_when_the_job_is_done(ready: httpx.Client, slow: str) -> None:
    check(ready.get(f"/jobs/{slow}/result"), 409, word="running: 0 of 1")


def test_a_running_job_is_cancelled_and_then_forgotten(ready: httpx.Client, slow: str, server: Server) -> None:
    waiting = sent(ready, [PLAN])
    assert {slow, waiting} <= folders(server)
    for job in (waiting, slow):
        assert ready.delete(f"/jobs/{job}").status_code == 204
        assert state(ready, job)["status"] == "cancelled"
        check(ready.get(f"/jobs/{job}/result"), 409, word="cancelled")
    assert not {slow, waiting} & folders(server)
    began = time.monotonic()
    assert finished(ready, sent(ready, [PLAN]))["status"] == "done"
    assert time.monotonic() - began < 0.7 * SLOW_SECONDS  # the slow page would have taken all of it
    assert state(ready, waiting)["pages_done"] == 0
    assert ready.delete(f"/jobs/{waiting}").status_code == 204
    check(ready.get(f"/jobs/{waiting}"), 404)


def test_deleting_a_job_that_is_done_takes_its_files_along(ready: httpx.Client, done: str, server: Server) -> None:
    assert done in folders(server)
    assert ready.delete(f"/jobs/{done}").status_code == 204
    assert done not in folders(server)
    for response in (ready.get(f"/jobs/{done}"), ready.get(f"/jobs/{done}/result"), ready.delete(f"/jobs/{done}")):
        check(response, 404)
    check(ready.get(f"/jobs/{done}/events"), 404)


def test_detect_goes_before_a_job_in_the_midst_of_its_page(ready: httpx.Client, slow: str) -> None:
    for _ in range(3):
        assert len(detect(ready).json()["detections"]) == 3
    assert register(ready, "other", pictures.symbol(20)).status_code == 201
    assert state(ready, slow)["status"] == "running"


def test_a_job_keeps_the_examples_that_it_was_sent_with(ready: httpx.Client, slow: str) -> None:
    symbol = register(ready, "two shots", pictures.symbol(24)).json()
    job = sent(ready, [PLAN], symbols="two shots")
    ready.post(f"/symbols/{symbol['id']}/examples", files={"file": pictures.symbol()})
    ready.delete(f"/jobs/{slow}")
    finished(ready, job)
    assert ready.get(f"/jobs/{job}/result").json()["files"][0]["detections"] == []


def test_a_job_whose_symbol_is_deleted_fails_and_says_so(ready: httpx.Client, slow: str) -> None:
    symbol = register(ready, "short-lived", pictures.symbol(24)).json()
    job = sent(ready, [PLAN])
    ready.delete(f"/symbols/{symbol['id']}")
    ready.delete(f"/jobs/{slow}")
    failed = finished(ready, job)
    assert failed["status"] == "failed"
    assert "'short-lived'" in failed["detail"]
    check(ready.get(f"/jobs/{job}/result"), 409, word="'short-lived'")


def test_events_tell_each_change_until_the_end(ready: httpx.Client, slow: str) -> None:
    job = sent(ready, [SHEETS])
    with ready.stream("GET", f"/jobs/{job}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = events(response)
        _, first = next(told)
        assert (first["status"], first["pages_done"]) == ("queued", 0)
        ready_to_go = httpx.Client(base_url=ready.base_url)
        ready_to_go.delete(f"/jobs/{slow}")
        ready_to_go.close()
        rest = list(told)
    done = [each["pages_done"] for _, each in rest]
    assert done == sorted(done)
    last_id, last = rest[-1]
    assert last == state(ready, job)
    assert last["status"] == "done"
    again = ready.get(f"/jobs/{job}/events", headers={"Last-Event-ID": last_id})
    assert (again.status_code, again.content) == (204, b"")
    with ready.stream("GET", f"/jobs/{job}/events", headers={"Last-Event-ID": "running-2"}) as response:
        assert [each for _, each in events(response)] == [last]


def test_who_watches_is_told_of_a_cancellation(ready: httpx.Client, slow: str, server: Server) -> None:
    with ready.stream("GET", f"/jobs/{slow}/events") as response:
        told = events(response)
        assert next(told)[1]["status"] == "running"
        httpx.delete(f"{server.url}/jobs/{slow}")
        assert [each["status"] for _, each in told] == ["cancelled"]


def test_places_in_a_job_are_those_of_the_page(ready: httpx.Client, done: str) -> None:
    (plan, _) = ready.get(f"/jobs/{done}/result").json()["files"]
    assert [(each["box"]["x"], each["box"]["y"]) for each in plan["detections"]] == PLACES


def test_drawings_are_kept_in_the_data_folder_only(ready: httpx.Client, slow: str, server: Server) -> None:
    folder = server.data / "jobs" / slow
    assert [path.read_bytes() for path in folder.iterdir()] == [SLOW[1]]
    assert not list(Path(server.data).glob("**/*slow*"))
    assert "slow.png" not in server.log.read_text()
