"""What was computed of a plan, kept until it changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

_KEPT = 16
"""How many values are kept of each plan."""

_T = TypeVar("_T")


class Shelf:
    """Named values, each kept as long as it holds; the least recently used go. One thread makes, the others wait."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._values: OrderedDict[str, tuple[object, Any]] = OrderedDict()

    def value(self, name: str, key: object, make: Callable[[], _T], holds: Callable[[_T], bool] | None = None) -> _T:
        """The value of a name if it was made for that key and still ``holds``, else a new one."""
        with self._lock:
            kept = self._values.get(name)
            if kept is None or kept[0] != key or not (holds is None or holds(kept[1])):
                self._values[name] = kept = key, make()
            self._values.move_to_end(name)
            while len(self._values) > _KEPT:
                self._values.popitem(last=False)
            found: _T = kept[1]
            return found
