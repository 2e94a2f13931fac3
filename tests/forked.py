"""Servers that start at once: each is forked from a process that has imported all that it needs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from app.cli import main
from app.service.engine import load_engine
from tests.server import REAL, ROOT, Server
from tests.stub import load


class Forked(Server):
    """A server as `Server` starts it, in a tenth of the time from the second on."""

    def _started(self, module: tuple[str, ...], environment: Mapping[str, str]) -> Child:
        return Child(_nursery(module == REAL), module == REAL, dict(environment), self.log)


class Child:
    """What is asked of a subprocess.Popen, for a process forked by another one."""

    def __init__(self, context: ForkServerContext, real: bool, environment: dict[str, str], log: Path) -> None:
        self._process: ForkServerProcess = context.Process(target=_serve, args=(real, environment, log))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked server", timeout or 0)
        return self._process.exitcode


def _nursery(real: bool) -> ForkServerContext:
    """Where they are forked; the first that asks says what it imports. torch that has not run yet can be forked."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *(["app.engine.weights"] if real else [])])
    return context


def _serve(real: bool, environment: dict[str, str], log: Path) -> None:
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.exit(main(["serve"], load_engine if real else load))
