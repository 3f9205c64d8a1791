"""Schedules beside TaskJuggler: `python -m benchmarks.bench_taskjuggler [--tasks N] [--rounds N]` from the root.

The same plan for both: three tiers of 1, 2 and 4 workers, each with hours of its own, holidays, and clocks that change
on the way; tasks of one to eight hours that wait for two tasks not long before. A round is one process each, right
after the other: `milepost schedule --json`, which also reads the plan's Markdown, and `tj3` with a CSV report. What is
compared is the median of the rounds' ratios, in CPU time, and the end of the plan, also after some seconds of search
(`--optimize`). TaskJuggler may interrupt a task for another, Milepost does not. Milepost's schedules are verified
minute by minute by code that shares nothing with it. Without `tj3` (Debian's package of that name) only Milepost runs.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.schedule.calendar_checker import Item, Week, complaints

from benchmarks.measure import MILEPOST, Sample, run_once

ZONE = "Europe/Berlin"
START = "2026-03-02"
HOLIDAYS = ("2026-04-03", "2026-04-06", "2026-05-01")
CAPACITIES = {1: 1, 2: 2, 3: 4}
HOURS = {
    1: ("mon-fri", ((9, 12), (13, 18))),
    2: ("mon-sat", ((8, 20),)),
    3: ("mon-sun", ((6, 22),)),
}


@dataclass(frozen=True)
class Made:
    """A task: its tier, whole hours, and the tasks it waits for."""

    tier: int
    hours: int
    waits: tuple[int, ...]


def tasks(count: int) -> list[Made]:
    """Most work is on the weakest tier, as its capacity is."""
    chance = random.Random(7)
    return [
        Made(
            chance.choices((1, 2, 3), (1, 2, 5))[0],
            chance.randint(1, 8),
            tuple(sorted({max(0, here - chance.randint(1, 40)) for _ in range(2)})) if here else (),
        )
        for here in range(count)
    ]


def plan(made: list[Made]) -> str:
    """The plan as Markdown."""
    lines = ["# Measured - Implementation Plan\n"]
    for here, one in enumerate(made):
        lines += [f"- [ ] **T{here + 1:04}** Task {here + 1}", f"  - _Estimated: {one.hours} hours_"]
        lines += [f"  - _Tier: {one.tier}_"]
        if one.waits:
            lines.append(f"  - _Depends: {', '.join(f'T{before + 1:04}' for before in one.waits)}_")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Its calendars."""
    days = ", ".join(f'"{day}"' for day in HOLIDAYS)
    parts = [f'[schedule]\nstart = "{START}"\nzone = "{ZONE}"\n']
    for rank, (weekdays, hours) in HOURS.items():
        shifts = ", ".join(f'"{begin:02}:00-{end:02}:00"' for begin, end in hours)
        parts.append(
            f'[calendars.c{rank}]\nzone = "{ZONE}"\nweekdays = ["{weekdays}"]\nhours = [{shifts}]\n'
            f"holidays = [{days}]\n"
            f'[tiers.{rank}]\ndriver = "manual"\ncapacity = {CAPACITIES[rank]}\ncalendar = "c{rank}"\n'
        )
    return "\n".join(parts)


def project(made: list[Made]) -> str:
    """The same for TaskJuggler: a tier is its workers, of whom a task keeps the one it begins with."""
    parts = [
        f'project p "p" {START} +260w {{\n  timezone "{ZONE}"\n  timeformat "%Y-%m-%dT%H:%M:%S%z"\n}}\n',
        *(f'leaves holiday "h" {day}\n' for day in HOLIDAYS),
    ]
    off = {"mon-fri": "sat - sun", "mon-sat": "sun"}
    for rank, (weekdays, hours) in HOURS.items():
        shifts = ", ".join(f"{begin}:00 - {end}:00" for begin, end in hours)
        days = weekdays.replace("-", " - ")
        rest = f"workinghours {off[weekdays]} off " if weekdays in off else ""
        for number in range(CAPACITIES[rank]):
            parts.append(f'resource r{rank}_{number} "r" {{ workinghours {days} {shifts} {rest}}}\n')
    for here, one in enumerate(made):
        others = ", ".join(f"r{one.tier}_{number}" for number in range(1, CAPACITIES[one.tier]))
        who = f"r{one.tier}_0" + (f" {{ alternative {others} select minloaded persistent }}" if others else "")
        waits = f" depends {', '.join(f'T{before + 1:04}' for before in one.waits)}" if one.waits else ""
        parts.append(f'task T{here + 1:04} "t" {{ effort {one.hours}h allocate {who}{waits} }}\n')
    return "".join(parts) + 'taskreport "out" { formats csv columns id, start, end }\n'


