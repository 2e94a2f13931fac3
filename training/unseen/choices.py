"""How an evaluation symbol is chosen: a family asks questions, the answers are kept, and one of them can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from numpy.random import Generator

from training.canvas import Shape
from training.lettering import Lettering
from training.pieces import letters

T = TypeVar("T")


class Choices:
    """Answers a family's questions at random, or as `given`, and remembers what it answered."""

    def __init__(self, rng: Generator, lettering: Lettering, given: Mapping[str, float] | None = None) -> None:
        self._rng, self._lettering, self._given = rng, lettering, given or {}
        self.answers: dict[str, float] = {}
        self.options: dict[str, int] = {}  # how many answers each discrete question has

    def pick(self, question: str, options: Sequence[T]) -> T:
        """One of the options; a changed answer may leave a later question fewer of them than it had."""
        index = int(self._given.get(question, self._rng.integers(len(options)))) % len(options)
        self.answers[question], self.options[question] = index, len(options)
        return options[index]

    def maybe(self, question: str) -> bool:
        return self.pick(question, (False, True))

    def number(self, question: str, low: float, high: float) -> float:
        """A size or a place between low and high."""
        self.answers[question] = self._given.get(question, float(self._rng.uniform(low, high)))
        return self.answers[question]

    def letters(self, string: str, height: float, x: float = 0.0, y: float = 0.0) -> Shape:
        """Text in the drawing's lettering."""
        return letters(string, height, x, y, self._lettering)
