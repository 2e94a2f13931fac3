"""Which symbols a drawing shows: fresh ones, near-identical ones among them, and strangers that have no truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from training.likeness import ANOTHER, SIBLING, Look
from training.siblings import sibling
from training.symbols import Symbol, make_symbol

STRANGERS = 3  # at most, symbols without truth on a drawing: near siblings of its classes, and others


@dataclass(frozen=True)
class Kinship:
    """How many of a drawing's classes are near-identical; by default many more than ordinary drawings have."""

    siblings: tuple[float, float] = (0.35, 0.65)  # bounds of the part of the classes that come with a near-identical one
    again: float = 0.4  # chance of each further one
    strangers: float = 0.6  # of the strangers, the part near-identical to a class


FREQUENT = Kinship()


def random_classes(
    rng: Generator, count: int, kinship: Kinship = FREQUENT, least: float = SIBLING,
    make: Callable[[Generator], Symbol] = make_symbol,
) -> tuple[Symbol, ...]:
    """Classes that all look different, some of them followed by a sibling, or several, that differ by `least` at least."""
    symbols, looks = list[Symbol](), list[Look]()
    share = float(rng.uniform(*kinship.siblings))
    while len(symbols) < count:
        fresh = make(rng)
        if not _new(fresh, symbols, looks, least):
            continue
        chance = share
        while len(symbols) < count and rng.random() < chance:
            near, chance = sibling(fresh, rng, least), kinship.again
            if near is not None:
                _new(near, symbols, looks, least)
    return tuple(symbols)


def _new(symbol: Symbol, symbols: list[Symbol], looks: list[Look], least: float) -> bool:
    """Adds a symbol to the lists unless it looks like one of them. That a sibling differs from its parent was seen to."""
    look = Look(symbol)
    for known, other in zip(symbols, looks, strict=True):
        related = known.parent is not None and known.parent is symbol.parent
        if known is not symbol.parent and look.like(other, least if related else ANOTHER):
            return False
    symbols.append(symbol)
    looks.append(look)
    return True


def random_strangers(rng: Generator, symbols: tuple[Symbol, ...], kinship: Kinship, least: float) -> tuple[Symbol, ...]:
    """A few symbols that are none of these and look different."""
    known, looks = list(symbols), [Look(symbol) for symbol in symbols]
    for _ in range(int(rng.integers(STRANGERS + 1))):
        akin = symbols and rng.random() < kinship.strangers
        near = sibling(symbols[int(rng.integers(len(symbols)))], rng, least) if akin else make_symbol(rng)
        if near is not None:
            _new(near, known, looks, least)
    return tuple(known[len(symbols) :])
