"""One reader per spelling of a plan, all producing the same model. The order of the table is the order of trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from milepost.plan.dialects import plain, reference
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.reading import Reading
from milepost.plan.model import Plan


class Dialect(NamedTuple):
    """A spelling of plans: how to recognise it, how to read it, and what in a document shows it."""

    name: str
    detect: Callable[[Document], bool]
    read: Callable[[Reading], Plan]
    why: Callable[[Document], str] = lambda _: "no more special spelling fits"


DIALECTS: tuple[Dialect, ...] = (
    Dialect(reference.NAME, reference.detect, reference.read),
    Dialect(plain.NAME, plain.detect, plain.read),
)
