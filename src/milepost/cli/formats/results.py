"""What a check of many plans gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from milepost.app.checks import Checked
from milepost.errors import InputError
from milepost.lint.runner import fixable
from milepost.source import Diagnostic, Severity, SourceText

CLEAN, FINDINGS, UNREADABLE = 0, 1, 3


@dataclass(slots=True)
class Results:
    """The checked plans, and the errors of those that could not be read."""

    plans: list[Checked] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """3 when something could not be read, 1 when there are findings above info, else 0."""
        if self.errors:
            return UNREADABLE
        return FINDINGS if any(found.severity is not Severity.INFO for _, found in self.findings()) else CLEAN

    @property
    def summary(self) -> dict[str, int]:
        """The numbers of findings, by severity and by whether a fix helps or helped."""
        found = [one for _, one in self.findings()]
        return {
            "findings": len(found),
            **{f"{kind}s": sum(one.severity is kind for one in found) for kind in Severity},
            "fixable": sum(fixable(one) for one in found),
            "fixed": sum(len(plan.fixed) for plan in self.plans),
        }

    def findings(self) -> Iterator[tuple[SourceText, Diagnostic]]:
        """All findings with the documents they are in."""
        for plan in self.plans:
            for found in plan.findings:
                yield found.located(plan.plan.source)
