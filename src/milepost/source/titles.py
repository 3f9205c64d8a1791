"""What the title of a document says of it."""

from __future__ import annotations

import re

from milepost.source.lazy_regex import lazy_regex

_KIND = lazy_regex(
    r"[ \t]*(?:implementation[ \t]+(?:plan|tasks)|tasks?(?:[ \t]+(?:list|plan))?|plan)[ \t]*", re.IGNORECASE
)


def names_a_kind(title: str) -> bool:
    """Whether a title says only what sort of document it stands over, as ``Implementation Plan`` does."""
    return _KIND.fullmatch(title) is not None
