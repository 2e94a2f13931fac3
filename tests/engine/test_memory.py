"""What the C library keeps, and gives back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.engine import memory

BLOCK = 8 << 20  # bytes; a block smaller than the C library would fetch by itself


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_what_was_used_is_kept_until_it_is_released() -> None:
    memory.reuse()
    memory.release()
    before = resident()
    blocks = [np.ones(BLOCK, np.uint8) for _ in range(24)]
    held = resident()
    del blocks
    kept = resident()
    memory.release()
    assert held - before > 20 * BLOCK
    assert kept - before > 20 * BLOCK
    assert resident() - before < 4 * BLOCK
