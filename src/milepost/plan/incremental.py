"""A plan read again and again while its document changes a little each time, as in an editor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from milepost.plan.block_cache import BlockCache
from milepost.plan.dialects.document import Document
from milepost.plan.dialects.fences import parse_mended
from milepost.plan.dialects.memory import Memory
from milepost.plan.model import Plan
from milepost.plan.reader import read_document
from milepost.source import SourceText


@dataclass
class Reparser:
    """Reads the versions of one document one after the other; each gives exactly what ``read_plan`` gives.

    Sections and list items whose text did not change are not scanned again, nor are the tasks in them read again;
    plans given before stay as they were.
    ``dialect`` and ``sizes`` mean what they mean to ``read_plan``. Not to be shared between threads.
    """

    dialect: str | None = None
    sizes: Mapping[str, int] | None = None
    _blocks: BlockCache = field(default_factory=BlockCache)
    _memory: Memory = field(default_factory=Memory)

    def update(self, source: SourceText) -> Plan:
        """Read the next version of the document.

        Raises:
            UnknownName: there is no dialect of that name.
        """
        return read_document(source, self._document, self.dialect, self.sizes)

    def _document(self, source: SourceText) -> Document:
        return Document(source, parse_mended(source.text, self._blocks.parse), self._memory)
