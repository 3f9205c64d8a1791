"""Checking plans: the files' findings, and their fixes written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from milepost.app.documents import read_document, update_document
from milepost.app.plans import load_plan, require_tasks
from milepost.app.settings import load_settings
from milepost.lint import runner
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import Diagnostic, SourceText


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked plan: as it was read, as it is now, what was fixed, and what is left to say about it."""

    before: SourceText
    plan: Plan
    findings: tuple[Diagnostic, ...]
    fixed: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether fixes changed the text."""
        return self.plan.source.text != self.before.text


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules to run: codes, beginnings of codes, names, or ``ALL``; nothing selected means the default rules."""

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()


def check_plan(path: str, selection: Selection) -> Checked:
    """Check a plan and change nothing.

    Raises:
        PlanUnreadable, NoTasksFound, SettingsInvalid: the plan or its settings cannot be read.
        UnknownName: a selector names no rule.
    """
    plan = load_plan(path)
    findings = runner.check(plan, select=selection.select, ignore=selection.ignore, capacities=_capacities(path))
    return Checked(plan.source, plan, tuple(findings))


def preview_fixes(path: str, selection: Selection, *, unsafe: bool = False) -> Checked:
    """Check a plan and carry out its fixes in memory only. Raises what :func:`check_plan` raises."""
    return _fixed(read_document(path), selection, _capacities(path), unsafe=unsafe)


def fix_plan(path: str, selection: Selection, *, unsafe: bool = False) -> Checked:
    """Check a plan and write its fixes back.

    Raises:
        PlanUnreadable, NoTasksFound, SettingsInvalid: the plan or its settings cannot be read.
        UnknownName: a selector names no rule.
        DocumentUnwritable, DocumentChanged: the fixes cannot be written.
    """
    capacities = _capacities(path)
    done: list[Checked] = []

    def change(source: SourceText) -> SourceText:
        done.append(_fixed(source, selection, capacities, unsafe=unsafe))
        return done[-1].plan.source

    update_document(path, change)
    return done[-1]


def _fixed(source: SourceText, selection: Selection, capacities: Mapping[int, int], *, unsafe: bool) -> Checked:
    plan = require_tasks(read_plan(source))
    fixed = runner.fix(plan, select=selection.select, ignore=selection.ignore, capacities=capacities, unsafe=unsafe)
    return Checked(source, fixed.plan, fixed.remaining, fixed.applied)


def _capacities(path: str) -> dict[int, int]:
    return {rank: tier.capacity for rank, tier in load_settings(path).tiers.items()}
