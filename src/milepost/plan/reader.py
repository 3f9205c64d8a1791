"""From a document to a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from milepost.errors import UnknownName
from milepost.plan.dialects import DIALECTS, Dialect
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.reading import Reading
from milepost.plan.formats import FORMATS, Format, format_of
from milepost.plan.model import Plan
from milepost.source import SourceText


def read_plan(source: SourceText, dialect: str | None = None, sizes: Mapping[str, int] | None = None) -> Plan:
    """Read any document, or folder of documents, as a plan; one that holds no task gives a plan without tasks.

    ``dialect`` names the spelling or format to read; by default the one that the document is to be read as, else the
    first that recognises it. ``sizes`` gives the working seconds of named sizes (``S``, ``XL``) and of one story
    ``point`` in estimates. Only stated dependencies are read: order and checkpoints add theirs when the network is
    built.

    Raises:
        UnknownName: there is no dialect of that name.
    """
    return read_document(source, Document.of, dialect, sizes)


def read_document(
    source: SourceText,
    parse: Callable[[SourceText], Document],
    dialect: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Plan:
    """Read a document as :func:`read_plan` does, with a way of one's own to find its blocks."""
    dialect = dialect or source.spelling or None
    found = _format(source, dialect)
    if found:
        return found.read(source)
    document = parse(source)
    return _chosen(document, dialect).read(Reading(document, sizes))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dialect or format a document is read as, what in it shows that, and which ones were tried before."""

    name: str
    why: str
    declined: tuple[str, ...]


def explain_choice(source: SourceText) -> Choice:
    """Say which reader :func:`read_plan` picks for a document, and why."""
    if source.spelling:
        return Choice(_known_name(source.spelling), "it is to be read so, whatever it shows", ())
    declined: list[str] = []
    for one in FORMATS:
        if one.detect(source):
            return Choice(one.name, one.why(source), tuple(declined))
        declined.append(one.name)
    document = Document.of(source)
    for dialect in DIALECTS:
        if dialect.detect(document):
            return Choice(dialect.name, dialect.why(document), tuple(declined))
        declined.append(dialect.name)
    raise AssertionError("the last dialect takes everything")


def _format(source: SourceText, name: str | None) -> Format | None:
    if name is None:
        return format_of(source)
    return next((one for one in FORMATS if one.name == _known_name(name)), None)


def _chosen(document: Document, name: str | None) -> Dialect:
    if name is None:
        return next(dialect for dialect in DIALECTS if dialect.detect(document))
    return next(dialect for dialect in DIALECTS if dialect.name == _known_name(name))


def _known_name(name: str) -> str:
    """The name of a dialect or format as it is written here: hyphens and case do not tell any apart.

    Raises:
        UnknownName: there is none.
    """
    names = [*(one.name for one in DIALECTS), *(one.name for one in FORMATS)]
    found = next((one for one in names if _bare(one) == _bare(name)), None)
    if found is None:
        raise UnknownName(f"there is no dialect {name!r}", remedy=f"use one of: {', '.join(names)}")
    return found


def _bare(name: str) -> str:
    return name.replace("-", "").lower()
