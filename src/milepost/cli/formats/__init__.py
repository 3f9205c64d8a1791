"""The forms in which ``milepost check`` prints what it found: one module each, with ``render(results) -> str``."""

from __future__ import annotations

import importlib

from milepost.cli.formats.results import Results

FORMATS = ("text", "json", "github", "sarif", "junit")


def render(form: str, results: Results) -> str:
    """Write results in one of :data:`FORMATS`."""
    module = importlib.import_module(f"milepost.cli.formats.{form}_format")
    text: str = module.render(results)
    return text
