"""One reader per spelling of a plan, all producing the same model. The order of the table is the order of trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from milepost.plan.dialects import (
    agentos,
    bmad,
    headings,
    kiro,
    openspec,
    plain,
    reference,
    speckit,
    speckitty,
    specworkflow,
    task_tables,
)
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
    Dialect(speckitty.NAME, speckitty.detect, speckitty.read, speckitty.why),
    Dialect(speckit.NAME, speckit.detect, speckit.read, speckit.why),
    Dialect(bmad.NAME, bmad.detect, bmad.read, bmad.why),
    Dialect(specworkflow.NAME, specworkflow.detect, specworkflow.read, specworkflow.why),
    Dialect(agentos.NAME, agentos.detect, agentos.read, agentos.why),
    Dialect(headings.NAME, headings.detect, headings.read, headings.why),
    Dialect(kiro.NAME, kiro.detect, kiro.read, kiro.why),
    Dialect(openspec.NAME, openspec.detect, openspec.read, openspec.why),
    Dialect(task_tables.NAME, task_tables.detect, task_tables.read, task_tables.why),
    Dialect(reference.NAME, reference.detect, reference.read, reference.why),
    Dialect(plain.NAME, plain.detect, plain.read, plain.why),
)
