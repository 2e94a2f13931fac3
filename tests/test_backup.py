"""Backups are whole while the service writes, restores are refused while it runs, exports can be read by others."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from app.cli import main
from tests import pictures
from tests.api.test_symbols import own, register
from tests.server import Server
from tests.stub import load
from tests.test_admin import fail, run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def server(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose catalogue the command line uses too."""
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(data_dir))
    with Server(data_dir) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def names(database: Path) -> set[str]:
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT name FROM symbols").fetchall()
    connection.close()
    return {name for (name,) in rows}


def test_a_backup_is_whole_while_symbols_are_registered(server: Server, tmp_path: Path, capsys: Capture) -> None:
    answered: list[str] = []
    enough = threading.Event()

    def write() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while not enough.is_set():
                name = f"symbol {len(answered)}"
                assert register(client, name).status_code == 201
                answered.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    backup = tmp_path / "backup.db"
    try:
        for _ in range(5):
            before = set(answered)
            run(capsys, "backup", str(backup))
            assert before <= names(backup) <= {*answered, f"symbol {len(answered)}"}
            assert sorted(tmp_path.glob("backup*")) == [backup]
    finally:
        enough.set()
        writer.join()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_restore_brings_back_what_was(server: Server, client: httpx.Client, tmp_path: Path, capsys: Capture) -> None:
    symbol = register(client, "H").json()
    backup = tmp_path / "backup.db"
    run(capsys, "backup", str(backup))
    client.delete(f"/symbols/{symbol['id']}")
    register(client, "G")
    assert "Stop the service" in fail(capsys, "restore", str(backup))
    assert [each["name"] for each in own(client)] == ["G"]
    assert server.stop()
    assert main(["restore", str(backup)], load) == 0
    kept = server.data / "catalogue.db.before-restore"
    assert str(kept) in capsys.readouterr().err
    assert names(kept) == {"G"}
    assert backup.exists()
    with Server(server.data) as again, httpx.Client(base_url=again.url, timeout=30) as client:
        again.wait_until_ready()
        assert own(client) == [symbol]
        drawing = pictures.file(pictures.page([(10, 10)]))
        assert client.post("/detect", files={"file": drawing}).json()["counts"][0]["count"] == 1


def test_a_restore_starts_a_catalogue_where_there_is_none(
    server: Server, client: httpx.Client, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, "H")
    run(capsys, "backup", str(tmp_path / "backup.db"))
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(tmp_path / "other"))
    run(capsys, "restore", str(tmp_path / "backup.db"))
    assert names(tmp_path / "other" / "catalogue.db") == {"H"}


def test_a_broken_catalogue_is_replaced(server: Server, client: httpx.Client, tmp_path: Path, capsys: Capture) -> None:
    register(client, "H")
    run(capsys, "backup", str(tmp_path / "backup.db"))
    assert server.stop()
    catalogue = server.data / "catalogue.db"
    catalogue.write_bytes(b"nonsense" * 1000)
    catalogue.chmod(0o640)
    run(capsys, "restore", str(tmp_path / "backup.db"))
    assert names(catalogue) == {"H"}
    assert stat.S_IMODE(catalogue.stat().st_mode) == 0o640


@pytest.fixture
def _alone(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No service runs; there is a catalogue with a key in it."""
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(data_dir))
    assert main(["keys", "create", "x"], load) == 0


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.close()


@pytest.mark.usefixtures("_alone")
def test_what_is_no_backup_changes_nothing(data_dir: Path, tmp_path: Path, capsys: Capture) -> None:
    before = (data_dir / "catalogue.db").read_bytes()
    backup, cut = tmp_path / "backup.db", tmp_path / "cut.db"
    run(capsys, "backup", str(backup))
    cut.write_bytes(backup.read_bytes()[:-5000])
    (tmp_path / "nonsense.db").write_bytes(b"nonsense" * 1000)
    (tmp_path / "empty.db").touch()
    other_database(tmp_path / "other.db")
    for name in ("cut", "nonsense", "empty", "other"):
        assert f"{name}.db is no backup" in fail(capsys, "restore", str(tmp_path / f"{name}.db"))
    assert "missing.db" in fail(capsys, "restore", str(tmp_path / "missing.db"))
    assert (data_dir / "catalogue.db").read_bytes() == before
    assert [path.name for path in data_dir.iterdir() if ".new" in path.name] == []


def test_what_cannot_be_backed_up_is_told(
    data_dir: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(data_dir))
    assert "no catalogue yet" in fail(capsys, "backup", str(tmp_path / "b.db"))
    data_dir.mkdir()
    (data_dir / "catalogue.db").write_bytes(b"nonsense" * 1000)
    (tmp_path / "b.db").write_text("older")
    assert "not a database" in fail(capsys, "backup", str(tmp_path / "b.db"))
    assert (tmp_path / "b.db").read_text() == "older"
    monkeypatch.setenv("PLANSPOT_DATABASE_URL", "postgresql+psycopg://user:secret@db/planspot")
    said = fail(capsys, "backup", str(tmp_path / "b.db")) + fail(capsys, "restore", str(tmp_path / "b.db"))
    assert said.count("tools of your database") == 2
    assert "secret" not in said
    assert os.listdir(tmp_path / "data") == ["catalogue.db"]


def test_an_export_has_every_picture(client: httpx.Client, tmp_path: Path, capsys: Capture) -> None:
    name = "../valve: ½″ / \u6d88\u706b"
    symbol = register(client, name).json()
    shot = {"files": {"file": pictures.symbol(20)}, "data": {"kind": "negative"}}
    symbol = client.post(f"/symbols/{symbol['id']}/examples", **shot).json()  # type: ignore[arg-type]
    register(client, "G")
    folder = tmp_path / "out" / "symbols"
    run(capsys, "export", str(folder))
    listing = json.loads((folder / "symbols.json").read_text(encoding="utf-8"))
    assert listing["format"] == 1
    first, second = listing["symbols"]
    assert (first["id"], first["name"], second["name"]) == (symbol["id"], name, "G")
    assert [each["kind"] for each in first["examples"]] == ["positive", "negative"]
    for each in first["examples"] + second["examples"]:
        with Image.open(folder / each["file"]) as picture:
            assert picture.size == (each["width"], each["height"])
    image = client.get(f"/symbols/{symbol['id']}/image").content
    assert (folder / first["examples"][0]["file"]).read_bytes() == image
    assert Image.open(io.BytesIO(image)).size == (pictures.SIDE, pictures.SIDE)
    assert len(list((folder / "pictures").iterdir())) == 3
    assert "not an empty folder" in fail(capsys, "export", str(folder))
