"""Symbols and drawings to evaluate on, of another hand than the training generator's; no training code may import them."""

from training.unseen.drawings import FAMILIES, Difficulty, EvaluationDrawing, make_evaluation_drawing
from training.unseen.symbols import UnseenSymbol, make_symbol, sibling

__all__ = ["FAMILIES", "Difficulty", "EvaluationDrawing", "UnseenSymbol", "make_evaluation_drawing", "make_symbol", "sibling"]
