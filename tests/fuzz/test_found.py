"""Every document that once broke something, every seed, and random bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.properties import check
from tests.fuzz.seeds import CRASHES, seeds

SEEDS = list(seeds(dressed=False))
LINES = sorted({line for raw in SEEDS for line in raw.splitlines(keepends=True)})


@pytest.mark.parametrize("path", sorted(CRASHES.glob("*.bin")), ids=lambda path: path.stem)
def test_what_was_found_stays_fixed(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.parametrize("place", range(len(SEEDS)))
def test_seeds(place: int) -> None:
    check(SEEDS[place])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    check(raw)


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12).map(b"".join))
def test_any_lines_of_any_dialects(raw: bytes) -> None:
    check(raw)
