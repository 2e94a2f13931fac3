"""kill -9 while the server registers: what was answered 201 is there afterwards, and the index equals the catalogue.

pytest tests/e2e/test_crash.py --crash-cycles 200
pytest tests/e2e/test_crash.py --crash-cycles 20 --crash-encoder real
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.service.codes import digest
from tests import pictures
from tests.server import REAL, STUB, Server
from tests.stored import rows

CLIENTS = 3
LONGEST = 0.4  # seconds from the first answer to the kill


@dataclass
class Ledger:
    """What clients know: symbols that must be there, symbols that must not, requests never answered."""

    kept: dict[str, str] = field(default_factory=dict)  # id: name
    deleted: set[str] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)  # names; the key is made from the name
    lock: threading.Lock = field(default_factory=threading.Lock)
    first: threading.Event = field(default_factory=threading.Event)


def picture(name: str) -> bytes:
    """A symbol of its own for each name."""
    noise = np.random.default_rng(abs(hash(name)) % 2**32).integers(0, 2, (12, 12), dtype=np.uint8)
    cells = np.kron(noise * np.uint8(255), np.ones((3, 3), dtype=np.uint8))
    return pictures.file(np.repeat(np.pad(cells, 4, constant_values=255)[:, :, None], 3, axis=2))


def names(cycle: int, client: int) -> Iterator[str]:
    """Names that no other client uses, without end."""
    return (f"{cycle}.{client}.{n}" for n in count())


def register(client: httpx.Client, name: str) -> str:
    response = client.post(
        "/symbols", data={"name": name}, files={"file": picture(name)}, headers={"Idempotency-Key": f"key of {name}"}
    )
    assert response.status_code in {201, 429}, response.text
    return str(response.json()["id"]) if response.status_code == 201 else ""


def work(url: str, own: Iterator[str], ledger: Ledger) -> None:
    """Register, now and then delete, until the server is gone."""
    chance = random.Random(url)
    with httpx.Client(base_url=url, timeout=20) as client:
        for name in own:
            try:
                made = register(client, name)
            except httpx.TransportError:
                with ledger.lock:
                    ledger.unanswered.append(name)
                return
            if not made:
                continue
            ledger.first.set()
            with ledger.lock:
                ledger.kept[made] = name
            if chance.random() < 0.2 and not delete(client, made, ledger):
                return


def delete(client: httpx.Client, made: str, ledger: Ledger) -> bool:
    """False if the server died over it; then either outcome is right."""
    with ledger.lock:
        del ledger.kept[made]
    try:
        assert client.delete(f"/symbols/{made}").status_code == 204
    except httpx.TransportError:
        return False
    with ledger.lock:
        ledger.deleted.add(made)
    return True


def check(server: Server, ledger: Ledger, database_url: str) -> None:
    """The catalogue against the ledger, the index against the catalogue."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for name in ledger.unanswered:
            ledger.kept[register(client, name)] = name  # the same key: whether it was kept or not, it is now
        ledger.unanswered.clear()
        present = listed(client)
        assert ledger.kept.items() <= present.items()
        assert not ledger.deleted & present.keys()
        newest = list(ledger.kept)[-1:]
        for symbol in newest:
            assert client.get(f"/symbols/{symbol}/image").content.startswith(b"\x89PNG")
        index = client.get("/health/ready").json()["index"]
    ids = [row[0] for row in rows(database_url, "SELECT id FROM examples ORDER BY id")]
    assert (index["examples"], index["digest"]) == (len(ids), digest(ids))


def listed(client: httpx.Client) -> dict[str, str]:
    found: dict[str, str] = {}
    after: str | None = None
    while True:
        page = client.get("/symbols", params={"limit": 1000} | ({"after": after} if after else {})).json()
        found |= {each["id"]: each["name"] for each in page["symbols"] if each["origin"] == "user"}
        after = page["next"]
        if after is None:
            return found


def test_what_was_acknowledged_survives_a_kill(pytestconfig: pytest.Config, tmp_path: Path, database_url: str) -> None:
    cycles, real = pytestconfig.getoption("--crash-cycles"), pytestconfig.getoption("--crash-encoder") == "real"
    ledger, chance = Ledger(), random.Random(7)
    for cycle in range(cycles):
        with Server(tmp_path, REAL if real else STUB, DATABASE_URL=database_url, QUEUE_SIZE=CLIENTS) as server:
            server.wait_until_ready()
            check(server, ledger, database_url)
            ledger.first.clear()
            clients = [threading.Thread(target=work, args=(server.url, names(cycle, n), ledger)) for n in range(CLIENTS)]
            for each in clients:
                each.start()
            assert ledger.first.wait(60)
            time.sleep(chance.random() * LONGEST)
            server.kill()
            for each in clients:
                each.join()
    with Server(tmp_path, REAL if real else STUB, DATABASE_URL=database_url) as server:
        server.wait_until_ready()
        check(server, ledger, database_url)
        assert server.stop()
    print(f"{cycles} kills, {len(ledger.kept)} symbols kept, {len(ledger.deleted)} deleted")
