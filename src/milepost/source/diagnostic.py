"""What a check found: small products of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from milepost.source.edit import Edit
from milepost.source.span import Span


class Severity(StrEnum):
    """How bad a finding is; every severity counts as a finding for the exit code except ``INFO``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Safety(StrEnum):
    """Whether a fix may be applied unasked (``SAFE``), on request (``UNSAFE``) or only shown (``DISPLAY``)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to make a finding go away: what it does, the edits, and whether they keep the plan's meaning."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety = Safety.SAFE


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a finding."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong and where. The message says what is wrong, the fix says what to do."""

    code: str
    name: str
    severity: Severity
    span: Span
    message: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
