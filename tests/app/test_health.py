"""What doctor says of the parts that need not be there."""

from __future__ import annotations

import importlib.util
import tomllib
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from milepost.app import health
from milepost.app.health import Health


def found_extras() -> dict[str, health.Finding]:
    return {finding.name.removeprefix("extra "): finding for finding in health._extras()}


def test_every_extra_is_looked_at() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(found_extras()) == set(project["optional-dependencies"]) - {"all", "dev"}


def test_an_extra_that_is_not_there_is_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> ModuleSpec | None:
        if name == "opentelemetry.sdk":
            raise ModuleNotFoundError(name)
        return None if name == "mcp" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    found = found_extras()
    assert found["mcp"].text == "not installed: plans for coding agents (pip install 'milepost[mcp]')"
    assert found["telemetry"].text.startswith("not installed: traces and metrics of runs")
    assert {finding.health for finding in found.values()} == {Health.GOOD}


def test_an_extra_that_is_there_says_what_it_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: ModuleSpec(name, None))
    assert found_extras()["server"].text == "installed: plans as web pages and an HTTP API"
