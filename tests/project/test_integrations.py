"""The pre-commit hooks and the snippets of docs/checking.md do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.project.repository import text

from milepost.app.plan_files import PLAN_FILES
from milepost.cli.main import run

CLEAN = "# Birdhouse - Implementation Plan\n\n**Total Tasks:** 1\n\n- [ ] **1.1** Saw the boards\n"
STALE = CLEAN.replace("Tasks:** 1", "Tasks:** 7")
HOOK = re.compile(r"^- id: (?P<id>\S+)\n(?P<body>(?:  \S.*\n)+)", re.MULTILINE)
COMMAND = re.compile(r"\bmilepost (check[^\n#|>`]*)")


def hooks() -> dict[str, dict[str, str]]:
    """The hooks by id; the file keeps to one key and one plain value a line, so no YAML reader is needed."""
    found = {}
    for hook in HOOK.finditer(text(".pre-commit-hooks.yaml")):
        pairs = [line.strip().partition(": ") for line in hook["body"].splitlines()]
        found[hook["id"]] = {key: value for key, _, value in pairs}
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "milepost.toml").touch()
    return tmp_path


def test_there_are_two_complete_hooks() -> None:
    assert set(hooks()) == {"milepost-check", "milepost-fix"}
    for hook in hooks().values():
        assert {"name", "description", "entry", "language", "files", "types_or"} <= set(hook)
        assert hook["language"] == "python"


@pytest.mark.parametrize("name", ["milepost-check", "milepost-fix"])
def test_a_hook_takes_the_files_that_a_folder_is_searched_for(name: str) -> None:
    pattern = re.compile(hooks()[name]["files"])
    assert {"**/tasks.md", "**/implementation[-_ ]plan.md"} <= set(PLAN_FILES)
    for path in ("tasks.md", "specs/login/tasks.md", "docs/IMPLEMENTATION_PLAN.md", "a/implementation-plan.md"):
        assert pattern.search(path), path
    for path in ("mytasks.md", "tasks.md.bak", "specs/tasks.mdx"):
        assert not pattern.search(path), path


@pytest.mark.parametrize(("name", "fixed"), [("milepost-check", False), ("milepost-fix", True)])
def test_a_hooks_command_works_on_files(folder: Path, name: str, fixed: bool) -> None:
    program, *arguments = shlex.split(hooks()[name]["entry"])
    assert program == "milepost"
    good, stale = folder / "tasks.md", folder / "implementation-plan.md"
    good.write_text(CLEAN)
    stale.write_text(STALE)
    assert run([*arguments, "tasks.md"]) == 0
    # The hook fails by its exit code, or because it changed a file.
    code = run([*arguments, "tasks.md", "implementation-plan.md"])
    assert (code == 1) is not fixed
    assert stale.read_text() == (CLEAN if fixed else STALE)
    assert good.read_text() == CLEAN


def commands() -> list[str]:
    page = text("docs/checking.md")
    return [found.strip() for found in COMMAND.findall("\n".join(re.findall(r"```\w+\n(.*?)```", page, re.DOTALL)))]


@pytest.mark.parametrize("command", [one for one in commands() if "--watch" not in one and " - " not in f"{one} "])
def test_the_commands_of_the_page_run(folder: Path, command: str) -> None:
    (folder / "specs").mkdir()
    (folder / "specs" / "tasks.md").write_text(CLEAN)
    (folder / "tasks.md").write_text(CLEAN)
    assert run(shlex.split(command)) == 0


def test_the_page_shows_every_machine_readable_form() -> None:
    shown = " ".join(commands())
    assert all(
        f"--format {form}" in shown or f"--format {form}" in text("docs/checking.md") for form in ("github", "sarif")
    )


def test_snippets_are_indented_as_yaml_wants_it() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", text("docs/checking.md"), re.DOTALL):
        assert "\t" not in block
        assert all((len(line) - len(line.lstrip())) % 2 == 0 for line in block.splitlines())
        assert all(re.match(r" *(- )?[\w-]+:( |$)", line) for line in block.splitlines())
