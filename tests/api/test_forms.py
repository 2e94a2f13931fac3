"""What a form says of a search."""

from __future__ import annotations

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Form

from app.api.forms import SearchForm


@pytest.mark.parametrize(
    ("fields", "other_sizes"),
    [({}, True), ({"min_score": "0.4"}, True), ({"scale_min": "0.8"}, False), ({"scale_max": "1.25"}, False),
     ({"scale_min": "0.5", "scale_max": "2"}, False)],
)
def test_other_sizes_are_looked_for_where_none_is_named(fields: dict[str, str], other_sizes: bool) -> None:
    app = FastAPI()

    @app.post("/")
    def asked(form: Annotated[SearchForm, Form()]) -> bool:
        return form.options().other_sizes

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://planspot") as client:
            return await client.post("/", data={"mirror": "true", **fields})

    assert asyncio.run(answer()).json() is other_sizes
