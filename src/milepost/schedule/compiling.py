"""Compilation by numba where it is installed; without it the same functions run as they are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def can_compile() -> bool:
    """Whether compiled code can be loaded; imports nothing."""
    return find_spec("numba") is not None and find_spec("numpy") is not None


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, if numba is installed; a decorator.

    The first use in a process imports numba, about half a second. What was compiled is kept on disk, beside the source
    or in the user's cache; where neither can be written, each process compiles anew.
    """
    if not can_compile():
        return function
    njit: Any = import_module("numba").njit
    try:
        return njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]
    except RuntimeError:
        return njit(nogil=True)(function)  # type: ignore[no-any-return]


def lean(function: Function) -> Function:
    """Compile like :func:`compiled` a function that creates no arrays, nor counts who uses them; a decorator.

    Counting takes most of the time of small functions that pass many arrays to each other.
    """
    if not can_compile():
        return function
    njit: Any = import_module("numba").njit
    try:
        return njit(cache=True, nogil=True, _nrt=False)(function)  # type: ignore[no-any-return]
    except (RuntimeError, KeyError, TypeError):
        # No cache can be written, or this numba has no such option.
        return compiled(function)
