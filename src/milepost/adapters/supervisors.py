"""The names of supervisors, and whether who bears one is still there."""

from __future__ import annotations

import os

from milepost.adapters import shim


def own_name() -> str:
    """The name of this process as a supervisor: its machine and its number."""
    return f"{os.uname().nodename}:{os.getpid()}"


def has_died(name: str) -> bool:
    """Whether a supervisor was a process of this machine and is no more; of other machines nothing is known."""
    host, _, number = name.rpartition(":")
    return host == os.uname().nodename and number.isdecimal() and shim.identity(int(number)) is None
