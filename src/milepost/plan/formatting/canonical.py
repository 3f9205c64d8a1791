"""All edits that bring a document to canonical form, and the proof that they are harmless."""

from __future__ import annotations

from milepost.errors import MeaningWouldChange
from milepost.plan.blocks import parse_blocks
from milepost.plan.dialects import reference
from milepost.plan.formats import FORMATS
from milepost.plan.formatting.marks import boxes, bullets, ids
from milepost.plan.formatting.meaning import what_changes
from milepost.plan.formatting.spacing import spacing
from milepost.plan.formatting.tables import tables
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import Edit, SourceText, apply

_ROUNDS = 4
"""Taking one blank away may show another: a document is settled after two rounds, as far as is known."""


def format_source(source: SourceText, dialect: str | None = None) -> SourceText:
    """Bring a document to canonical form; formatting the result again changes nothing.

    Files that are another tool's own (``tasks.json``, Backlog.md tasks) stay as that tool writes them.

    Raises:
        MeaningWouldChange: read again, the result would not say the same; or it does not come to rest.
        UnknownName: there is no dialect of that name.
    """
    before = plan = read_plan(source, dialect)
    if any(plan.dialect == one.name for one in FORMATS):
        return source
    for _ in range(_ROUNDS):
        edits = _edits(plan)
        if not edits:
            return plan.source
        plan = read_plan(apply(plan.source, edits), dialect)
        if changed := what_changes(before, plan):
            raise MeaningWouldChange(f"formatted, it would not say the same: {changed}", place=source.path)
    raise MeaningWouldChange("its canonical form does not come to rest", place=source.path)


def _edits(plan: Plan) -> list[Edit]:
    root = parse_blocks(plan.source.text)
    edits = [*boxes(plan, root), *tables(plan.source.text, root)]
    if plan.dialect == reference.NAME:
        edits += [*bullets(root), *ids(plan)]
    return [*edits, *spacing(plan, root)]
