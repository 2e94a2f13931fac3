"""Symbols and their examples: the source of truth."""
