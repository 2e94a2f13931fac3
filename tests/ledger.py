"""A client that writes down what it was answered, so that it can be held against what is there."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import numpy as np

from tests import pictures
from tests.watching import ENDED, send, state

Json = dict[str, Any]
Wish = tuple[Callable[..., None], *tuple[str, ...]]

SYMBOLS, JOBS, WAITING = 6, 4, 2  # of a client; then it registers none, forgets one, waits for one to end
SEARCHED = 5  # pages of a job's first file
WIDTH, HEIGHT, TOP = 110, 60, 9
SHEETS = ("sheets.tiff", pictures.pages([pictures.page([(2 * n, TOP)], 12, WIDTH, HEIGHT) for n in range(SEARCHED)], "TIFF"))
PLAN = ("plan.png", pictures.file(pictures.page([(50, TOP)], 12, WIDTH, HEIGHT)))

Places = list[list[tuple[int, float, float]]]  # (page, x, y) of each find in each file


@dataclass
class Ledger:
    """Symbols and jobs of one client. Whatever it asks may be asked again, and has then happened once.

    searched: the symbol that jobs look for. found: where they find it. symbols: by id, as last answered. jobs: by id, how each
    ended, empty until then. unanswered: what the server was killed over. asked: how often each was answered.
    """

    client: int
    searched: str
    found: Places
    symbols: dict[str, Json] = field(default_factory=dict)
    jobs: dict[str, Json] = field(default_factory=dict)
    unanswered: Wish | None = None
    repeats: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    names: count[int] = field(default_factory=count)

    def wish(self, chance: random.Random) -> Wish:
        """What to ask for next."""
        name = f"{self.client}.{next(self.names)}"
        wishes: list[Wish] = [(self.register, name)] if len(self.symbols) < SYMBOLS else []
        if self.symbols:
            symbol = chance.choice(list(self.symbols))
            examples = [each["id"] for each in self.symbols[symbol]["examples"][1:]]
            wishes += [(self.rename, symbol, name), (self.add_example, symbol, name), (self.delete, symbol)]
            wishes += [(self.delete_example, symbol, chance.choice(examples))] if examples else []
        if sum(not end for end in self.jobs.values()) < WAITING:
            wishes.append((self.submit, name))
        if len(self.jobs) > JOBS:
            wishes.append((self.forget, next(iter(self.jobs))))
        return chance.choice(wishes)

    def ask(self, client: httpx.Client, wish: Wish) -> None:
        """Raises TransportError if the server goes away over it."""
        self.unanswered = wish
        method, *about = wish
        method(client, *about)
        self.unanswered = None
        self.asked[method.__name__] += 1

    def settle(self, client: httpx.Client) -> None:
        """Ask again what was not answered."""
        if self.unanswered:
            self.repeats = True
            self.ask(client, self.unanswered)
            self.repeats = False

    def register(self, client: httpx.Client, name: str) -> None:
        files, key = {"file": picture(name)}, {"Idempotency-Key": f"symbol {name}"}
        made = answer(client.post("/symbols", data={"name": name}, files=files, headers=key), 201)
        self.symbols[made["id"]] = made

    def add_example(self, client: httpx.Client, symbol: str, name: str) -> None:
        files, key = {"file": picture(name)}, {"Idempotency-Key": f"example {name}"}
        self.symbols[symbol] = answer(client.post(f"/symbols/{symbol}/examples", files=files, headers=key), 201)

    def rename(self, client: httpx.Client, symbol: str, name: str) -> None:
        self.symbols[symbol] = answer(client.patch(f"/symbols/{symbol}", json={"name": name}), 200)

    def delete(self, client: httpx.Client, symbol: str) -> None:
        self._gone(client.delete(f"/symbols/{symbol}"))
        del self.symbols[symbol]

    def delete_example(self, client: httpx.Client, symbol: str, example: str) -> None:
        self._gone(client.delete(f"/symbols/{symbol}/examples/{example}"))
        self.symbols[symbol] |= {"examples": [each for each in self.symbols[symbol]["examples"] if each["id"] != example]}

    def submit(self, client: httpx.Client, name: str) -> None:
        made = answer(send(client, [SHEETS, PLAN], key=f"job {name}", symbols=self.searched), 202)
        self.jobs.setdefault(made["id"], {})

    def forget(self, client: httpx.Client, job: str) -> None:
        while client.delete(f"/jobs/{job}").status_code == 204:
            pass  # the first cancels a job that has not ended
        assert client.get(f"/jobs/{job}").status_code == 404
        del self.jobs[job]

    def look(self, client: httpx.Client, again: bool = False) -> None:
        """See how jobs have ended; `again`: and that those seen before are as they were."""
        for job in [job for job, end in self.jobs.items() if again or not end]:
            found = state(client, job)
            if found["status"] in ENDED:
                assert (found["status"], found["pages_done"]) == ("done", SEARCHED + 1), found
                found["result"] = answer(client.get(f"/jobs/{job}/result"), 200)
                assert places(found["result"]) == self.found
                assert self.jobs[job] in ({}, found)
                self.jobs[job] = found

    def _gone(self, response: httpx.Response) -> None:
        assert response.status_code == 204 or (self.repeats and response.status_code == 404), response.text


def places(result: Json) -> Places:
    return [sorted((each["page"], *corner(each["box"])) for each in file["detections"]) for file in result["files"]]


def corner(box: Json) -> tuple[float, float]:
    return box["x"], box["y"]


def facts(symbol: Json) -> Json:
    """All but the warnings, which change with the examples."""
    return {name: value for name, value in symbol.items() if name != "warnings"}


def answer(response: httpx.Response, status: int) -> Json:
    assert response.status_code == status, response.text
    found: Json = response.json()
    return found


def picture(name: str) -> bytes:
    """A symbol of its own for each name."""
    noise = np.random.default_rng(zlib.crc32(name.encode())).integers(0, 2, (12, 12), dtype=np.uint8)
    cells = np.kron(noise * np.uint8(255), np.ones((3, 3), dtype=np.uint8))
    return pictures.file(np.repeat(np.pad(cells, 4, constant_values=255)[:, :, None], 3, axis=2))
