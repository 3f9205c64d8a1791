"""Where the requirements of a plan are stated."""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = ("requirements.md", "spec.md")
"""What the documents that state requirements are called."""


def find_requirements(path: str) -> list[str]:
    """Files beside a plan that may state its requirements: ``requirements.md``, ``spec.md``, ``specs/*/spec.md``."""
    folder = Path(path) if os.path.isdir(path) else Path(path).parent
    found = [folder / name for name in BESIDE]
    found += sorted(folder.glob("specs/*/spec.md"))
    return [str(file) for file in found if file.is_file()]
