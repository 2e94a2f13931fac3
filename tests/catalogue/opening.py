"""Opening a catalogue in a process of its own; imports little, so that many start quickly."""

from __future__ import annotations

from multiprocessing.synchronize import Barrier

from app.catalogue.database import Database


def open_at_once(url: str, barrier: Barrier) -> None:
    """Open it when all are there. An error ends the process with another status than 0."""
    barrier.wait()
    database = Database(url)
    with database.reading() as session:
        session.connection().exec_driver_sql("SELECT version FROM state")
    database.close()
