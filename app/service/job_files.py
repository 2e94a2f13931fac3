"""The drawings of jobs, on the disk: a folder a job, a file a drawing, in the data folder."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from app.errors import NotFound, Unavailable

try:
    import fcntl
except ImportError:  # not on Windows, where two servers must not share a data folder
    fcntl = None  # type: ignore[assignment]

STORE = "store"
GRACE = 3600.0  # seconds in which a folder without a job may still become one


class JobFiles:
    """The files in `folder`, made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: IO[bytes] | None = None

    def spool(self) -> IO[bytes]:
        """A file without a name, for an upload to go into while it comes. Raises Unavailable."""
        try:
            return TemporaryFile(dir=self._made())
        except OSError as error:
            raise _unusable(error) from error

    def store(self) -> str:
        """A name for this folder, given once: jobs are done where their files are. Raises Unavailable."""
        try:
            path = self._made() / STORE
            if not path.exists():
                self._name(path)
            return path.read_text(encoding="ascii")
        except OSError as error:
            raise _unusable(error) from error

    def _name(self, path: Path) -> None:
        draft = self._folder / f"{STORE}-{secrets.token_hex(4)}"
        _write(draft, secrets.token_hex(8).encode())
        with suppress(FileExistsError):  # another process was first; its name stands
            os.link(draft, path)
        draft.unlink()

    def _made(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def own(self) -> bool:
        """Whether this process, of all that share the folder, is the one to do its jobs; it stays so until it ends."""
        if self._lock is None:
            self.store()
            lock = (self._folder / STORE).open("rb")
            try:
                if fcntl is not None:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._lock = lock
        return True

    @property
    def owned(self) -> bool:
        """Whether this process does the folder's jobs."""
        return self._lock is not None

    def release(self) -> None:
        """Let another process do the jobs."""
        if self._lock is not None:
            self._lock.close()
        self._lock = None

    def put(self, job_id: str, place: int, data: bytes) -> None:
        """Keep a drawing; it is on the disk when this returns. Raises Unavailable."""
        try:
            folder = self._made() / job_id
            folder.mkdir(exist_ok=True)
            _write(folder / str(place), data)
            _sync(folder)
            _sync(self._folder)
        except OSError as error:
            raise _unusable(error) from error

    def read(self, job_id: str, place: int) -> bytes:
        """Raises NotFound."""
        try:
            return (self._folder / job_id / str(place)).read_bytes()
        except OSError as error:
            raise NotFound("The drawing is not on the disk of this server.") from error

    def remove(self, job_id: str) -> None:
        """Remove a job's drawings, if they are here."""
        shutil.rmtree(self._folder / job_id, ignore_errors=True)

    def old(self) -> list[str]:
        """The jobs whose drawings have been here for a while."""
        before = time.time() - GRACE
        folders = (path for path in self._folder.iterdir() if path.is_dir())
        return [path.name for path in folders if path.stat().st_mtime < before]


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(error: OSError) -> Unavailable:
    return Unavailable(f"The files of jobs cannot be kept: {error.strerror or error}.")
