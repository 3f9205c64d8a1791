"""Text and positions: nothing here knows Markdown."""

from milepost.source.diagnostic import Diagnostic, Fix, Related, Safety, Severity
from milepost.source.edit import Edit, apply
from milepost.source.joined import JoinedText
from milepost.source.span import Position, Span
from milepost.source.text import SourceText

__all__ = [
    "Diagnostic",
    "Edit",
    "Fix",
    "JoinedText",
    "Position",
    "Related",
    "Safety",
    "Severity",
    "SourceText",
    "Span",
    "apply",
]
