"""The engine once it is there, or why it is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.catalogue.catalogue import Catalogue
from app.engine.index import Codes
from app.errors import CatalogueError, NotReady, Unavailable, WeightsError
from app.service.codes import CodeKeeper
from app.service.engine import Engine, Finder, Loader
from app.service.references import References

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """A model that has run, with all that depends on it."""

    engine: Engine
    references: References
    codes: CodeKeeper

    @property
    def finder(self) -> Finder:
        return self.engine.finder


class Model:
    """Loads on the device's thread while the server answers already."""

    def __init__(self, catalogue: Catalogue, on_device: Callable[[Callable[[], Codes]], Codes]) -> None:
        self._catalogue = catalogue
        self._on_device = on_device
        self._loaded: Loaded | None = None
        self._failure: str | None = None

    def load(self, loader: Loader, weights: Path, device: str) -> None:
        """Load, run once, fill the index; what fails is told by `get`."""
        try:
            engine = loader(weights, device)
            engine.finder.warm_up()
            references = References(engine)
            loaded = Loaded(engine, references, CodeKeeper(self._catalogue, engine.finder, references, self._on_device))
            _fill(loaded)
        except WeightsError as error:
            self._failure = str(error).replace(f"{weights}/", "")  # where they lie is the operator's business
        except Exception as error:
            # a broken file or driver can raise anything; the service stays up to say so
            log.exception("the weights cannot be used")
            self._failure = f"The weights cannot be used: {type(error).__name__}; the log says where."
        else:
            self._loaded = loaded

    def get(self) -> Loaded:
        """Raises NotReady while loading, WeightsError if that failed."""
        if self._loaded is not None:
            return self._loaded
        failed: Unavailable = NotReady("The model is still being loaded.")
        raise WeightsError(self._failure) if self._failure is not None else failed

    def find(self) -> Loaded | None:
        """The model if it is there."""
        return self._loaded


def _fill(loaded: Loaded) -> None:
    try:
        loaded.codes.current()
    except CatalogueError as error:
        # readiness tells it, and the next call tries again
        log.error("%s", error)
