"""``milepost assign``: choose a tier for every task."""

from __future__ import annotations

import re

import click

from milepost.app.assignments import AssignmentReport, Wish, assign, write_assignment
from milepost.app.documents import unified_diff, update_document
from milepost.app.settings import load_settings
from milepost.cli.dates import plan_dates, read_deadline
from milepost.cli.loading import load_plan, note_unreadable
from milepost.cli.options import FiniteRange, json_option, plan_argument, say, say_json
from milepost.cli.text import duration, money
from milepost.errors import UsageError
from milepost.lint.wording import count
from milepost.plan.reader import read_plan
from milepost.schedule.tradeoff import Front

_SHARE = re.compile(r"(\d+)\s*=\s*(\d+(?:\.\d+)?)\s*%?")


@click.command()
@plan_argument
@click.option(
    "--deadline",
    metavar="TIME",
    callback=read_deadline,
    help="The cheapest assignment that takes no longer (12h, 3 days) or ends by then (2026-12-24).",
)
@click.option("--start", metavar="DATE", help="When the plan starts.  [`start` of the settings, or now]")
@click.option("--budget", type=FiniteRange(min=0), help="The fastest assignment that costs no more.")
@click.option("--share", "shares", multiple=True, metavar="TIER=PERCENT", help="The most a tier may cost of the whole.")
@click.option(
    "--optimize",
    type=FiniteRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Search that long for a better choice by the deadline or within the budget, and for a proof.",
)
@click.option("--front", is_flag=True, help="List every choice of time against cost.")
@click.option("--write", is_flag=True, help="Write the choice into the plan's assignment table, with its reasons.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what --write changes.")
@click.option("--svg", metavar="FILE", help="Draw the front of time against cost.")
@json_option
def command(
    plan: str,
    deadline: int | str | None,
    start: str | None,
    budget: float | None,
    shares: tuple[str, ...],
    optimize: float | None,
    front: bool,
    write: bool,
    show_diff: bool,
    svg: str | None,
    as_json: bool,
) -> None:
    """Choose a tier for every task: the cheapest that can do it, or what a deadline or a budget asks for.

    A task goes to its lowest admissible tier or a stronger one. The lowest comes from its score (`_Complexity:_`,
    `_Ambiguity:_`, `_Risk:_`), else from the assignment table, else it is the weakest. Speeds and prices are in
    milepost.toml.
    """
    loaded = load_plan(plan)
    note_unreadable(loaded)
    settings = load_settings(plan)
    wish = Wish(deadline, budget, dict(map(_share, shares)) or None)
    dates = plan_dates(loaded, settings, start, needed=isinstance(deadline, str))
    search = None
    if optimize is not None:
        from milepost.bootstrap import assignment_search

        if deadline is None and budget is None:
            raise UsageError("--optimize needs something to reach", remedy="give a --deadline or a --budget")
        search = assignment_search(optimize)
    report = assign(loaded, settings, wish, dates, search)
    if report.note:
        say(report.note, err=True)
    diff = unified_diff(loaded.source, write_assignment(loaded, report))
    if write:
        update_document(plan, lambda source: write_assignment(read_plan(source), report))
    if svg is not None:
        from milepost.cli.svg import draw_front
        from milepost.cli.svg import write as write_picture

        points = [(choice.makespan, choice.cost) for choice in report.front.choices]
        write_picture(svg, draw_front(loaded.title, points, (report.chosen.makespan, report.chosen.cost)))
    if as_json:
        say_json({**report.to_json(), "diff": diff, "written": write and bool(diff)})
        return
    _print(report, front)
    if show_diff:
        click.echo(diff, nl=False)
    if write:
        say(f"{plan}: " + ("assignment written" if diff else "assigned like this already"))


def _print(report: AssignmentReport, front: bool) -> None:
    chosen = report.chosen
    real = " of real time" if report.elapsed else ""
    until = f", until {report.finish[:16].replace('T', ' ')}" if report.finish else ""
    say(f"{duration(chosen.makespan)}{real}{until}, cost {money(chosen.cost)}{_quality(report)}")
    say(report.how)
    for task, seconds in report.late:
        say(f"task {task} misses its deadline by {duration(seconds)}")
    for rank, cost in sorted(chosen.cost_of_tier.items()):
        percent = f" ({100 * cost / chosen.cost:.0f}%)" if chosen.cost else ""
        tasks = count(sum(own == rank for own in chosen.tiers.values()), "task")
        say(f"  tier {rank}: {tasks}, cost {money(cost)}{percent}")
    width = max(map(len, chosen.tiers), default=0)
    for name, rank in chosen.tiers.items():
        now = report.current.get(name)
        was = f" (now tier {now})" if now not in (None, rank) else ""
        say(f"{name:<{width}}  tier {rank}{was}  {report.titles[name]}: {report.reasons[name]}")
    if front:
        say("\n" + "\n".join(_front_lines(report.front, chosen.makespan)))


def _quality(report: AssignmentReport) -> str:
    """How far a choice that was searched for may be from the best."""
    found = report.quality
    if found is None:
        return ""
    best = "cheapest possible in that time" if found.measure == "cost" else "fastest possible for that money"
    if found.above <= 1e-4:
        return f", the {best}"
    return f", at most {found.above:.1%} above the {best}"


def _front_lines(front: Front, chosen: int) -> list[str]:
    how = "every assignment was tried" if front.exact else "found by search, and what such a time costs at least"
    lines = [f"Time against cost ({how})"]
    for choice in front.choices:
        mark = "→" if choice.makespan == chosen else " "
        least = "" if front.exact else f"  {money(min(max(front.least_cost(choice.makespan), 0.0), choice.cost)):>10}"
        lines.append(f"{mark} {duration(choice.makespan):>10}  {money(choice.cost):>10}{least}")
    return lines


def _share(text: str) -> tuple[int, float]:
    found = _SHARE.fullmatch(text.strip())
    if found is None or float(found[2]) > 100:
        raise UsageError(f"`{text}` is no share", remedy="write a tier and percent, like 1=20")
    return int(found[1]), float(found[2]) / 100
