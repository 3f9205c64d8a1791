"""From a document to a plan."""

from __future__ import annotations

from collections.abc import Mapping

from milepost.errors import UnknownName
from milepost.plan.dialects import DIALECTS, Dialect
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.reading import Reading
from milepost.plan.formats import FORMATS, Format, format_of
from milepost.plan.model import Plan
from milepost.source import SourceText


def read_plan(source: SourceText, dialect: str | None = None, sizes: Mapping[str, int] | None = None) -> Plan:
    """Read any document, or folder of documents, as a plan; one that holds no task gives a plan without tasks.

    ``dialect`` names the spelling or format to read; by default the first that recognises the document. ``sizes``
    gives the working seconds of named sizes (``S``, ``XL``) and of one story ``point`` in estimates. Only stated
    dependencies are read: order and checkpoints add theirs when the network is built.

    Raises:
        UnknownName: there is no dialect of that name.
    """
    found = _format(source, dialect)
    if found:
        return found.read(source)
    document = Document.of(source)
    return _chosen(document, dialect).read(Reading(document, sizes))


def _format(source: SourceText, name: str | None) -> Format | None:
    if name is None:
        return format_of(source)
    return next((one for one in FORMATS if one.name == name), None)


def _chosen(document: Document, name: str | None) -> Dialect:
    if name is None:
        return next(dialect for dialect in DIALECTS if dialect.detect(document))
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(one.name for one in (*DIALECTS, *FORMATS))
    raise UnknownName(f"there is no dialect {name!r}", remedy=f"use one of: {known}")
