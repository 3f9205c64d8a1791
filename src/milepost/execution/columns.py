"""Many like things as plain values: told field by field, they are read back in half the time it takes row by row.

A field that is the same in all of them, as most fields of most tasks are, is not told at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import repeat
from typing import Any


def packed(rows: Collection[Sequence[Any]], plain: Sequence[Any]) -> list[Any]:
    """Tell rows as how many there are and their columns; None is a column that is ``plain`` all the way down."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(plain)
    pairs = zip(columns, plain, strict=True)
    return [len(rows), [None if all(value == usual for value in column) else column for column, usual in pairs]]


def unpacked(told: Sequence[Any], plain: Sequence[Any]) -> list[Iterable[Any]]:
    """The columns that :func:`packed` told; any exception says that there are none."""
    count, columns = told
    if any(column is not None and len(column) != count for column in columns):
        raise ValueError("a column is of another length")
    pairs = zip(columns, plain, strict=True)
    return [repeat(usual, count) if column is None else column for column, usual in pairs]
