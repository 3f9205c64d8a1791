"""Findings as text with source excerpts."""

from __future__ import annotations

from milepost.cli.text import printable
from milepost.source import Diagnostic, Fix, Safety, Severity, SourceText, Span

_TAB = 4
_BEFORE, _SHOWN = 80, 160
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_BOLD, _BLUE, _CYAN = "1", "1;34", "36"


class Renderer:
    """Writes findings in the manner of compilers; colours are ANSI codes, used only on demand."""

    def __init__(self, *, colour: bool = False) -> None:
        """Choose whether to colour."""
        self._colour = colour

    def finding(self, source: SourceText, found: Diagnostic) -> str:
        """Write one finding: place and message, the marked line, what would fix it, related places."""
        line = source.position(found.span.start).line
        gutter = len(str(line))
        tone = _COLOURS[found.severity]
        bar = self._paint("|", _BLUE)
        text, marks = excerpt(source, found.span)
        head = f"{self._place(source, found.span)} {self._paint(found.code, f'1;{tone}')} [{found.name}]"
        lines = [
            f"{head} {printable(found.message)}",
            f"{' ' * gutter} {bar}",
            f"{self._paint(str(line), _BLUE)} {bar} {text}".rstrip(),
            f"{' ' * gutter} {bar} {self._paint(f'{marks} {found.severity.value}', tone)}",
        ]
        equals = self._paint("=", _BLUE)
        for other in found.related:
            place = self._place(source, other.span)
            lines.append(f"{' ' * gutter} {equals} note: {place} {printable(other.message)}")
        if found.fix:
            lines.append(f"{' ' * gutter} {equals} {self._paint('help', _CYAN)}: {printable(_help(found.fix))}")
        return "\n".join(lines)

    def _place(self, source: SourceText, span: Span) -> str:
        line, column = source.position(span.start)
        return f"{self._paint(printable(source.path), _BOLD)}:{line}:{column}"

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def excerpt(source: SourceText, span: Span) -> tuple[str, str]:
    """Give the first line a span touches as a terminal shows it, and the carets that mark the span below it.

    Tabs are expanded, wide characters count two columns, and of a long line only the part around the span is shown.
    """
    line = source.line_span(source.position(span.start).line)
    start = max(line.start, span.start - _BEFORE)
    end = min(line.end, start + _SHOWN)
    before = _shown(("…" if start > line.start else "") + source.text[start : span.start])
    column = _width(before)
    marked = _shown(source.text[span.start : min(max(span.end, span.start), end)], column)
    after = _shown(source.text[min(max(span.end, span.start), end) : end], column + _width(marked))
    text = before + marked + after + ("…" if end < line.end else "")
    return text, " " * column + "^" * max(_width(marked), 1)


def _shown(text: str, column: int = 0) -> str:
    """Make text printable and expand its tabs; ``column`` is where it starts."""
    shown = []
    for piece in printable(text).split("\t"):
        shown.append(piece)
        column += _width(piece)
        blanks = _TAB - column % _TAB
        shown.append(" " * blanks)
        column += blanks
    return "".join(shown[:-1])


def _width(text: str) -> int:
    """The columns a terminal needs for a text without tabs."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )


def _help(fix: Fix) -> str:
    return f"{fix.title} (unsafe fix)" if fix.safety is Safety.UNSAFE else fix.title
