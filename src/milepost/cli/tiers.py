"""``milepost tiers``: who works on which tier, and whether they can be reached."""

from __future__ import annotations

import click

from milepost.app.tier_lines import TierLine, chosen
from milepost.bootstrap.tiers import tiers_of, try_tier
from milepost.cli.acting import require_place
from milepost.cli.options import FiniteRange, complete_files, json_option, say, say_json
from milepost.lint.wording import count


@click.command()
@click.argument("place", metavar="[PATH]", default=".", shell_complete=complete_files)
@click.option(
    "--test",
    "asked",
    metavar="[N]",
    is_flag=False,
    flag_value="all",
    default=None,
    help="Give the agent of tier N, or of every tier that has one, a harmless prompt.",
)
@click.option("--trust", "trust_now", is_flag=True, help="Allow the commands that are tested first.")
@click.option("--time-limit", type=FiniteRange(min=1), default=120.0, show_default=True, help="Seconds for an answer.")
@json_option
def command(place: str, asked: str | None, trust_now: bool, time_limit: float, as_json: bool) -> int:
    """Show the tiers: who works there, how many at once, at what cost, and whether their program is installed.

    `--test` spends a few tokens: the agent is asked, in an empty folder, to answer with one word.

    Exit codes: 0 fine, 1 a program is not installed or an agent did not answer.
    """
    require_place(place)
    lines = tiers_of(place)
    tested = chosen(lines, asked, place) if asked else []
    probes = {line.rank: try_tier(place, line, time_limit, trust_now=trust_now) for line in tested if not line.missing}
    bad = any(line.missing for line in lines) or any(not probe.answered for probe in probes.values())
    if as_json:
        tests = {rank: probe.to_json() for rank, probe in probes.items()}
        say_json([{**line.to_json(), "test": tests.get(line.rank)} for line in lines])
        return 1 if bad else 0
    for line in lines:
        _show(line)
        if line.rank in probes:
            probe = probes[line.rank]
            spent = [f"{probe.seconds:g} s"]
            spent += [f"{probe.tokens} tokens"] if probe.tokens is not None else []
            spent += [f"{probe.cost:g} USD"] if probe.cost is not None else []
            say(f"    {'answered' if probe.answered else 'NO ANSWER'} ({', '.join(spent)}): {probe.text}")
    return 1 if bad else 0


def _show(line: TierLine) -> None:
    named = "" if line.name == f"Tier {line.rank}" else f" {line.name}"
    terms = f"{line.capacity} at once, {count(line.attempts, 'attempt')} each, in {_where(line)}"
    say(f"Tier {line.rank}{named}: {line.who}, {terms}")
    if line.cost_per_hour:
        say(f"    costs {line.cost_per_hour:g} an hour")
    if line.command:
        say(f"    {line.command}")
    if line.missing:
        say(f"    {line.program} is NOT INSTALLED, or not on the path")
    elif line.path:
        say(f"    {line.path}{f', {line.version}' if line.version else ''}")


def _where(line: TierLine) -> str:
    return "worktrees" if line.workspace == "worktree" else "place"
