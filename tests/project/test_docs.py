from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.project import generated_docs
from tests.project.repository import ROOT, text

from milepost import errors
from milepost.app import blob_settings, calendar_settings, notifications, settings, temporal_settings
from milepost.app.settings import parse_settings
from milepost.cli.main import COMMANDS, SECTIONS, exit_code
from milepost.cli.rules import markdown

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_as_it_is(name: str) -> None:
    assert generated_docs.command_section(name) in text("docs/commands.md"), "run `make docs`"


def test_the_rules_are_documented_as_they_are() -> None:
    assert text("docs/rules.md") == markdown(), "run `make docs`"


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert re.findall(r"^## milepost (\S+)$", text("docs/commands.md"), re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_lists_every_command(name: str) -> None:
    assert f"| `{name}` |" in text("README.md")


def test_the_readme_has_the_sections_and_the_order_of_the_help() -> None:
    rows = re.findall(r"^\| (?:\*\*(.+)\*\*|`([\w-]+)`) \|", text("README.md"), re.MULTILINE)
    wanted = [(title, "") if not name else ("", name) for title, section in SECTIONS.items() for name in ("", *section)]
    assert rows[: len(wanted)] == wanted


SETTINGS = {
    *settings._RUN_KEYS,
    *settings._TIER_KEYS,
    *settings._LINT_KEYS,
    *calendar_settings.SCHEDULE_KEYS,
    *calendar_settings.CALENDAR_KEYS,
    *notifications.NOTIFY_KEYS,
    *temporal_settings.TEMPORAL_KEYS,
    *blob_settings.BLOB_KEYS,
}


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_every_setting_is_documented(key: str) -> None:
    assert re.search(rf"^\| `{key}` \|", text("docs/settings.md"), re.MULTILINE)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([\w-]+)` \|", text("docs/settings.md"), re.MULTILINE)
    assert set(documented) <= SETTINGS


def test_the_settings_of_the_documentation_can_be_read() -> None:
    example = re.search(r"```toml\n(.*?)```", text("docs/settings.md"), re.DOTALL)
    assert example
    read = parse_settings(example[1].encode(), path="docs/settings.md", root=ROOT)
    assert read.lease_minutes == 30
    assert read.lint.per_file_ignores == {"specs/old/**": ("MP6", "placeholder-left")}
    assert (read.tier(2).driver, read.tier(3).env) == ("manual", {"LOG_LEVEL": "info"})


@pytest.mark.parametrize(
    "code", [0, *sorted({exit_code(error()) for error in vars(errors).values() if isinstance(error, type)}), 130]
)
@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_every_exit_code_is_explained(page: str, code: int) -> None:
    assert f"**{code}** " in text(page)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [
        target for target in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name == "adr" and page.name != "index.md"], ids=name_of
)
def test_every_decision_is_listed_and_names_what_holds_it(page: Path) -> None:
    content = page.read_text(encoding="utf-8")
    assert f"]({page.name})" in text("docs/adr/index.md")
    assert "**Held by**" in content
    for path in re.findall(r"`(tests/[\w/.]+|pyproject\.toml)`", content.partition("**Held by**")[2]):
        assert (ROOT / path).exists(), path


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads(text("pyproject.toml"))["project"]
    extras = [item for name, items in project["optional-dependencies"].items() if name != "all" for item in items]
    for item in [*project["dependencies"], *extras]:
        name = re.split(r"[\[<>=]", item)[0]
        assert re.search(rf"^\| {name} \| \w", text("docs/dependencies.md"), re.MULTILINE), name


def test_the_picture_of_a_schedule_is_what_the_command_draws_today(tmp_path: Path) -> None:
    """But for its colours."""
    generated_docs.draw_schedule(tmp_path / "gantt.svg")
    drawn, shown = (
        re.sub(r"<style>.*?</style>", "", picture, flags=re.DOTALL)
        for picture in ((tmp_path / "gantt.svg").read_text(), text(generated_docs.PICTURE))
    )
    assert drawn == shown, "run `make docs`"


def test_pictures_are_small_and_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(page.read_text())}
    for picture in (ROOT / "docs/images").iterdir():
        assert picture.stat().st_size < 50_000
        assert picture in shown


def test_a_stranger_sees_what_it_does_and_how_it_looks_at_once() -> None:
    first = text("README.md").split("\n")[:30]
    assert any(line.startswith("$ milepost run") for line in first)
    assert any(line.startswith("![") for line in first)
