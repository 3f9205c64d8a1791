"""Checking plans: the files' findings, and their fixes written back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from milepost.app.documents import read_document, update_document
from milepost.app.globs import matches
from milepost.app.neighbours import neighbours
from milepost.app.plans import require_tasks
from milepost.app.requirement_files import find_requirements
from milepost.app.settings import LintSettings, Settings, load_settings
from milepost.errors import SettingsInvalid, UnknownName
from milepost.lint import registry, runner
from milepost.plan.coverage import Coverage, coverage
from milepost.plan.model import Plan
from milepost.plan.reader import Choice, explain_choice, read_plan
from milepost.source import Diagnostic, SourceText

if TYPE_CHECKING:
    from milepost.spec.model import RequirementsDocument


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
    """Which rules to run: codes, beginnings of codes, names, or ``ALL``.

    What is selected here replaces all that the settings say but for their per-file ignores; nothing selected means
    the settings' rules, else the default ones. ``ignore`` takes away in any case.
    """

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()


def check_plan(path: str, selection: Selection, dialect: str = "") -> Checked:
    """Check a plan and change nothing; ``dialect`` is what to read it as (empty: as what it shows to be).

    Raises:
        PlanUnreadable, NoTasksFound, SettingsInvalid: the plan or its settings cannot be read.
        UnknownName: a selector names no rule, or there is no such dialect.
    """
    return check_document(as_asked(read_document(path), dialect), selection)


def as_asked(source: SourceText, dialect: str) -> SourceText:
    """A document, to be read as a dialect if one is named."""
    return source.spelt(dialect) if dialect else source


def check_document(source: SourceText, selection: Selection) -> Checked:
    """Check a document that was read from wherever, as the plan its path names. Raises as :func:`check_plan`."""
    choice = _choice(source.path, selection)
    plan = require_tasks(read_plan(source))
    findings = runner.check(
        plan,
        select=choice.select,
        ignore=choice.ignore,
        extend=choice.extend,
        capacities=choice.capacities,
        requirements=_requirements(source.path),
        elsewhere=neighbours(source.path),
    )
    return Checked(plan.source, plan, tuple(findings))


def preview_fixes(path: str, selection: Selection, *, unsafe: bool = False, dialect: str = "") -> Checked:
    """Check a plan and carry out its fixes in memory only. Raises what :func:`check_plan` raises."""
    return fix_document(as_asked(read_document(path), dialect), selection, unsafe=unsafe)


def fix_document(source: SourceText, selection: Selection, *, unsafe: bool = False) -> Checked:
    """Check a document and carry out its fixes in memory. Raises what :func:`check_plan` raises."""
    return _fixed(source, _choice(source.path, selection), unsafe=unsafe)


def fix_plan(path: str, selection: Selection, *, unsafe: bool = False, dialect: str = "") -> Checked:
    """Check a plan and write its fixes back.

    Raises:
        PlanUnreadable, NoTasksFound, SettingsInvalid: the plan or its settings cannot be read.
        UnknownName: a selector names no rule.
        DocumentUnwritable, DocumentChanged: the fixes cannot be written.
    """
    choice = _choice(path, selection)
    done: list[Checked] = []

    def change(source: SourceText) -> SourceText:
        done.append(_fixed(as_asked(source, dialect), choice, unsafe=unsafe))
        return done[-1].plan.source

    update_document(path, change)
    return done[-1]


@dataclass(frozen=True, slots=True)
class Explored:
    """A document as it was read: the plan, what became of its lines, and why it was read this way."""

    plan: Plan
    coverage: Coverage
    choice: Choice


def explore_document(source: SourceText) -> Explored:
    """Say how a document was read, also one in which no task was found."""
    plan = read_plan(source)
    return Explored(plan, coverage(plan), explain_choice(source))


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the command line and the settings say together about one file."""

    select: Sequence[str]
    ignore: Sequence[str]
    extend: Sequence[str]
    capacities: Mapping[int, int] | None


def _choice(path: str, selection: Selection) -> _Choice:
    registry.require_known((*selection.select, *selection.ignore))
    settings = load_settings(path)
    lint = settings.lint
    _require_known(lint)
    ignore = [*selection.ignore, *_ignored_here(path, settings)]
    capacities = {rank: tier.capacity for rank, tier in settings.tiers.items()} if settings.tiers_stated else None
    if selection.select:
        return _Choice(selection.select, ignore, (), capacities)
    return _Choice(lint.select, [*ignore, *lint.ignore], lint.extend_select, capacities)


def _require_known(lint: LintSettings) -> None:
    """Complain about a selector of the settings that names no rule, with its line."""
    stated = {"select": lint.select, "extend-select": lint.extend_select, "ignore": lint.ignore}
    for key, selectors in (*stated.items(), *lint.per_file_ignores.items()):
        try:
            registry.require_known(selectors)
        except UnknownName as error:
            raise SettingsInvalid(str(error), place=lint.places.get(key, ""), remedy=error.remedy) from None


def _ignored_here(path: str, settings: Settings) -> list[str]:
    if not settings.lint.per_file_ignores:
        return []
    relative = Path(os.path.relpath(os.path.realpath(path), os.path.realpath(settings.root))).as_posix()
    return [
        selector
        for glob, selectors in settings.lint.per_file_ignores.items()
        if matches(glob, relative)
        for selector in selectors
    ]


def _requirements(path: str) -> tuple[RequirementsDocument, ...]:
    """What is stated beside a plan; the reader of requirements is imported only when there is something to read."""
    if not find_requirements(path):
        return ()
    from milepost.app.traces import requirements_beside

    return requirements_beside(path)


def _fixed(source: SourceText, choice: _Choice, *, unsafe: bool) -> Checked:
    plan = require_tasks(read_plan(source))
    fixed = runner.fix(
        plan,
        select=choice.select,
        ignore=choice.ignore,
        extend=choice.extend,
        capacities=choice.capacities,
        requirements=_requirements(source.path),
        elsewhere=neighbours(source.path),
        unsafe=unsafe,
    )
    return Checked(source, fixed.plan, fixed.remaining, fixed.applied)
