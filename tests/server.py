"""A server in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import httpx

ROOT = Path(__file__).parent.parent
STUB = ("tests.stub",)
REAL = ("app", "serve")


class Process(Protocol):
    """A process as subprocess.Popen has it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def terminate(self) -> None: ...
    def wait(self, timeout: float | None = ...) -> int: ...


class Server:
    """`planspot serve` on a free port; settings as keywords, without the prefix. Output goes to a file beside the data."""

    def __init__(self, data: Path, module: tuple[str, ...] = STUB, **settings: object) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        given = {"DATA_DIR": data, "PORT": port, **({"WEIGHTS": data / "stub"} if module == STUB else {}), **settings}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANSPOT_")}
        environment = kept | {f"PLANSPOT_{name}": str(value) for name, value in given.items()} | {"OMP_NUM_THREADS": "1"}
        self.log = data / "server.log"
        self.process = self._started(module, environment)

    def _started(self, module: tuple[str, ...], environment: Mapping[str, str]) -> Process:
        command = [sys.executable, "-m", *module]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def wait_until_live(self, seconds: float = 60) -> None:
        self._wait("/health/live", seconds)

    def wait_until_ready(self, seconds: float = 120) -> None:
        self._wait("/health/ready", seconds)

    def kill(self) -> None:
        """As a crash would: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> bool:
        """As an operator would; whether it ended as it should: uvicorn hands the signal on once all is closed."""
        self.process.terminate()
        return self.process.wait(timeout=60) in {0, -signal.SIGTERM}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.kill()

    def _wait(self, path: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        # without certificates, which take longer to read than a server to answer
        with httpx.Client(base_url=self.url, timeout=5, verify=False) as client:
            while time.monotonic() < end:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the server ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
                with suppress(httpx.TransportError):
                    if client.get(path).status_code == 200:
                        return
                time.sleep(0.03)
        raise TimeoutError(f"{path} was not answered 200: {self.log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
