"""Scenes for the tests of failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.failures.scene import Scene, kill

MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[MakeScene]:
    """Make a scene from a seed; what it leaves running is killed afterwards."""
    made: list[Scene] = []

    def make(seed: int, more: str = "", root: Path | None = None) -> Scene:
        made.append(Scene(root or tmp_path / "project", seed, record_property, more))
        return made[-1]

    yield make
    for scene in made:
        kill(*scene.shims())
        kill(*scene.commands(), group=True)
