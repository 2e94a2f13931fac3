"""What the catalogue keeps, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.engine.ink import Colour
from app.engine.inspect import ExampleWarning

Kind = Literal["positive", "negative"]
Origin = Literal["user", "reference"]
Scope = Literal["read", "write"]


@dataclass(frozen=True)
class ExampleRecord:
    """One example as listed. Size in pixels; `dpi` where its file said."""

    id: int
    kind: Kind
    width: int
    height: int
    warnings: tuple[ExampleWarning, ...] = ()
    dpi: float | None = None


@dataclass(frozen=True)
class SymbolRecord:
    """A symbol and its examples, oldest first."""

    id: str
    name: str
    created_at: datetime
    examples: tuple[ExampleRecord, ...]
    origin: Origin = "user"

    @property
    def warnings(self) -> tuple[ExampleWarning, ...]:
        """Those of the positive examples, each once."""
        found = [warning for example in self.examples if example.kind == "positive" for warning in example.warnings]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class NewExample:
    """An example to keep. `png` is its pixels, `paper` the colour of the drawing's background where that is known,
    `code` the embedding that the encoder `stamp` gave."""

    png: bytes = field(repr=False)
    width: int
    height: int
    kind: Kind
    warnings: tuple[ExampleWarning, ...]
    dpi: float | None
    paper: Colour | None
    code: bytes = field(repr=False)
    stamp: str


@dataclass(frozen=True)
class Receipt:
    """What makes a repeated request known: its idempotency key, and a fingerprint of what it asks."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class KeyRecord:
    """An API key; `digest` is the SHA-256 of its secret in hexadecimal."""

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class StoredExample:
    """An example with its pixels as PNG."""

    id: int
    symbol_id: str
    kind: Kind
    paper: Colour | None
    png: bytes = field(repr=False)
