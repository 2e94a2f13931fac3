"""What a reference symbol is."""

from __future__ import annotations

from dataclasses import dataclass

from training.canvas import Shape


@dataclass(frozen=True)
class ReferenceSymbol:
    """A common symbol under its plain English name."""

    name: str
    shape: Shape
