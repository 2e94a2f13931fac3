"""Files of a job, kept in one file while they come."""

from __future__ import annotations

from io import BytesIO, RawIOBase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.uploads import _Part
from app.errors import Unavailable


@given(st.lists(st.lists(st.binary(max_size=50), max_size=4), max_size=5), st.integers(1, 60))
def test_parts_are_read_as_they_were_written(files: list[list[bytes]], size: int) -> None:
    whole = BytesIO()
    parts = [_Part(whole) for _ in files]
    for part, pieces in zip(parts, files, strict=True):
        for piece in pieces:
            part.write(piece)
    for part, pieces in reversed(list(zip(parts, files, strict=True))):
        part.seek(0)
        expected = b"".join(pieces)
        assert part.read(size) == expected[:size]
        assert part.read() == expected[size:]
        assert part.read() == b""


def test_a_full_disk_is_told() -> None:
    class Full(RawIOBase):
        def tell(self) -> int:
            return 0

        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        _Part(Full()).write(b"data")  # type: ignore[arg-type]
