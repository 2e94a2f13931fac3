"""The detector that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.detector import Detector
from app.engine.weights import load_detector

WEIGHTS = Path(__file__).parents[2] / "model_weights"


@pytest.fixture(scope="session")
def shipped(pytestconfig: pytest.Config) -> Detector:
    """The shipped weights on the device that the tests were told."""
    return load_detector(WEIGHTS, pytestconfig.getoption("device"))
