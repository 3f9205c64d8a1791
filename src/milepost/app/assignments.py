"""Tasks given to tiers: the front of time and cost, one choice on it, and the choice written into the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from milepost.app.assignment_searches import AssignmentSearch, Found, Menu
from milepost.app.settings import Settings
from milepost.errors import PlanInvalid, UsageError
from milepost.plan.model import Assignment, Plan
from milepost.schedule.network import Network
from milepost.schedule.tradeoff import Front, explore, menu, suggested_tier
from milepost.schedule.tradeoff_choices import Choice, Evaluator, TierOffer
from milepost.schedule.tradeoff_search import Target
from milepost.source import Edit, SourceText, Span, apply

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates
    from milepost.app.schedule_dates import Dating
    from milepost.schedule.leveling import LeveledSchedule

_ALL_TRIED = "every assignment was tried"
_OWN_REMARK = re.compile(r"\s*\(assigned: [^)]*\)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an assignment has to keep to: a deadline, in working seconds or a date, a budget, shares of cost by rank."""

    deadline: int | str | None = None
    budget: float | None = None
    shares: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a choice is that comes from a search: no choice that keeps the wish has less than ``least``.

    ``measure`` is ``cost``, or ``makespan`` in seconds; ``above`` is by what fraction of the least it may be higher.
    """

    measure: str
    least: float
    above: float


@dataclass(frozen=True, slots=True)
class AssignmentReport:
    """The front, the choice made on it, how the plan is assigned now, and why each task goes where it goes.

    ``start`` and ``finish`` are moments in ISO form where there are dates; with ``elapsed`` makespans are real time,
    because the tiers' calendars differ. ``how`` says how the choice was found, ``note`` what
    its search had to do without; ``late`` are the tasks that miss their
    own deadlines with it, by how many working seconds.
    """

    front: Front
    chosen: Choice
    current: Mapping[str, int]
    reasons: Mapping[str, str]
    titles: Mapping[str, str]
    start: str | None = None
    finish: str | None = None
    elapsed: bool = False
    quality: Quality | None = None
    how: str = ""
    note: str = ""
    late: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        return {
            "exact": self.front.exact,
            "found": self.how,
            "note": self.note,
            "late": [{"id": task, "seconds": seconds} for task, seconds in self.late],
            "quality": asdict(self.quality) if self.quality else None,
            "makespan_seconds": self.chosen.makespan,
            "start": self.start,
            "finish": self.finish,
            "axis": "elapsed" if self.elapsed else "working",
            "cost": round(self.chosen.cost, 6),
            "cost_by_tier": {str(rank): round(cost, 6) for rank, cost in sorted(self.chosen.cost_of_tier.items())},
            "tasks": [
                {
                    "id": task,
                    "title": self.titles[task],
                    "tier": rank,
                    "assigned_now": self.current.get(task),
                    "reason": self.reasons[task],
                }
                for task, rank in self.chosen.tiers.items()
            ],
            "front": [
                {
                    "makespan_seconds": choice.makespan,
                    "cost": round(choice.cost, 6),
                    "least_cost": round(choice.cost if self.front.exact else self.front.least_cost(choice.makespan), 6),
                }
                for choice in self.front.choices
            ],
        }


def assign(
    plan: Plan,
    settings: Settings,
    wish: Wish,
    dates: PlanDates | None = None,
    search: AssignmentSearch | None = None,
) -> AssignmentReport:
    """Choose a tier for every task that is to be done: the cheapest choice that the wish allows.

    With a budget and no deadline the fastest choice within it; with neither the cheapest of all. A task's lowest
    admissible tier comes from its score, else from its present assignment, else it is the weakest. With ``dates`` the
    calendars of the tiers count, and what the plan says of dates. Where there is a deadline or a budget, and the plan
    allows it, ``search`` makes the choice better.

    Raises:
        PlanInvalid: nothing keeps to the wish; the message says what comes nearest.
        UsageError: a deadline is a date, but there are no dates.
    """
    network = Network.from_plan(plan, gates=True, default_effort=settings.default_effort)
    tasks = {activity.id: plan.by_id[activity.id] for activity in network.activities if not activity.checkpoint}
    efforts = {name: task.effort.likely if task.effort else settings.default_effort for name, task in tasks.items()}
    weakest = {}
    for name, task in tasks.items():
        score = suggested_tier(task.complexity, task.ambiguity, task.risk)
        weakest[name] = score or plan.tiers.get(name) or max(settings.tiers)
    offers = {rank: TierOffer(tier.capacity, tier.speed, tier.cost_per_hour) for rank, tier in settings.tiers.items()}
    calendar = _Scheduler(plan, dates) if dates else None
    deadline = _deadline(wish, calendar)
    front = explore(
        network,
        efforts,
        weakest,
        offers,
        shares=wish.shares,
        budget=wish.budget,
        deadline=deadline,
        scheduler=calendar,
    )
    chosen = _choose(front, wish, deadline, calendar)
    quality = _quality(front, wish, deadline, chosen)
    note, how = "", _ALL_TRIED if front.exact else f"the best of {front.tried:,} assignments tried"
    if search and (deadline is not None or wish.budget is not None):
        found = _Searching(plan, dates, network, efforts, weakest, offers, calendar).better(
            search, front, replace(wish, deadline=deadline), chosen
        )
        chosen, how, note, quality = found.choice, found.how, found.note, _quality_of(found, deadline)
    reasons = {name: _reason(plan, name, weakest[name], chosen) for name in tasks}
    titles = {name: task.title for name, task in tasks.items()}
    report = AssignmentReport(front, chosen, plan.tiers, reasons, titles, quality=quality, how=how, note=note)
    if calendar is None:
        return report
    if calendar.dates.differ and quality and quality.measure == "makespan":
        report = replace(report, quality=None)  # the bound counts working time, which says little of real time
    late = calendar.late(*Evaluator(network, efforts, offers, calendar).leveled(chosen))
    start, finish = calendar.date(0), calendar.date(chosen.makespan)
    return replace(report, start=start, finish=finish, elapsed=calendar.dates.differ, late=late)


def _searchable(plan: Plan, dates: PlanDates | None) -> bool:
    """Whether a solver may count in working time alone.

    It may where the tiers share a calendar and no task has to end by a date.
    """
    return dates is None or not (dates.differ or any(task.deadline for task in plan.tasks))


@dataclass(frozen=True)
class _Searching:
    """A choice made better, by a solver where it can count what matters, else by trying."""

    plan: Plan
    dates: PlanDates | None
    network: Network
    efforts: Mapping[str, int]
    weakest: Mapping[str, int]
    offers: Mapping[int, TierOffer]
    calendar: _Scheduler | None

    def better(self, search: AssignmentSearch, front: Front, wish: Wish, chosen: Choice) -> Found:
        deadline, budget = wish.deadline, wish.budget
        assert not isinstance(deadline, str)
        least = front.least_makespan(budget or 0.0) if deadline is None else front.least_cost(deadline)
        # By a deadline the budget is what a solver looks for: then shares of it are no limits yet.
        if not _searchable(self.plan, self.dates) or (wish.shares and deadline is not None):
            if front.exact:
                return Found(chosen, 0.0, how=_ALL_TRIED)
            evaluate = Evaluator(self.network, self.efforts, self.offers, self.calendar)
            target = Target(deadline, budget, wish.shares)
            return search.by_trying(evaluate, evaluate.allowed(self.weakest), chosen, target, max(least, 0.0))
        dishes = Menu(
            self.network,
            menu(self.network, self.efforts, self.weakest, self.offers),
            {rank: offer.capacity for rank, offer in self.offers.items() if offer.capacity > 0},
            (wish.shares or {}) if budget is not None else {},
            self.calendar.releases(self.network) if self.calendar else {},
        )
        if deadline is not None:
            return search.cheapest(dishes, chosen, deadline, max(least, 0.0))
        assert budget is not None
        return search.fastest(dishes, chosen, budget, max(least, 0.0))


@dataclass(frozen=True)
class _Scheduler:
    """Schedules a network by the calendars of its tiers; where those differ all schedules are in real seconds."""

    plan: Plan
    dates: PlanDates

    def __call__(self, network: Network, capacities: Mapping[int, int]) -> LeveledSchedule:
        dating = self._dating(network)
        leveled = dating.level(dating.path(), capacities)
        if not self.dates.differ or dating.scale.differ:
            return leveled
        main = dating.scale.main
        return replace(
            leveled,
            start=[main.begins(at) for at in leveled.start],
            finish=[main.ends(at) for at in leveled.finish],
            makespan=main.ends(leveled.makespan),
        )

    def _dating(self, network: Network) -> Dating:
        from milepost.app.schedule_dates import Dating

        return Dating(self.plan, network, self.dates)

    def releases(self, network: Network) -> dict[str, int]:
        """The earliest starts in working seconds, where the tiers share a calendar."""
        dating = self._dating(network)
        return dating.limits.releases(dating.scale)

    def late(self, network: Network, leveled: LeveledSchedule) -> tuple[tuple[str, int], ...]:
        """The tasks of a schedule that miss their own deadlines, with the working seconds by which they do."""
        dating = self._dating(network)
        if not dating.deadlines:
            return ()
        found = []
        for name, deadline in dating.deadlines.items():
            here = network.number(name)
            time = dating.scale.times[here]
            finish = time.worked(leveled.finish[here]) if self.dates.differ else leveled.finish[here]
            if finish > deadline:
                found.append((name, finish - deadline))
        return tuple(found)

    def date(self, seconds: int) -> str:
        time = self.dates.main
        return time.moment(time.ends(seconds)).astimezone(self.dates.calendars.zone).isoformat(timespec="seconds")


def _deadline(wish: Wish, calendar: _Scheduler | None) -> int | None:
    """The deadline in the schedules' seconds."""
    if not isinstance(wish.deadline, str):
        return wish.deadline
    if calendar is None:
        raise UsageError("a date as deadline needs a start", remedy="give a moment to count from: --start")
    from milepost.app.dates import moment_of_deadline

    time = calendar.dates.main
    return time.worked(time.elapsed(moment_of_deadline(wish.deadline, calendar.dates)))


