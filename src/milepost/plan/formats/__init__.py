"""Plans that are no Markdown lists: files and folders other tools keep their tasks in, read and written in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from milepost.plan.formats import backlog, task_master, task_master_text
from milepost.plan.model import Plan
from milepost.source import SourceText


class Format(NamedTuple):
    """A format: how to recognise it, how to read it, and what in a document shows it."""

    name: str
    detect: Callable[[SourceText], bool]
    read: Callable[[SourceText], Plan]
    why: Callable[[SourceText], str]


FORMATS: tuple[Format, ...] = (
    Format(task_master.NAME, task_master.detect, task_master.read, task_master.why),
    Format(task_master_text.NAME, task_master_text.detect, task_master_text.read, task_master_text.why),
    Format(backlog.NAME, backlog.detect, backlog.read, backlog.why),
)
"""The formats in the order of trial."""


def format_of(source: SourceText) -> Format | None:
    """The format a document is in; None for Markdown."""
    return next((one for one in FORMATS if one.detect(source)), None)
