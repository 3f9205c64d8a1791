"""Tests that name requirements: the test files below a project's root, searched for ids."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from milepost.source.lazy_regex import lazy_regex
from milepost.spec.model import Requirement
from milepost.spec.resolution import Key, key_of
from milepost.spec.spellings import ID

MOST_FILES = 5_000
MOST_BYTES = 1_000_000
MOST_PLACES = 50
"""No more files are searched, no larger ones, and no more places of a requirement are kept."""

_LEFT_OUT = frozenset(
    (
        "node_modules",
        "vendor",
        "venv",
        "env",
        "build",
        "dist",
        "target",
        "out",
        "coverage",
        "__pycache__",
        "site-packages",
    )
)
_CODE = lazy_regex(
    r"\.(?:py|[cm]?[jt]s|[jt]sx|vue|svelte|java|kts?|scala|groovy|go|rs|rb|php|cs|fs|vb|swift|mm?|c|cc|cpp|h|hpp|exs?|erl"
    r"|clj[cs]?|lua|dart|r|jl|sh|bats|feature|robot|sql|hs|ml|elm|zig|nim|pl|t)",
    re.IGNORECASE,
)
_FOLDER = lazy_regex(r"(?:.*[-_.])?(?:tests?|__tests__|spec|specs|e2e|features)(?:[-_.].*)?", re.IGNORECASE)
_FILE = lazy_regex(r"test_.*|.*[-_.](?:tests?|specs?)|.*(?:Tests?|Spec|IT)|conftest")
_ID = lazy_regex(rf"(?<![\w-])(?:{ID})")
_NUMBERS = lazy_regex(
    r"\b[Rr]equirements?[ \t:#*_]+(?P<list>\d+(?:\.\d+)*(?:[ \t]*(?:,|&|and)[ \t]*\d+(?:\.\d+)*)*)(?![\w.]*\w)"
)
_NUMBER = lazy_regex(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1; the path is from the project's root."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class NamingTests:
    """Where tests name requirements, by requirement id; ``complete`` says whether all test files were searched."""

    places: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    files: int = 0
    complete: bool = True


def find_naming_tests(root: Path, requirements: Iterable[Requirement]) -> NamingTests:
    """Search the test files below a folder for the ids of requirements and of their criteria.

    A number alone counts behind the word "requirement" only (``Validates: Requirements 1.2, 1.3``). Hidden folders,
    and those of dependencies and builds, are left out; what cannot be read names nothing.
    """
    wanted = _keys(requirements)
    places: dict[str, list[Place]] = {}
    files, complete = 0, True
    for path in _test_files(root) if wanted else ():
        if files >= MOST_FILES:
            complete = False
            break
        text = _text(path)
        if text is None:
            complete = False
            continue
        files += 1
        shown = path.relative_to(root).as_posix()
        for line, name in _named(text, wanted):
            found = places.setdefault(name, [])
            if len(found) < MOST_PLACES and Place(shown, line) not in found[-1:]:
                found.append(Place(shown, line))
    return NamingTests(places, files, complete)


def _keys(requirements: Iterable[Requirement]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for one in requirements:
        for name in (one.id, *(criterion.id for criterion in one.criteria)):
            if key := key_of(name):
                found.setdefault(key, one.id)
    return found


def _test_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        inside = any(_FOLDER.fullmatch(part) for part in Path(folder).relative_to(root).parts)
        for name in sorted(names):
            stem, suffix = os.path.splitext(name)
            if _CODE.fullmatch(suffix) and (inside or _FILE.fullmatch(stem)):
                yield Path(folder, name)


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _named(text: str, wanted: Mapping[Key, str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        names = [found.group() for found in _ID.finditer(line)]
        for several in _NUMBERS.finditer(line):
            names += _NUMBER.findall(several["list"])
        for name in names:
            key = key_of(name)
            if key and key in wanted:
                yield number, wanted[key]