def _choose(front: Front, wish: Wish, deadline: int | None, calendar: _Scheduler | None) -> Choice:
    if deadline is not None:
        chosen = front.cheapest_by(deadline)
        fastest = front.choices[-1]
        if chosen is None:
            raise PlanInvalid(
                f"no assignment ends by the deadline: the fastest takes {fastest.makespan / 3600:.2f} h"
                + (f", until {calendar.date(fastest.makespan)[:16].replace('T', ' ')}," if calendar else "")
                + f" and costs {fastest.cost:.2f}",
                remedy="give more time, faster tiers or more capacity",
            )
        if wish.budget is not None and chosen.cost > wish.budget:
            raise PlanInvalid(
                f"meeting the deadline costs {chosen.cost:.2f}, which is over the budget",
                remedy="give more time or more money",
            )
        return chosen
    if wish.budget is None:
        return front.choices[0]
    chosen = front.fastest_within(wish.budget)
    if chosen is None:
        raise PlanInvalid(
            f"no assignment stays within the budget: the cheapest costs {front.choices[0].cost:.2f}",
            remedy="give more money, or let weaker tiers do more",
        )
    return chosen


def _quality_of(found: Found, deadline: int | None) -> Quality | None:
    """How good a choice is that was searched for; None where nothing is known of it."""
    measure = "makespan" if deadline is None else "cost"
    value = found.choice.makespan if deadline is None else found.choice.cost
    if found.least <= 0 < value:
        return None
    above = value / found.least - 1 if found.least > 0 else 0.0
    return Quality(measure, round(found.least, 6), round(max(above, 0.0), 6))


