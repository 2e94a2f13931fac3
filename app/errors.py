"""Everything that can go wrong on purpose. Knows no HTTP; the service maps these to answers in one table.

PlanspotError
├── BadInput             a value that cannot be used; names the field
│   ├── BrokenDrawing    an accepted type that is broken, truncated or encrypted
│   └── KeyReused        an idempotency key that was used for another request
├── UnsupportedType      bytes of no accepted type
├── NotAcceptable        an answer was asked for in a format that is not served
├── TooLarge             more bytes, pixels or pages than allowed
├── NotFound             no symbol, example or page by that name
├── NameTaken            another symbol has the name
├── LastExample          a symbol keeps at least one positive example
├── NothingToSearch      no symbol is registered and none was named
├── NoResult             a job that has none, or none yet
├── ReadOnly             a reference symbol cannot be changed
├── Unauthenticated      no API key came, or none that is known
├── ScopeMissing         the API key may not do this
├── RateLimited          the API key was used too often; try again later
├── Overloaded           the queue is full; try again later
├── GivenUp              a page of a job that is not tried again
├── Cancelled            the one who asked has gone
├── DeadlinePassed       the work took longer than a request may
└── Unavailable          the service cannot do this now
    ├── NotReady         the model is still being loaded
    │   └── Stopping     the service is being stopped
    ├── WeightsError     the weights are missing, broken or of another version
    └── CatalogueError   the catalogue cannot be read or written
"""

from __future__ import annotations

# ruff: noqa: N818  (each is named for what happened, as the answers to clients are)


class PlanspotError(Exception):
    """The root. `str(error)` is a sentence fit for the person who asked."""


class BadInput(PlanspotError):
    """A value that cannot be used. `field` is its name in the request, if it came in one."""

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class BrokenDrawing(BadInput):
    """An accepted type that is broken, truncated, encrypted or empty."""

    def __init__(self, detail: str, field: str | None = "file") -> None:
        super().__init__(detail, field)


class KeyReused(BadInput):
    """An idempotency key that was used for another request."""


class UnsupportedType(PlanspotError):
    """Bytes of no accepted type. `accepted` lists the types that are."""

    def __init__(self, detail: str, accepted: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.accepted = accepted


class NotAcceptable(PlanspotError):
    """An answer was asked for in a format that is not served. `accepted` lists the media types that are."""

    def __init__(self, detail: str, accepted: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.accepted = accepted


class TooLarge(PlanspotError):
    """More bytes, pixels or pages than allowed. `limit` is the most that is."""

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit


class NotFound(PlanspotError):
    """No symbol, example or page by that name."""


class NameTaken(PlanspotError):
    """Another symbol has the name."""


class LastExample(PlanspotError):
    """A symbol keeps at least one positive example."""


class NothingToSearch(PlanspotError):
    """No symbol is registered and none was named."""


class NoResult(PlanspotError):
    """A job that has no result, or none yet."""


class ReadOnly(PlanspotError):
    """A reference symbol cannot be changed."""


class Unauthenticated(PlanspotError):
    """No API key came, or none that is known."""


class ScopeMissing(PlanspotError):
    """The API key may not do this. `scope` is what it lacks."""

    def __init__(self, detail: str, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class RateLimited(PlanspotError):
    """The API key was used too often. `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Overloaded(PlanspotError):
    """The queue is full. `retry_after` is a guess in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class GivenUp(PlanspotError):
    """A page of a job that is not tried again."""


class Cancelled(PlanspotError):
    """The one who asked has gone, so the work was dropped."""


class DeadlinePassed(PlanspotError):
    """The work took longer than a request may."""


class Unavailable(PlanspotError):
    """The service cannot do this now."""


class NotReady(Unavailable):
    """The model is still being loaded."""


class Stopping(NotReady):
    """The service is being stopped."""


class WeightsError(Unavailable):
    """The weights are missing, broken or of another version."""


class CatalogueError(Unavailable):
    """The catalogue cannot be read or written."""
