"""`milepost agents init`: instructions and client configuration, merged into what is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

PATHS = ("AGENTS.md", ".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json", ".gemini/settings.json", "opencode.json")


def test_everything_is_written_once(project: Path, milepost: Milepost) -> None:
    found = milepost("agents", "init", "--json").json
    assert [(one["path"], one["changed"]) for one in found["files"]] == [(path, True) for path in PATHS]
    server = json.loads((project / ".mcp.json").read_text())["mcpServers"]["milepost"]
    assert server["args"] == ["mcp"]
    assert json.loads((project / ".vscode/mcp.json").read_text())["servers"]["milepost"]["type"] == "stdio"
    entry = json.loads((project / "opencode.json").read_text())["mcp"]["milepost"]
    assert entry == {"type": "local", "command": [server["command"], "mcp"]}
    codex = tomllib.loads(found["codex"])["mcp_servers"]["milepost"]
    assert codex == {"command": server["command"], "args": ["mcp"], "cwd": str(project)}
    before = {path: (project / path).read_bytes() for path in PATHS}
    assert not any(one["changed"] for one in milepost("agents", "init", "--json").json["files"])
    assert {path: (project / path).read_bytes() for path in PATHS} == before


def test_what_is_there_stays(project: Path, milepost: Milepost) -> None:
    (project / "AGENTS.md").write_bytes(b"# Agents\r\n\r\nBe kind.")
    mine = {"mcpServers": {"other": {"command": "x", "env": {"KEY": "1"}}}, "ünlike": [1, 2]}
    (project / ".mcp.json").write_text(json.dumps(mine, indent=4))
    assert milepost("agents", "init", "--client", "claude", "--plan", "specs/a/tasks.md").code == 0
    text = (project / "AGENTS.md").read_bytes()
    assert text.startswith(b"# Agents\r\n\r\nBe kind.\r\n\r\n<!-- milepost:begin -->\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    found = json.loads((project / ".mcp.json").read_text())
    assert found["mcpServers"].pop("milepost")["args"] == ["mcp", "specs/a/tasks.md"]
    assert found == mine
    assert '\n    "mcpServers"' in (project / ".mcp.json").read_text()  # indented as it was
    assert not (project / ".cursor").exists()


def test_an_older_section_is_replaced_where_it_stands(project: Path, milepost: Milepost) -> None:
    (project / "AGENTS.md").write_text("Before\n<!-- milepost:begin -->\nold\n<!-- milepost:end -->\nAfter\n")
    milepost("agents", "init")
    text = (project / "AGENTS.md").read_text()
    assert text.startswith("Before\n<!-- milepost:begin -->\n## Milepost\n")
    assert text.endswith("<!-- milepost:end -->\nAfter\n")
    assert "old" not in text


def test_own_keys_of_the_server_stay(project: Path, milepost: Milepost) -> None:
    entry = {"command": "elsewhere", "env": {"MILEPOST_WORKER": "ada"}}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"milepost": entry}}))
    milepost("agents", "init", "--client", "claude")
    found = json.loads((project / ".mcp.json").read_text())["mcpServers"]["milepost"]
    assert found["env"] == {"MILEPOST_WORKER": "ada"}
    assert found["command"] != "elsewhere"


def test_variables_that_the_settings_refer_to_are_handed_on_by_name(
    project: Path, milepost: Milepost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_LEDGER", "postgresql://ann:sesame@db/plans")
    (project / "milepost.toml").write_text(
        '[run]\nledger = "env:SHOP_LEDGER"\nproject = "shop"\n\n'
        '[tiers.1]\ndriver = "manual"\nsecret_env = { TOKEN = "env:SHOP_TOKEN", KEY = "file:~/.key" }\n'
    )
    mine = {"mcpServers": {"milepost": {"env": {"SHOP_TOKEN": "${MY_OWN}", "LANG": "C"}}}}
    (project / ".mcp.json").write_text(json.dumps(mine))
    found = milepost("agents", "init", "--json").json
    assert found["variables"] == ["SHOP_LEDGER", "SHOP_TOKEN"]
    own = {"SHOP_LEDGER": "${SHOP_LEDGER:-}", "SHOP_TOKEN": "${MY_OWN}", "LANG": "C"}  # what somebody wrote stays
    editors = {name: "${env:" + name + "}" for name in found["variables"]}
    expected = {
        ".mcp.json": ("mcpServers", "env", own),
        ".cursor/mcp.json": ("mcpServers", "env", editors),
        ".vscode/mcp.json": ("servers", "env", editors),
        ".gemini/settings.json": ("mcpServers", "env", {name: "${" + name + "}" for name in found["variables"]}),
        "opencode.json": ("mcp", "environment", {name: "{env:" + name + "}" for name in found["variables"]}),
    }
    for path, (servers, key, variables) in expected.items():
        assert json.loads((project / path).read_text())[servers]["milepost"][key] == variables
    assert tomllib.loads(found["codex"])["mcp_servers"]["milepost"]["env_vars"] == found["variables"]
    assert not any("sesame" in (project / path).read_text() for path in PATHS)
    again = milepost("agents", "init")
    assert "written" not in again.out
    assert "SHOP_LEDGER, SHOP_TOKEN" in again.out


def test_a_dry_run_shows_the_differences_and_writes_nothing(project: Path, milepost: Milepost) -> None:
    out = milepost("agents", "init", "--dry-run").out
    assert '+    "milepost": {' in out
    assert "+## Milepost" in out
    assert not (project / "AGENTS.md").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  // servers\n  "mcpServers": {}\n}', "it is no plain JSON"),
        ("[1]", "it is no JSON object"),
        ('{"mcpServers": []}', "`mcpServers` is no object"),
    ],
)
def test_a_configuration_that_cannot_be_merged_is_left_alone(
    project: Path, milepost: Milepost, text: str, message: str
) -> None:
    (project / ".mcp.json").write_text(text)
    found = milepost("agents", "init")
    assert found.code == 3
    assert message in found.err
    assert (project / ".mcp.json").read_text() == text
    assert not (project / "AGENTS.md").exists()  # all or nothing


def test_an_empty_configuration_is_filled(project: Path, milepost: Milepost) -> None:
    (project / ".mcp.json").write_text("")
    assert milepost("agents", "init", "--client", "claude").code == 0
    assert "milepost" in json.loads((project / ".mcp.json").read_text())["mcpServers"]


@pytest.mark.parametrize(
    ("program", "home"),
    [
        ("claude", "CLAUDE_CONFIG_DIR"),
        ("codex", "CODEX_HOME"),
        ("gemini", "GEMINI_CLI_HOME"),
        ("opencode", "XDG_CONFIG_HOME"),
    ],
)
def test_the_real_program_finds_the_server(
    project: Path, milepost: Milepost, tmp_path: Path, program: str, home: str
) -> None:
    """Where it is installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    place = tmp_path / "home"
    place.mkdir()
    found = milepost("agents", "init", "--json").json
    (place / "config.toml").write_text(found["codex"])
    environment = {**os.environ, "HOME": str(place), "XDG_DATA_HOME": str(place), home: str(place)}
    done = subprocess.run(
        [path, "mcp", "list"], cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    assert "milepost" in done.stdout + done.stderr
