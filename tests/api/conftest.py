"""Clients of the API that have something to work with."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.test_symbols import register
from tests.watching import SLOW, sent, until


@pytest.fixture
def ready(client: httpx.Client) -> httpx.Client:
    """A client whose catalogue has one symbol."""
    register(client, "ring")
    return client


@pytest.fixture
def slow(ready: httpx.Client) -> Iterator[str]:
    """A job that runs and does not end by itself."""
    job = sent(ready, [SLOW])
    until(ready, job, lambda found: found["status"] == "running")
    yield job
    ready.delete(f"/jobs/{job}")
