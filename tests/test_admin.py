"""The command line's part for operators, around the stub detector."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import main
from app.serve import is_loopback
from tests.stub import load


@pytest.fixture(autouse=True)
def _settings(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(data_dir))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints; it must succeed."""
    status, said = main(arguments, load), capsys.readouterr()
    assert status == 0, said.err
    return said.out.strip()


def fail(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says on the error stream; it must fail."""
    assert main(arguments, load) == 1
    return capsys.readouterr().err


def test_keys_are_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    secret = run(capsys, "keys", "create", "site office", "--scope", "read")
    identity = secret.split("_")[1]
    assert len(secret.split("_", 2)[2]) == 43  # 256 bits
    assert "is taken" in fail(capsys, "keys", "create", "site office")
    both = run(capsys, "keys", "create", "both").split("_")[1]
    listed = run(capsys, "keys", "list")
    assert secret not in listed
    first, second = (line.split() for line in listed.splitlines()[1:])
    assert (first[:4], first[-1]) == ([identity, "site", "office", "read"], "valid")
    assert (second[:3], second[-1]) == ([both, "both", "read,write"], "valid")
    run(capsys, "keys", "revoke", "site office")
    run(capsys, "keys", "revoke", both)
    assert [line.split()[-1] for line in run(capsys, "keys", "list").splitlines()[1:]] == ["revoked", "revoked"]
    assert "no valid key" in fail(capsys, "keys", "revoke", both)
    assert run(capsys, "keys", "create", "site office")


def test_a_blank_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "blank" in fail(capsys, "keys", "create", " ")


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that would have been listened on."""
    hosts: list[str] = []
    monkeypatch.setattr("app.serve.run", lambda app, host, port: hosts.append(host))
    monkeypatch.setattr("app.serve.logs.set_up", lambda level: None)
    return hosts


def test_without_keys_it_listens_on_this_machine_only(
    bound: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no API key" in fail(capsys, "serve", "--host", "0.0.0.0")
    monkeypatch.setenv("PLANSPOT_HOST", "::")
    assert "no API key" in fail(capsys, "serve")
    run(capsys, "serve", "--host", "127.0.0.1")
    monkeypatch.setenv("PLANSPOT_ALLOW_KEYLESS", "true")
    run(capsys, "serve")
    monkeypatch.delenv("PLANSPOT_ALLOW_KEYLESS")
    run(capsys, "keys", "create", "x")
    run(capsys, "serve", "--host", "0.0.0.0")
    assert bound == ["127.0.0.1", "::", "0.0.0.0"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")],
        *[(host, False) for host in ("0.0.0.0", "::", "10.0.0.7", "planspot.example", "", "localhost.example")],
    ],
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
