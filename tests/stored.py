"""What a catalogue's database holds, read behind the service's back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.catalogue.tables import open_database


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows that the query gives."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()
