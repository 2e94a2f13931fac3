from __future__ import annotations

import numpy as np
import pytest

from training.references import REFERENCES, ReferenceSymbol, render


def named(symbol: ReferenceSymbol) -> str:
    return symbol.name


def test_names_are_plain_english_and_each_is_used_once() -> None:
    names = [symbol.name for symbol in REFERENCES]
    assert len(names) == len(set(names)) >= 44
    assert all(name.replace(" ", "").replace("-", "").isalpha() and name == name.lower() for name in names)


@pytest.mark.parametrize("symbol", REFERENCES, ids=named)
def test_a_reference_is_cropped_to_its_ink_with_a_small_margin(symbol: ReferenceSymbol) -> None:
    pixels = render(symbol, 64)
    dark = pixels.min(axis=2) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert pixels.dtype == np.uint8
    assert max(pixels.shape[:2]) in (64, 65)
    for first, last, side in ((rows[0], rows[-1], pixels.shape[0]), (columns[0], columns[-1], pixels.shape[1])):
        assert 1 <= first <= 6
        assert 1 <= side - 1 - last <= 6


def test_references_are_told_apart_by_their_ink() -> None:
    seen = {render(symbol, 48).tobytes() for symbol in REFERENCES}
    assert len(seen) == len(REFERENCES)


def test_a_size_too_small_to_show_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="Received: 8"):
        render(REFERENCES[0], 8)
