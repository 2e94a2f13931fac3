"""Work in batches that shrink when the device runs out of memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class Batches:
    """Runs a function over the rows of a tensor; out of memory on CUDA halves the batch, for good, and goes on."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        """The results of `function` (n, …) → (n, …) over all rows, concatenated. `rows` holds at least one."""
        results: list[Tensor] = []
        done = 0
        while done < len(rows):
            part = rows[done : done + self.size]
            try:
                results.append(function(part))
            except torch.cuda.OutOfMemoryError:
                if len(part) == 1:
                    raise
                self.size = len(part) // 2
                torch.cuda.empty_cache()
                continue
            done += len(part)
        return torch.cat(results)
