"""Sending jobs and watching them over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx

from tests import pictures
from tests.stub import SLOW_WIDTH

SLOW = ("slow.png", pictures.file(pictures.page([(10, 10)], width=SLOW_WIDTH, height=60)))  # a drawing that takes long

Job = dict[str, Any]
File = tuple[str, bytes]

ENDED = {"done", "failed", "cancelled"}
PATIENCE = 60.0  # seconds; far more than any of it takes


def send(client: httpx.Client, files: Sequence[File], key: str | None = None, **fields: object) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/jobs", data=fields, files=[("file", file) for file in files], headers=headers)


def sent(client: httpx.Client, files: Sequence[File], **fields: object) -> str:
    """The id of a job that was taken."""
    response = send(client, files, **fields)  # type: ignore[arg-type]
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def state(client: httpx.Client, job: str) -> Job:
    response = client.get(f"/jobs/{job}")
    assert response.status_code == 200, response.text
    found: Job = response.json()
    return found


def until(client: httpx.Client, job: str, fits: Callable[[Job], bool], patience: float = PATIENCE) -> Job:
    """The job once it fits."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if fits(found := state(client, job)):
            return found
        time.sleep(0.02)
    raise TimeoutError(f"the job stayed as it is: {found}")


def finished(client: httpx.Client, job: str, patience: float = PATIENCE) -> Job:
    return until(client, job, lambda found: found["status"] in ENDED, patience)


def events(response: httpx.Response) -> Iterator[tuple[str, Job]]:
    """(id, data) of each event, as the standard has them read."""
    name, data = "", ""
    for line in response.iter_lines():
        if line.startswith("id: "):
            name = line[4:]
        elif line.startswith("data: "):
            data += line[6:]
        elif not line and data:
            yield name, json.loads(data)
            name, data = "", ""