def _quality(front: Front, wish: Wish, deadline: int | None, chosen: Choice) -> Quality | None:
    """The choice beside what no choice can undercut; None where all were tried."""
    if front.exact:
        return None
    if deadline is None and wish.budget is not None:
        measure, least, found = "makespan", front.least_makespan(wish.budget), float(chosen.makespan)
    else:
        least = front.least_cost(chosen.makespan if deadline is None else deadline)
        measure, found = "cost", chosen.cost
    least = min(max(least, 0.0), found)
    return Quality(measure, round(least, 6), round(found / least - 1, 6)) if least > 0 else None


def _reason(plan: Plan, name: str, weakest: int, chosen: Choice) -> str:
    task = plan.by_id[name]
    rank = chosen.tiers[name]
    if rank < weakest:
        return f"stronger than tier {weakest}, to save time"
    parts = [part for part in (task.complexity, task.ambiguity, task.risk) if part is not None]
    if parts:
        return f"score {sum(parts) / len(parts):.1f}"
    return "as assigned before" if name in plan.tiers else "weakest tier"


def write_assignment(plan: Plan, report: AssignmentReport) -> SourceText:
    """Write the choice into the plan's assignment table, or add one where it has none.

    A row keeps its words but for the tier and a remark; a row whose tasks go to different tiers is split.
    """
    source = plan.source
    edits: list[Edit] = []
    named: set[str] = set()
    for row in plan.assignments:
        edits += _row_edits(source, row, report, named)
        named.update(row.tasks)
    missing = [name for name in report.chosen.tiers if name not in named]
    if missing:
        edits.append(_new_rows(plan, missing, report))
    return apply(source, edits)


