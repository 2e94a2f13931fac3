"""The state of the service as Prometheus sees it, looked up at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.catalogue.catalogue import Catalogue
from app.errors import Unavailable
from app.service.model import Model
from app.service.worker import Worker


class Gauges(Collector):
    """Queue, index, symbols. What cannot be told, because model or catalogue is unusable, is left out."""

    def __init__(self, catalogue: Catalogue, model: Model, worker: Worker) -> None:
        self._catalogue = catalogue
        self._model = model
        self._worker = worker

    def collect(self) -> Iterator[GaugeMetricFamily]:
        symbols = self._own_symbols()
        ready = self._model.find() is not None and symbols is not None
        yield _gauge("planspot_ready", "1 when model and catalogue can be used.", ready)
        yield from self._queue()
        yield from self._index(symbols)

    def _queue(self) -> Iterator[GaugeMetricFamily]:
        load = self._worker.load()
        yield _gauge("planspot_queue_places", "Requests that may be served or wait.", load.places)
        yield _gauge("planspot_queue_taken", "Requests being served or waiting.", load.taken)
        yield _gauge("planspot_device_busy", "1 while work runs on the device.", load.busy)
        depth = GaugeMetricFamily("planspot_queue_depth", "Work waiting for the device.", labels=["urgency"])
        for urgency, waiting in load.waiting.items():
            depth.add_metric([urgency.name.lower()], waiting)
        yield depth

    def _index(self, own: int | None) -> Iterator[GaugeMetricFamily]:
        symbols = GaugeMetricFamily("planspot_symbols", "Symbols that can be searched for.", labels=["origin"])
        if own is not None:
            symbols.add_metric(["user"], own)
        loaded = self._model.find()
        if loaded:
            symbols.add_metric(["reference"], len(loaded.references.records))
            version, examples, _ = loaded.codes.state()
            yield _gauge("planspot_index_examples", "Examples in the index, references left out.", examples)
            yield _gauge("planspot_index_version", "Version of the catalogue that the index holds.", version)
            model = GaugeMetricFamily("planspot_model_info", "The model that is loaded.", labels=["model", "device"])
            model.add_metric([loaded.finder.model, loaded.finder.device], 1)
            yield model
        yield symbols

    def _own_symbols(self) -> int | None:
        try:
            return self._catalogue.count()
        except Unavailable:
            return None


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))
