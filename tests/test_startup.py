"""The benchmark of starts fills catalogues of its own, and can fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import startup


def test_each_catalogue_is_filled_and_timed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["startup", "--symbols", "2", "1", "--times", "1", "--module", "tests.stub"])
    assert startup.main() == 0
    seconds = json.loads(capsys.readouterr().out.splitlines()[-1])["seconds"]
    assert list(seconds) == ["1", "2"]
    assert all(value > 0 for value in seconds.values())


def test_a_start_that_grows_with_the_symbols_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[int] = []

    def fill(folder: Path, symbols: int, module: object) -> None:
        filled.append(symbols)

    monkeypatch.setattr(startup, "fill", fill)
    monkeypatch.setattr(startup, "seconds_to_ready", lambda folder, module: 3.0 if folder.name == "1" else 5.1)
    monkeypatch.setattr(sys, "argv", ["startup", "--symbols", "1000", "1"])
    assert startup.main() == 1
    assert filled == [1, 1000]
