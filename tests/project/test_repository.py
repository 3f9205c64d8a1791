from __future__ import annotations

import re
import tomllib

import click
import pytest
from tests.project.repository import ROOT, own_files, text

import milepost
from milepost.cli.main import COMMANDS, group

PYPROJECT = tomllib.loads(text("pyproject.toml"))
# Put together here, so that this file does not find itself.
ELSEWHERE = re.compile(
    "|".join([r"py" + r"pi\.(org|python)", "python" + "hosted", "registry" + r"\.npm", "/" + "work/", "/" + "root/"])
)


def pins() -> set[str]:
    return {re.split("[=<> ;]", line)[0] for line in text("constraints.txt").splitlines() if line}


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in own_files()
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if ELSEWHERE.search(line)
    ]
    assert found == []


def test_constraints_hold_pins_and_nothing_else() -> None:
    lines = text("constraints.txt").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line)] == []


def test_every_dependency_is_pinned() -> None:
    project = PYPROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(item for items in project["optional-dependencies"].values() for item in items),
    ]
    names = {re.split(r"[\[<>=]", item)[0].lower() for item in wanted} - {"milepost"}
    assert names - pins() == set()


def test_the_base_installation_needs_two_packages() -> None:
    assert [re.split("[<>=]", item)[0] for item in PYPROJECT["project"]["dependencies"]] == ["click", "rich"]


def test_one_version() -> None:
    assert milepost.__version__ == PYPROJECT["project"]["version"]


def test_the_changelog_has_the_version() -> None:
    assert f"\n## [{milepost.__version__}]" in text("CHANGELOG.md")


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "fmt", "docs", "clean", "help"])
def test_the_makefile_has_and_explains(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", text("Makefile"), re.MULTILINE)


def test_continuous_integration_runs_the_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().endswith("exec make test\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.help
