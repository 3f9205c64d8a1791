"""What a rule is: one file, one check, one page of documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from milepost.lint.context import Context
from milepost.source import Diagnostic, Fix, Related, Safety, Severity, Span

SECTIONS = ("What it does", "Why is this bad", "Example", "Fix", "Options")
"""Every rule's page has these sections, in this order."""

FAMILIES = {
    "MP1": "syntax",
    "MP2": "dependencies",
    "MP3": "estimates and schedule",
    "MP4": "assignment",
    "MP5": "checkpoints",
    "MP6": "progress",
    "MP7": "template",
    "MP8": "traceability",
}

Check = Callable[[Context], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its stable code, its name and its documentation page.

    ``page`` is the docstring of the rule's module. ``fix`` is the best safety of the fixes the rule offers, None
    when it offers none. A rule that is not ``default`` runs only when it is selected by code or name.
    """

    code: str
    name: str
    severity: Severity
    check: Check
    page: str
    fix: Safety | None = None
    default: bool = True

    @property
    def family(self) -> str:
        """What the rule is about, from its code."""
        return FAMILIES[self.code[:3]]

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.page.strip().partition("\n")[0].rstrip(".")

    @property
    def sections(self) -> dict[str, str]:
        """The page's sections by title."""
        parts = re.split(r"^## (.+)$", self.page, flags=re.MULTILINE)
        return {title.strip(): body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}

    def at(self, span: Span, message: str, *, fix: Fix | None = None, related: tuple[Related, ...] = ()) -> Diagnostic:
        """Make a finding of this rule."""
        return Diagnostic(self.code, self.name, self.severity, span, message, fix, related)
