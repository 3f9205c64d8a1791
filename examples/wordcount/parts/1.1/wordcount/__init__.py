"""Counts lines, words and characters, and ranks the most frequent words."""

__version__ = "1.0"
