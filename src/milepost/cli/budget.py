"""``milepost budget``: what a run may spend."""

from __future__ import annotations

import click

from milepost.app.runs import extend_budgets
from milepost.app.statuses import budget_lines
from milepost.bootstrap import open_project
from milepost.cli.options import FiniteRange, by_option, json_option, plan_argument, say, say_json

_LIMIT = FiniteRange(min=0, min_open=True)


@click.command()
@plan_argument
@click.option("--scope", default="run", show_default=True, help='Whose budget: "run" or "tier N".')
@click.option("--money", type=_LIMIT, help="The new limit, in the currency of the settings.")
@click.option("--hours", type=_LIMIT, help="The new limit of working hours.")
@click.option("--tokens", type=_LIMIT, help="The new limit of tokens.")
@by_option
@json_option
def command(
    plan: str, scope: str, money: float | None, hours: float | None, tokens: float | None, by: str, as_json: bool
) -> None:
    """Show what a plan's run has spent of its budgets, or set new limits; an exhausted run then goes on.

    Example: milepost budget specs/login/tasks.md --scope "tier 1" --money 50
    """
    project = open_project(plan)
    wanted = {"money": money, "hours": hours, "tokens": tokens}
    limits = {measure: limit for measure, limit in wanted.items() if limit is not None}
    if limits:
        session = project.open_run(by)
        extend_budgets(session, scope, limits, by=by, now=project.now())
        state = session.state
    else:
        state = project.peek_run()
    lines = budget_lines(state)
    if as_json:
        say_json([line._asdict() for line in lines])
        return
    for line in lines:
        of = f" of {_amount(line.measure, line.limit)}" if line.limit is not None else ""
        word = ", exhausted" if line.exhausted else ""
        say(f"{line.scope}  {line.measure}: {_amount(line.measure, line.spent)}{of}{word}")
    if not lines:
        say("Nothing is spent, and nothing is limited.")


def _amount(measure: str, amount: float) -> str:
    """An amount as people write it: tokens whole, money and hours to the hundredth unless they are less than that."""
    if measure == "tokens":
        return f"{amount:,.0f}"
    return f"{amount:.2g}" if 0 < amount < 0.01 else f"{amount:,.2f}"
