"""What a check found: small products of their own."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from milepost.source.edit import Edit
from milepost.source.lazy_dataclass import lazy_dataclass
from milepost.source.span import Span
from milepost.source.text import SourceText


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


@lazy_dataclass(frozen=True, slots=True)
class Fix:
    """A way to make a finding go away: what it does, the edits, and whether they keep the plan's meaning."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety = Safety.SAFE


@lazy_dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a finding."""

    span: Span
    message: str


@lazy_dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong and where. The message says what is wrong, the fix says what to do."""

    code: str
    name: str
    severity: Severity
    span: Span
    message: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()

    def located(self, source: SourceText) -> tuple[SourceText, Diagnostic]:
        """The finding in the one document it lies in; what belongs to it in other documents is put in words."""
        document, span = source.locate(self.span)
        if document is source:
            return source, self
        message, related = self.message, []
        for other in self.related:
            home, place = source.locate(other.span)
            if home is document:
                related.append(replace(other, span=place))
            else:
                message += f"; {other.message} in {home.path}"
        return document, replace(self, span=span, message=message, related=tuple(related), fix=self._fix_in(source))

    def _fix_in(self, source: SourceText) -> Fix | None:
        if self.fix is None:
            return None
        edits = tuple(edit._replace(span=source.locate(edit.span)[1]) for edit in self.fix.edits)
        return replace(self.fix, edits=edits)
