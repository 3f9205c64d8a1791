"""Findings for people, in their source, and a closing line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from milepost.app.checks import Checked
from milepost.cli.diagnostics import Renderer
from milepost.cli.formats.results import Results
from milepost.lint.wording import count
from milepost.source import Severity


def render(results: Results) -> str:
    """Write every finding and the closing line."""
    closing = f"{summary(results)}\n" if results.plans else ""
    return findings(results) + closing


def findings(results: Results) -> str:
    """Write every finding, an empty line behind each."""
    renderer = Renderer(colour=_wants_colour())
    return "".join(renderer.finding(source, found) + "\n\n" for source, found in results.findings())


def summary(results: Results) -> str:
    """Say in one line what was found, fixed and left."""
    numbers = results.summary
    if not numbers["findings"]:
        fixed = f"Fixed {count(numbers['fixed'], 'finding')}. " if numbers["fixed"] else ""
        return f"{fixed}All checks passed: {_contents(results.plans)}."
    kinds = ", ".join(count(numbers[f"{kind}s"], kind) for kind in Severity if numbers[f"{kind}s"])
    before = f"Fixed {numbers['fixed']}, " if numbers["fixed"] else "Found "
    after = " left" if numbers["fixed"] else ""
    places = f" in {len(results.plans)} plans" if len(results.plans) > 1 else ""
    remedy = f"; {numbers['fixable']} fixable with --fix" if numbers["fixable"] else ""
    return f"{before}{count(numbers['findings'], 'finding')}{after}{places} ({kinds}){remedy}."


def _contents(plans: Sequence[Checked]) -> str:
    parts = [count(len(plans), "plan")] if len(plans) > 1 else []
    parts.append(count(sum(len(one.plan.leaves) for one in plans), "task"))
    for noun in ("phase", "checkpoint"):
        number = sum(len(one.plan.phases if noun == "phase" else one.plan.checkpoints) for one in plans)
        if number:
            parts.append(count(number, noun))
    return ", ".join(parts)


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