def _row_edits(source: SourceText, row: Assignment, report: AssignmentReport, named: set[str]) -> list[Edit]:
    tasks = [name for name in row.tasks if name in report.chosen.tiers and name not in named]
    runs = [(rank, list(names)) for rank, names in groupby(tasks, key=lambda name: report.chosen.tiers[name])]
    if not runs or (len(runs) == 1 and runs[0][0] == row.tier):
        return []
    line = source.line_span(source.position(row.span.start).line)
    lines = []
    for rank, names in runs:
        cells = [Edit(row.assignee.span, f"Tier {rank}")]
        if len(runs) > 1:
            cells.append(Edit(row.reference.span, _range(names)))
        if row.notes is not None:
            words = _OWN_REMARK.sub("", row.notes.text)
            remark = f"(assigned: {report.reasons[names[0]]})"
            cells.append(Edit(row.notes.span, f"{words} {remark}".strip()))
        lines.append(_cut(apply(source, cells), source, line))
    return [Edit(line, source.newline.join(lines))]


def _cut(changed: SourceText, source: SourceText, line: Span) -> str:
    """The line as it reads after edits inside it."""
    return changed.text[line.start : len(changed.text) - (len(source.text) - line.end)]


def _new_rows(plan: Plan, names: list[str], report: AssignmentReport) -> Edit:
    newline = plan.source.newline
    rows = [
        f"| {_range(list(run))} | Tier {rank} | Not Started | (assigned: {reason}) |"
        for (rank, reason), run in groupby(names, key=lambda name: (report.chosen.tiers[name], report.reasons[name]))
    ]
    if plan.assignments:
        last = max(row.span.end for row in plan.assignments)
        line = plan.source.line_span(plan.source.position(last).line)
        return Edit(Span(line.end, line.end), newline + newline.join(rows))
    head = ["", "## Task Assignment", "", "| Task | Assigned To | Status | Notes |", "|---|---|---|---|"]
    end = len(plan.source.text)
    glue = "" if plan.source.text.endswith(("\n", "\r")) else newline
    return Edit(Span(end, end), glue + newline.join([*head, *rows]) + newline)


def _range(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names) if len(names) == 2 else f"{names[0]}-{names[-1]}"
