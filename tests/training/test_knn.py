"""One-shot accuracy against one counted by hand."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.engine.encoder import Encoder
from app.errors import BadInput
from training.knn import embed, one_shot

Codes = NDArray[np.float32]


def codes(count: int, seed: int = 0, dimension: int = 6) -> Codes:
    values = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    unit: Codes = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit


def test_equals_a_count_by_hand() -> None:
    names = list("aaaabbbccd")
    examples, copies = codes(10, 1), codes(10, 2)
    measured = one_shot(examples, copies, names, galleries=7, seed=4)
    rng = np.random.default_rng(4)
    for share in measured.top1.galleries:
        gallery = {kind: int(rng.choice([n for n, name in enumerate(names) if name == kind])) for kind in "abcd"}
        queries = [n for n in range(10) if n not in gallery.values()]
        nearest = [max(gallery, key=lambda kind: float(examples[gallery[kind]] @ copies[n])) for n in queries]
        assert share == pytest.approx(np.mean([near == names[n] for near, n in zip(nearest, queries, strict=True)]))
    assert (measured.classes, measured.queries) == (4, 6)


def test_alike_within_a_class_is_always_right() -> None:
    names = [name for name in "abc" for _ in range(5)]
    clean = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    measured = one_shot(clean, clean, names)
    assert measured.top1.mean == measured.top1.low == measured.top1.high == 1.0
    assert len(measured.top1.galleries) == 20


def test_chance_is_one_in_the_number_of_classes() -> None:
    names = [name for name in "abcde" for _ in range(60)]
    measured = one_shot(codes(300, 1), codes(300, 2), names, galleries=50)
    assert measured.top1.mean == pytest.approx(0.2, abs=0.03)
    assert measured.top1.low < measured.top1.mean < measured.top1.high


def test_balanced_counts_each_class_once() -> None:
    names = ["a"] * 10 + ["b"] * 2
    always_a = np.tile(np.array([[1, 0]], np.float32), (12, 1))
    examples = np.where(np.array(names)[:, None] == "a", [[1, 0]], [[0, 1]]).astype(np.float32)
    measured = one_shot(examples, always_a, names)
    assert measured.top1.mean == pytest.approx(9 / 10)
    assert measured.balanced.mean == pytest.approx(1 / 2)


def test_some_classes_alone_may_ask() -> None:
    names = ["a"] * 10 + ["b"] * 2 + ["c"]
    always_a = np.tile(np.array([[1, 0, 0]], np.float32), (13, 1))
    examples = np.eye(3, dtype=np.float32)[[0] * 10 + [1] * 2 + [2]]
    measured = one_shot(examples, always_a, names, asked={"b", "c"})
    assert (measured.top1.mean, measured.classes, measured.queries) == (0, 3, 1)
    assert one_shot(examples, always_a, names, asked={"a"}).top1.mean == 1
    with pytest.raises(BadInput):
        one_shot(examples, always_a, names, asked={"c"})


def test_the_interval_is_students() -> None:
    measured = one_shot(codes(40, 1), codes(40, 2), list("abcd") * 10, galleries=20)
    spread = np.std(measured.top1.galleries, ddof=1) / np.sqrt(20) * 2.093
    assert measured.top1.high - measured.top1.mean == pytest.approx(spread, rel=1e-3)
    single = one_shot(codes(4), codes(4), list("aabb"), galleries=1).top1
    assert single.low == single.mean == single.high


def test_seeded() -> None:
    arguments = (codes(40, 1), codes(40, 2), list("abcd") * 10)
    assert one_shot(*arguments, seed=1) == one_shot(*arguments, seed=1)
    assert one_shot(*arguments, seed=1) != one_shot(*arguments, seed=2)


@pytest.mark.parametrize("names", ["aaaa", "abcd"])
def test_needs_something_to_ask(names: str) -> None:
    with pytest.raises(BadInput, match="Received: 4 symbols"):
        one_shot(codes(4), codes(4), list(names))


def test_embeds_as_in_production_and_leaves_the_encoder_as_it_was() -> None:
    torch.manual_seed(0)
    encoder = Encoder((4, 4, 8, 8), 16).train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    crops = torch.randint(0, 256, (5, 1, 112, 112), dtype=torch.uint8)
    embedded = embed(encoder, crops)
    assert embedded.shape == (5, 16)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, rtol=1e-5)
    assert encoder.training
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    np.testing.assert_allclose(embedded[2:3], embed(encoder, crops[2:3]), atol=1e-5)  # no batch statistics
