from __future__ import annotations

import pytest

from milepost.spec.resolution import key_of


@pytest.mark.parametrize("text", ["a" * 5000, "a-" * 2500, "Documentation standards of the whole house" * 100])
def test_words_without_a_number_are_no_id_and_are_read_once(text: str) -> None:
    """A pattern that tries every way to cut a word into words would not end within the life of the sun."""
    assert key_of(text) is None
