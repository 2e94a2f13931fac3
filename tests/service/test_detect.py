"""Searching through the service, no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.catalogue.records import ExampleRecord, SymbolRecord
from app.engine.drawing import PageSize
from app.engine.geometry import Box
from app.engine.query import Options
from app.errors import BadInput, Cancelled, NotFound, NothingToSearch
from app.service.detect import Search
from app.service.paging import page_options, scale_band
from app.service.pictures import Upload
from app.service.service import Service
from app.settings import Settings
from tests import pictures
from tests.stub import SLOW_WIDTH, load

PAGE = pictures.file(pictures.page([(10, 10), (100, 100)]))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(Settings(data_dir=tmp_path, weights=Path("stub")), load)
    service.start().result()
    yield service
    service.close()


def test_a_plan_that_cannot_be_made_is_refused(service: Service) -> None:
    with pytest.raises(NothingToSearch):
        service.detections.plan(Search(PAGE))
    service.symbols.register("H", Upload(pictures.symbol()))
    with pytest.raises(NotFound):
        service.detections.plan(Search(PAGE, ("G",)))
    with pytest.raises(BadInput):
        service.detections.plan(Search(PAGE, options=Options(min_score=float("nan"))))


def test_cancelling_stops_a_search(service: Service) -> None:
    service.symbols.register("H", Upload(pictures.symbol()))
    plan = service.detections.plan(Search(pictures.file(pictures.page([], width=SLOW_WIDTH))))
    with pytest.raises(Cancelled):
        service.detections.run(plan, lambda: True)


def test_a_search_keeps_the_symbols_it_began_with(service: Service) -> None:
    symbol = service.symbols.register("H", Upload(pictures.symbol()))
    plan = service.detections.plan(Search(PAGE))
    service.symbols.delete(symbol.id)
    assert len(service.detections.run(plan, lambda: False).found) == 2
    assert plan.index.ids() != service.model.get().codes.current().ids()


def test_progress_is_told_page_by_page(service: Service) -> None:
    service.symbols.register("H", Upload(pictures.symbol()))
    plan = service.detections.plan(Search(pictures.pages([pictures.page([(10, 10)])] * 3, "TIFF")))
    told: list[int] = []
    answer = service.detections.run(plan, lambda: False, lambda page: told.append(len(page.found)))
    assert told == [1, 1, 1]
    assert [each.page for each in answer.found] == [1, 2, 3]


def test_a_symbol_changed_by_another_process_is_used(service: Service, tmp_path: Path) -> None:
    other = Service(Settings(data_dir=tmp_path, weights=Path("stub")), load)
    other.start().result()
    symbol = other.symbols.register("H", Upload(pictures.symbol()))
    answer = service.detections.run(service.detections.plan(Search(PAGE)), lambda: False)
    assert answer.counts()[0].count == 2
    other.symbols.delete(symbol.id)
    other.close()
    with pytest.raises(NothingToSearch):
        service.detections.plan(Search(PAGE))
    assert service.status().examples == 0


def symbol(*resolutions: float | None) -> SymbolRecord:
    examples = tuple(ExampleRecord(n, "positive", 9, 9, (), dpi) for n, dpi in enumerate(resolutions))
    return SymbolRecord("id", "name", datetime.now(UTC), examples)


@pytest.mark.parametrize(
    ("resolutions", "dpi", "band"),
    [
        ((None,), None, (0.8, 1.25)),
        ((200.0,), None, (0.8, 1.25)),
        ((None,), 200.0, (0.8, 1.25)),
        ((200.0,), 100.0, (0.4, 0.625)),
        ((100.0, 200.0), 100.0, (0.4, 1.25)),
        ((100.0, None), 200.0, (0.8, 2.5)),
        ((36.0,), 2400.0, (20 * 0.8 / 0.8, 20.0)),
    ],
)
def test_the_scales_follow_known_resolutions(
    resolutions: tuple[float | None, ...], dpi: float | None, band: tuple[float, float]
) -> None:
    found = scale_band(symbol(*resolutions), PageSize(1, 100, 100, dpi), Options())
    assert found[1] == pytest.approx(band[1])
    assert found[0] == pytest.approx(band[0]) or dpi == 2400.0


@pytest.mark.parametrize(
    ("resolution", "dpi", "band", "searched"),
    [
        (None, None, (0.32768, 3.0517578125), True),
        (200.0, None, (0.32768, 3.0517578125), True),
        (None, 200.0, (0.32768, 3.0517578125), True),
        (200.0, 100.0, (0.4, 0.625), False),
    ],
)
def test_other_sizes_are_those_of_unknown_resolutions(
    resolution: float | None, dpi: float | None, band: tuple[float, float], searched: bool
) -> None:
    options, page = Options(other_sizes=True), PageSize(1, 100, 100, dpi)
    assert scale_band(symbol(resolution), page, options) == pytest.approx(band)
    found = page_options(options, page, [symbol(resolution)])
    assert found is not None
    assert found.other_sizes == searched


def test_a_symbol_whose_size_is_known_keeps_it_beside_one_whose_size_is_not() -> None:
    options, page = Options(other_sizes=True), PageSize(1, 100, 100, 100.0)
    found = page_options(options, page, [symbol(200.0), symbol(None)])
    assert found is not None
    assert found.other_sizes
    assert scale_band(symbol(200.0), page, options) == pytest.approx((0.4, 0.625))


def test_the_options_of_a_page_hold_every_symbol() -> None:
    options = Options(regions=(Box(90, 90, 50, 50),), exclude=(Box(-5, -5, 10, 10),))
    page = PageSize(1, 100, 100, 100.0)
    found = page_options(options, page, [symbol(100.0), symbol(200.0)])
    assert found is not None
    assert (found.scale_min, found.scale_max) == (0.4, 1.25)
    assert found.regions == (Box(90, 90, 10, 10),)
    assert found.exclude == (Box(0, 0, 5, 5),)
    assert page_options(options, replace(page, width=80), [symbol(None)]) is None