def our_end(made: list[Made], folder: Path) -> datetime:
    """When Milepost's schedule ends, after it has been verified."""
    text = (folder / ".output").read_text(encoding="utf-8")
    found = json.loads(text[text.index("{") :])
    rows = found["rows"]
    starts, ends = ([datetime.fromisoformat(row["dates"][which]) for row in rows] for which in ("start", "finish"))
    first = round(datetime.fromisoformat(START).replace(tzinfo=ZoneInfo(ZONE)).timestamp())
    items = [Item(one.tier, one.hours * 3600, first) for one in made]
    links = [(before, here, "FS", 0) for here, one in enumerate(made) for before in one.waits]
    wrong = complaints(items, links, {rank: week(rank) for rank in HOURS}, CAPACITIES, starts, ends)
    assert not wrong, wrong[:5]
    return max(ends)


def week(rank: int) -> Week:
    """A tier's calendar as the checker knows it."""
    weekdays, hours = HOURS[rank]
    last = {"mon-fri": 5, "mon-sat": 6, "mon-sun": 7}[weekdays]
    shifts = tuple((begin * 60, end * 60) for begin, end in hours)
    days = tuple(shifts if day < last else () for day in range(7))
    return Week(days, frozenset(date.fromisoformat(day) for day in HOLIDAYS), zone=ZONE)


def peer_end(folder: Path) -> datetime:
    """When TaskJuggler's schedule ends."""
    with open(folder / "out.csv", encoding="utf-8", newline="") as file:
        return max(datetime.fromisoformat(row["End"]) for row in csv.DictReader(file, delimiter=";"))


def scheduling(folder: Path) -> float:
    """CPU milliseconds of the scheduling alone, the plan and the settings being read."""
    from milepost.app.dates import dates_of
    from milepost.app.plans import load_plan
    from milepost.app.schedules import TierCapacity, schedule_plan
    from milepost.app.settings import load_settings

    path = str(folder / "tasks.md")
    loaded, known = load_plan(path), load_settings(path)
    tiers = {rank: TierCapacity(tier.capacity, tier.speed) for rank, tier in known.tiers.items()}
    began = time.process_time()
    schedule_plan(loaded, tiers, dates=dates_of(loaded, known, None, time.time))
    return (time.process_time() - began) * 1000


def main() -> None:
    """One line for each contender, and the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_taskjuggler")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--optimize", type=float, default=2.0, help="seconds of search")
    options = parser.parse_args()
    made = tasks(options.tasks)
    peer = shutil.which("tj3")
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as name:
        folder = Path(name)
        (folder / "tasks.md").write_text(plan(made), encoding="utf-8")
        (folder / "milepost.toml").write_text(settings(), encoding="utf-8")
        (folder / "p.tjp").write_text(project(made), encoding="utf-8")
        ours: list[Sample] = []
        theirs: list[Sample] = []
        for _ in range(options.rounds):
            ours.append(run_once([*MILEPOST, "schedule", "tasks.md", "--json"], folder))
            end = our_end(made, folder)
            if peer:
                theirs.append(run_once([peer, "--silent", "p.tjp"], folder))
        searched = run_once([*MILEPOST, "schedule", "tasks.md", "--json", "--optimize", str(options.optimize)], folder)
        best = our_end(made, folder)
        alone = min(scheduling(folder) for _ in range(3))
        first = datetime.fromisoformat(START).replace(tzinfo=ZoneInfo(ZONE))
        print(f"{options.tasks:,} tasks, 3 tiers with calendars; load {os.getloadavg()[0]:.1f}")
        print(shown("milepost schedule", ours, end, first) + f", scheduling alone {alone:,.0f} ms")
        print(shown(f"  --optimize {options.optimize:g}", [searched], best, first))
        if not peer:
            print("tj3 is not installed (Debian: apt-get install tj3): nothing to compare with")
            return
        other = peer_end(folder)
        print(shown("tj3", theirs, other, first))
        cpu = statistics.median(one.cpu / mine.cpu for mine, one in zip(ours, theirs, strict=True))
        work = statistics.median(one.cpu for one in theirs) / alone
        lengths = [(one - first) / (other - first) for one in (end, best)]
        print(f"tj3 takes {cpu:.1f} times the CPU of the command, {work:.0f} times that of the scheduling alone")
        print("milepost's plan is {:.3f} times as long as tj3's, {:.3f} times after the search".format(*lengths))


def shown(name: str, samples: list[Sample], end: datetime, first: datetime) -> str:
    """What a contender took, and when its plan ends."""
    cpu, wall = statistics.median(one.cpu for one in samples), statistics.median(one.wall for one in samples)
    days = (end - first).total_seconds() / 86_400
    ends = f"ends {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {days:.2f} days"
    return f"{name:<18} CPU {cpu:>8,.0f} ms, wall {wall:>8,.0f} ms, {ends}"


if __name__ == "__main__":
    main()
