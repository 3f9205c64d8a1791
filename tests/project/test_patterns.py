"""Patterns that are compiled late are right all the same."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import milepost
from milepost.source.lazy_regex import LazyRegex, lazy_regex

MODULES = sorted(
    module.name
    for package in ("lint", "plan", "source", "spec")
    for module in pkgutil.walk_packages([f"{milepost.__path__[0]}/{package}"], f"milepost.{package}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_every_pattern_can_be_compiled(name: str) -> None:
    for value in vars(importlib.import_module(name)).values():
        if isinstance(value, LazyRegex):
            assert value.pattern


def test_a_late_pattern_does_what_a_pattern_does() -> None:
    late, soon = lazy_regex(r"(?P<word>[a-z]+)\d", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)\d", re.IGNORECASE)
    text = "AB1 cd2 3"
    for _ in range(2):  # the first call compiles
        assert [found["word"] for found in late.finditer(text)] == [found["word"] for found in soon.finditer(text)]
        assert late.sub("-", text) == soon.sub("-", text) == "- - 3"
        assert (late.pattern, late.flags, late.groups) == (soon.pattern, soon.flags, soon.groups)


def test_a_wrong_pattern_raises_when_it_is_used() -> None:
    with pytest.raises(re.error):
        lazy_regex("(").match("")
