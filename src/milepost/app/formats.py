"""Plans brought to canonical form, their computed fields made true."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.app.documents import read_document, update_document
from milepost.app.plans import require_tasks
from milepost.app.projection import project
from milepost.errors import MeaningWouldChange
from milepost.plan.dialects import reference
from milepost.plan.formats import format_of
from milepost.plan.formatting import format_source, same_tasks
from milepost.plan.reader import read_plan
from milepost.source import SourceText


@dataclass(frozen=True, slots=True)
class Formatted:
    """A document before and after."""

    before: SourceText
    after: SourceText

    @property
    def changed(self) -> bool:
        """Whether it was not in canonical form."""
        return self.before.text != self.after.text

    @property
    def owner(self) -> str:
        """The format of another tool that the document stays in as that tool writes it; empty for Markdown."""
        found = format_of(self.before)
        return found.name if found else ""


def format_document(source: SourceText, today: str) -> Formatted:
    """Bring a document to canonical form. ``today`` is an ISO date.

    In the reference format what follows from the boxes is written as well, as ``sync`` does for a plan that was never
    run. A document in canonical form stays as it is.

    Raises:
        NoTasksFound: it holds no task.
        MeaningWouldChange: the result would not say the same; nothing is changed then.
    """
    plan = require_tasks(read_plan(source))
    if plan.dialect != reference.NAME:
        return Formatted(source, format_source(source))
    true = project(source, None, today)
    if not same_tasks(plan, read_plan(true)):
        raise MeaningWouldChange("with its totals made true, the plan would not read the same", place=source.path)
    return Formatted(source, format_source(true))


def preview_format(path: str, today: str) -> Formatted:
    """Bring a file to canonical form in memory. Raises what :func:`format_document` raises, and PlanUnreadable."""
    return format_document(read_document(path), today)


def format_plan(path: str, today: str) -> Formatted:
    """Bring a file to canonical form.

    Raises:
        PlanUnreadable, NoTasksFound: the document cannot be read.
        MeaningWouldChange: the result would not say the same; nothing was written.
        DocumentUnwritable, DocumentChanged: it cannot be written.
    """
    found: list[Formatted] = []

    def change(before: SourceText) -> SourceText:
        found[:] = [format_document(before, today)]
        return found[0].after

    update_document(path, change)
    return found[0]
