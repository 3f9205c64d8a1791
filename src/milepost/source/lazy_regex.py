"""Regular expressions that are compiled when they are first used.

Milepost knows some three hundred patterns, of which a plan of one dialect needs less than half. Compiling all of them
costs more than anything else that a short command does.
"""

from __future__ import annotations

import re
from typing import Any, cast


def lazy_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Give what ``re.compile`` gives, without the work until the first use; a wrong pattern raises only then."""
    return cast("re.Pattern[str]", LazyRegex(pattern, flags))


class LazyRegex:
    """Stands for a compiled pattern. Each method is looked up once, then called without a detour."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern, and keep the method asked for where the next look-up finds it."""
        if name.startswith("_"):
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(*self._source)
        value = getattr(self._compiled, name)
        self.__dict__[name] = value
        return value
