"""The coverage-guided fuzzer runs, and tells a file that fails from one that is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris is for Linux on x86-64")

BROKEN = """
import sys
from app.engine import drawing
drawing.kind_of = lambda data: {}[len(data)]
from benchmarks import fuzz
fuzz.main()
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_files_that_are_refused_are_no_failures(tmp_path: Path) -> None:
    done = run("-m", "benchmarks.fuzz", "--seconds", "3", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Done" in done.stderr
    assert len(list((tmp_path / "corpus").iterdir())) > 40  # more than it began with
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


@pytest.mark.slow
def test_an_exception_that_nobody_expects_is_one(tmp_path: Path) -> None:
    done = run("-c", BROKEN, "--seconds", "3", "--out", str(tmp_path))
    assert done.returncode != 0
    assert "KeyError" in done.stdout + done.stderr
    assert any(path.name.startswith("crash-") for path in tmp_path.iterdir())
