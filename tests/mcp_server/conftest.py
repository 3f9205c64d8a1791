"""A small plan in a folder of its own, and a server of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mcp_server.served import DESIGN, PLAN, REQUIREMENTS, SETTINGS, Served

from milepost.mcp_server.callers import AGENT_SCOPES, Caller


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MILEPOST_WORKER", raising=False)
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    for name, text in (
        ("tasks.md", PLAN),
        ("requirements.md", REQUIREMENTS),
        ("design.md", DESIGN),
        ("milepost.toml", SETTINGS),
    ):
        (root / name).write_text(text)
    return root / "tasks.md"


@pytest.fixture
def ask(plan: Path) -> Served:
    return Served(plan, Caller("ada", AGENT_SCOPES))
