"""All that lives as long as the server does, built once and closed once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.catalogue.catalogue import Catalogue
from app.catalogue.jobs import JobCatalogue
from app.catalogue.keys import Keys
from app.engine.drawing import Drawings, Limits
from app.engine.reader import Reader
from app.errors import Unavailable
from app.service.detect import Detections
from app.service.engine import Loader, load_engine
from app.service.fields import MAX_PAGE
from app.service.gauges import Gauges
from app.service.job_files import JobFiles
from app.service.jobs import JobLimits, Jobs
from app.service.keys import KeyRing
from app.service.meters import Meters
from app.service.model import Model
from app.service.rates import Buckets
from app.service.report import Press
from app.service.runner import Runner
from app.service.symbols import Symbols
from app.service.webhooks import Receivers, Teller
from app.service.worker import Urgency, Worker
from app.settings import Settings


@dataclass(frozen=True)
class Status:
    """Whether the service can work, what keeps it from that, and what the index holds of the catalogue."""

    problems: dict[str, str] = field(default_factory=dict)
    model: str | None = None
    device: str | None = None
    version: int | None = None
    examples: int | None = None
    digest: str | None = None

    @property
    def ready(self) -> bool:
        return not self.problems


class Service:
    """The use cases and what they share. `start` returns at once; the model loads on the worker's thread."""

    def __init__(self, settings: Settings, loader: Loader = load_engine) -> None:
        self.settings = settings
        self._loader = loader
        self._reader = Reader(settings.readers, settings.reader_memory, settings.reader_seconds)
        self.drawings = Drawings(Limits(settings.max_bytes, settings.max_pixels, settings.max_pages), self._reader.opened)
        self.meters = Meters()
        self.worker = Worker(settings.queue_size, self.meters)
        self.press = Press()
        self.stopping = threading.Event()  # set early in a stop, for answers that would go on for long
        self.catalogue = Catalogue(settings.catalogue_url())
        buckets = Buckets(settings.rate_limit, settings.rate_burst) if settings.rate_limit else None
        self.keys = KeyRing(Keys(self.catalogue.database), buckets)
        self.model = Model(self.catalogue, lambda work: self.worker.call(work, Urgency.EXAMPLE))
        self.symbols = Symbols(self.catalogue, self.model, self.worker, self.drawings, settings.max_example_pixels)
        self.detections = Detections(self.catalogue, self.symbols, self.model, self.worker, self.drawings, self.meters)
        self.meters.watch(Gauges(self.catalogue, self.model, self.worker))
        self._make_jobs()

    def _make_jobs(self) -> None:
        settings, catalogue = self.settings, JobCatalogue(self.catalogue.database)
        limits = JobLimits(settings.max_job_pages, settings.max_jobs)
        drawings = replace(self.drawings, limits=replace(self.drawings.limits, max_pages=MAX_PAGE))
        files = JobFiles(settings.data_dir / "jobs")
        detections = Detections(self.catalogue, self.symbols, self.model, self.worker, drawings, self.meters)
        self.runner = Runner(catalogue, files, detections, self.worker, timedelta(hours=settings.job_hours))
        receivers = Receivers(frozenset(settings.webhooks()), settings.webhook_networks(), settings.signing())
        self.teller = Teller(catalogue, files, receivers)
        self.jobs = Jobs(catalogue, files, detections, drawings, limits, self.runner, receivers)

    def start(self) -> Future[None]:
        """Begin to load the model; the future is done when it is there, or known not to be usable."""
        self.worker.start()
        return self.worker.submit(self._load, Urgency.EXAMPLE)

    def close(self) -> None:
        """End the running work, drop what waits, close the catalogue."""
        self.stopping.set()
        self._reader.close()  # first, for the running work may wait for it
        self.teller.close()
        self.runner.close()
        self.worker.close()
        self.press.close()
        self.catalogue.close()

    def status(self) -> Status:
        """Looks at the model and at the catalogue; never raises Unavailable."""
        problems: dict[str, str] = {}
        try:
            self.catalogue.version()
        except Unavailable as error:
            problems["catalogue"] = str(error)
        try:
            loaded = self.model.get()
        except Unavailable as error:
            return Status(problems | {"weights": str(error)})
        finder = loaded.finder
        try:
            loaded.codes.current()
        except Unavailable as error:
            return Status(problems | {"catalogue": str(error)}, finder.model, finder.device)
        return Status(problems, finder.model, finder.device, *loaded.codes.state())

    def _load(self) -> None:
        self.model.load(self._loader, self.settings.weights, self.settings.device)
