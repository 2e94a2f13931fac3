"""The container as an operator runs it: compose up, healthy, register and detect through the published port, restart.

Run where a Docker engine answers; builds the image, so the first run takes minutes and some 5 GB.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from benchmarks.demo import SAMPLE, read_sample
from benchmarks.server import checked, free_port

ROOT = Path(__file__).parent.parent.parent
HEALTHY_WITHIN = 300.0  # seconds

Compose = Callable[..., str]


def engine_answers() -> bool:
    return shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(not engine_answers(), reason="wants a Docker engine"),
]


def output(*command: str, **environment: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def compose_command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    return ["docker", "compose"] if plugin else ["docker-compose"]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def compose(port: int) -> Iterator[Compose]:
    # build machines often have a bridge without a way out
    output("docker", "build", "--network", "host", "--tag", "planspot:latest", ".")
    project = [*compose_command(), "--project-name", f"planspot-test-{uuid4().hex[:8]}"]

    def call(*arguments: str) -> str:
        return output(*project, *arguments, PLANSPOT_PORT=str(port))

    try:
        call("up", "--detach", "--no-build")
        yield call
    finally:
        call("down", "--volumes")


@pytest.fixture(scope="module")
def container(compose: Compose) -> str:
    identifier = compose("ps", "--quiet", "planspot").strip()
    wait_until_healthy(identifier)
    return identifier


def wait_until_healthy(container: str) -> None:
    until = time.monotonic() + HEALTHY_WITHIN
    while time.monotonic() < until:
        state = json.loads(output("docker", "inspect", "--format", "{{json .State}}", container))
        if state["Health"]["Status"] == "healthy":
            return
        assert state["Running"], output("docker", "logs", "--tail", "50", container)
        time.sleep(1)
    pytest.fail("not healthy in time:\n" + output("docker", "logs", "--tail", "50", container))


def cut(box: tuple[float, float, float, float]) -> bytes:
    """A part of the sample sheet as PNG: x, y, width, height."""
    x, y, width, height = box
    with Image.open(SAMPLE.with_suffix(".png")) as sheet:
        part = sheet.convert("RGB").crop((round(x), round(y), round(x + width), round(y + height)))
    png = io.BytesIO()
    part.save(png, "PNG")
    return png.getvalue()


def test_symbols_are_found_and_outlive_a_restart(container: str, compose: Compose, port: int) -> None:
    symbol = read_sample(SAMPLE)[0]
    x, y, width, height = symbol.copies[0]
    around = {"file": cut((x - 300, y - 200, width + 600, height + 400))}

    def found() -> list[dict[str, object]]:
        detections: list[dict[str, object]] = checked(client.post("/detect", files=around)).json()["detections"]
        return detections

    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
        checked(client.post("/symbols", data={"name": "found in the container"}, files={"file": cut(symbol.example)}))
        before = found()
        assert before
        compose("restart")
        wait_until_healthy(container)
        assert found() == before


def test_it_runs_without_privileges(container: str) -> None:
    assert output("docker", "exec", container, "python", "-c", "import os; print(os.getuid())").strip() != "0"
    state = json.loads(output("docker", "inspect", container))[0]
    assert state["HostConfig"]["ReadonlyRootfs"]
    assert {binding["HostIp"] for binding in state["NetworkSettings"]["Ports"]["8000/tcp"]} == {"127.0.0.1"}


def test_training_packages_stay_outside(container: str) -> None:
    code = "import importlib.util as u; print([m for m in ('cv2', 'sklearn', 'matplotlib', 'training') if u.find_spec(m)])"
    assert output("docker", "exec", container, "python", "-c", code).strip() == "[]"
