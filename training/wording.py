"""What is written on drawings: tags, values, counts and words."""

from __future__ import annotations

from numpy.random import Generator

from training.lettering import FIRST_IDEOGRAPH, LAST_IDEOGRAPH
from training.styles import Style

WORDS = (
    "ROOM",
    "OFFICE",
    "CORRIDOR",
    "STORE",
    "LOBBY",
    "STAIR",
    "RISER",
    "PUMP",
    "ZONE",
    "PANEL",
    "SEE DETAIL",
    "TYP",
    "NOTES",
    "UP",
    "EXIST",
    "DUCT",
    "MAIN",
    "FROM",
    "Cable",
    "level",
    "see sheet",
    "Supply",
    "return",
    "Area",
    "m2",
    "F.F.L.",
    "DN50",
    "2x1.5",
)
LETTERS = "ABCDEFGHIKLMNPRSTUVWXZ"


def label(rng: Generator, style: Style) -> str:
    """A device tag, a value, a count or a word."""
    if style.script and rng.random() < 0.5:
        return "".join(chr(int(c)) for c in rng.integers(FIRST_IDEOGRAPH, LAST_IDEOGRAPH, size=int(rng.integers(2, 6))))
    kind, number = int(rng.integers(7)), int(rng.integers(1, 1000))
    prefix = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=int(rng.integers(1, 4))))
    forms = (
        f"{prefix}{number}",
        f"{prefix}-{number}",
        f"x{number % 40}",
        f"{number % 90}k",
        f"{prefix}{number % 10}/{prefix}{number % 20}.{number % 7}",
        WORDS[number % len(WORDS)],
        f"{number / 10:.1f}",
    )
    return forms[kind]


def initials(rng: Generator) -> str:
    """What the names of a class's copies begin with."""
    return "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=int(rng.choice([1, 1, 1, 2, 3]))))


def value(rng: Generator) -> str:
    """What a part is rated at, or of which type it is."""
    number = int(rng.choice([1, 10, 22, 33, 47, 100, 150, 220, 330, 470])) if rng.random() < 0.7 else int(rng.integers(1, 1000))
    forms = (f"{number}k", f"{number}", f"{number}n", f"{number}uF", f"{initials(rng)}{number}", f"{number / 10:.1f}V")
    return forms[int(rng.integers(len(forms)))]


def tag(rng: Generator) -> str:
    """The varying text inside a symbol: it has a number, since letters alone say which symbol it is."""
    number = str(int(rng.integers(1, 10_000)))
    return number if rng.random() < 0.7 else LETTERS[int(rng.integers(len(LETTERS)))] + number[:3]
