"""``milepost explain``: a rule's page."""

from __future__ import annotations

import sys

import click

from milepost.cli.fitting import fit, unwrapped
from milepost.cli.text import say, terminal_columns
from milepost.lint import registry


@click.command
@click.argument("rule", metavar="CODE|NAME")
def command(rule: str) -> None:
    """Explain a rule, by its code (MP301) or its name (missing-estimate)."""
    found = registry.find(rule)
    head = f"{found.code} {found.name} ({found.severity.value}, {found.family})"
    text = f"{head}\n\n{found.page.strip()}"
    columns = terminal_columns(sys.stdout)
    say(fit(unwrapped(text), columns, deeper=0) if columns else text)
