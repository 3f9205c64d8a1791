"""How much memory a large plan takes, told before it is read."""

from __future__ import annotations

import os

from milepost.errors import PlanUnreadable
from milepost.source.lazy_dataclass import lazy_dataclass

LARGE = 2 * 1024 * 1024
"""Bytes of a document from which its tasks are counted; smaller ones fit everywhere."""

MANY = 50_000
"""Boxes from which it is worth a word."""

BYTES_PER_TASK = 8_000
"""Memory that reading and scheduling a task takes, as measured with plans of 100,000 tasks."""


@lazy_dataclass(frozen=True, slots=True)
class MemoryNeed:
    """About how many tasks a document holds, and how many bytes of memory they take at most."""

    tasks: int
    memory: int


def memory_needed(path: str) -> MemoryNeed | None:
    """What a large plan needs; None for others, and for what cannot be read.

    Raises:
        PlanUnreadable: it is more than there is.
    """
    try:
        if os.stat(path).st_size < LARGE:
            return None
        with open(path, "rb") as file:
            tasks = sum(line.count(b"[", 0, 12) for line in file)
    except OSError:
        return None
    if tasks < MANY:
        return None
    need = MemoryNeed(tasks, tasks * BYTES_PER_TASK)
    free = free_memory()
    if free is not None and need.memory > free:
        raise PlanUnreadable(
            f"it holds about {tasks:,} tasks, which take up to {gigabytes(need.memory)} of memory; "
            f"{gigabytes(free)} are free",
            place=path,
            remedy="split it into several plans, or use a machine with more memory",
        )
    return need


def gigabytes(size: int) -> str:
    """An amount of memory in words."""
    return f"{size / 1e9:.1f} GB"


def free_memory() -> int | None:
    """Bytes of memory that a process can still have; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
