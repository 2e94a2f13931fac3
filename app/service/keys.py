"""API keys: made, revoked, recognised."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from app.catalogue.keys import Keys
from app.catalogue.records import KeyRecord, Scope
from app.errors import CatalogueError, RateLimited, ScopeMissing, Unauthenticated
from app.service.fields import clean_name
from app.service.rates import Buckets

PREFIX = "planspot"
SCOPES: tuple[Scope, ...] = ("read", "write")
FRESH_SECONDS = 1.0  # for so long a change of the keys, made by another process, may go unseen
NO_DIGEST = "0" * 64  # no secret has it, as far as anyone knows


class KeyRing:
    """The keys as last read. `stale`, `admit` belong to one thread, the event loop's; `refresh` may run on any.

    buckets: how often each key may be used; None for any number of times.
    """

    def __init__(self, keys: Keys, buckets: Buckets | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._buckets = buckets
        self._clock = clock
        self._known: dict[str, KeyRecord] | None = None
        self._read_at = -math.inf

    def create(self, name: str, scopes: Collection[Scope]) -> tuple[KeyRecord, str]:
        """A new key and what its user sends; that is told here and never again. Raises BadInput, NameTaken."""
        identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        record = KeyRecord(identity, clean_name(name), _digest(secret), frozenset(scopes), datetime.now(UTC))
        self._keys.add(record)
        return record, f"{PREFIX}_{identity}_{secret}"

    def all(self) -> list[KeyRecord]:
        """Every key, the revoked ones too, oldest first."""
        return self._keys.all()

    def revoke(self, id_or_name: str) -> KeyRecord:
        """End a key. Raises NotFound."""
        return self._keys.revoke(id_or_name)

    def stale(self) -> bool:
        """Whether it is time to refresh."""
        return self._clock() - self._read_at > FRESH_SECONDS

    def refresh(self) -> None:
        """Read the keys again. Raises CatalogueError where they were never read; else those known stay valid meanwhile."""
        began = self._clock()
        try:
            self._known = {key.id: key for key in self._keys.all()}
        except CatalogueError:
            if self._known is None:
                raise
        self._read_at = began

    def admit(self, token: str | None, scope: Scope) -> KeyRecord | None:
        """The key that a request came with; None where no key was ever made, so that nobody needs one.

        Raises Unauthenticated, RateLimited, ScopeMissing.
        """
        if not self._known:
            return None
        if token is None:
            raise Unauthenticated("An API key is needed: `Authorization: Bearer KEY`.")
        key = self._recognised(token)
        if key is None:
            raise Unauthenticated("The API key is not known, or was revoked.")
        if self._buckets and (wait := math.ceil(self._buckets.take(key.id))):
            raise RateLimited(f"This key was used too often. Try again in {wait} s.", wait)
        if scope not in key.scopes:
            raise ScopeMissing(f"This key lacks the scope `{scope}`.", scope)
        return key

    def _recognised(self, token: str) -> KeyRecord | None:
        prefix, _, rest = token.partition("_")
        identity, _, secret = rest.partition("_")
        key = (self._known or {}).get(identity) if prefix == PREFIX else None
        # compared for an unknown id too, and in constant time, so that how long it takes tells nothing
        same = hmac.compare_digest(_digest(secret), key.digest if key else NO_DIGEST)
        return key if key and same and key.revoked_at is None else None


def _digest(secret: str) -> str:
    # Slow hashes with a salt are for passwords, which can be guessed from lists. These are 256 random bits: no list has
    # them, and one SHA-256 takes microseconds of each request.
    return hashlib.sha256(secret.encode()).hexdigest()
