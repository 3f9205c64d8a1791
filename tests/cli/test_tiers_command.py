"""`milepost tiers`: who works where, whether the programs are there, whether agents answer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.adapters.tier_probes import BRIEF
from milepost.app.agent_presets import AGENTS
from milepost.app.tier_lines import program_of

SETTINGS = """\
[run]
env_pass = ["PATH"]

[tiers.1]
name = "Architect"
agent = "claude"
cost_per_hour = 3
secret_env = { ANTHROPIC_API_KEY = "env:SECRET_OF_TEST" }

[tiers.2]
driver = "manual"

[tiers.3]
driver = "command"
command = "no-such-builder {id}"
"""

CLAUDE = """\
#!/bin/sh
if test "$1" = --version; then echo 'Welcome'; echo '9.8.7 (Claude Code)'; exit; fi
cat > /dev/null
echo '{"type": "result", "subtype": "success", "result": "OK, '$ANTHROPIC_API_KEY'", "total_cost_usd": 0.01, "usage": {"input_tokens": 5, "output_tokens": 1}}'
"""


@pytest.fixture
def claude(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in on the path."""
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(CLAUDE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET_OF_TEST", "sk-very-secret")
    (project / "milepost.toml").write_text(SETTINGS)
    return program


def test_each_tier_is_shown(milepost: Milepost, claude: Path) -> None:
    result = milepost("tiers")
    assert result.code == 1  # the program of tier 3 is not there
    lines = result.out.splitlines()
    assert lines[0] == "Tier 1 Architect: Claude Code, 1 at once, 2 attempts each, in place"
    assert lines[1] == "    costs 3 an hour"
    assert lines[2].startswith(
        "    claude --print --output-format stream-json --verbose --permission-mode acceptEdits "
    )
    assert lines[3:] == [
        f"    {claude}, 9.8.7 (Claude Code)",
        "Tier 2: whoever claims a task, 2 at once, 2 attempts each, in place",
        "Tier 3: a command, 4 at once, 2 attempts each, in place",
        "    no-such-builder {id}",
        "    no-such-builder is NOT INSTALLED, or not on the path",
    ]


def test_as_json(milepost: Milepost, claude: Path) -> None:
    first, second, third = milepost("tiers", "--json").json
    assert (first["agent"], first["version"], first["path"]) == ("claude", "9.8.7 (Claude Code)", str(claude))
    assert (second["who"], second["program"]) == ("whoever claims a task", "")
    assert (third["path"], third["test"]) == ("", None)


def test_without_settings_there_are_three(milepost: Milepost, project: Path) -> None:
    result = milepost("tiers")
    assert result.code == 0
    assert "each task's own command, else whoever claims it, 4 at once" in result.out.splitlines()[2]


def test_an_agent_is_tested_once_that_is_allowed(milepost: Milepost, claude: Path) -> None:
    refused = milepost("tiers", "--test")
    assert (refused.code, "has not been allowed" in refused.err) == (1, True)
    result = milepost("tiers", "--test", "1", "--trust", "--json")
    test = result.json[0]["test"]
    assert (test["answered"], test["text"], test["cost"], test["tokens"]) == (True, "OK, ***", 0.01, 6)
    assert re.search(r"answered \([\d.]+ s, 6 tokens, 0\.01 USD\): OK", milepost("tiers", "--test").out)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo broken; exit 3", "it ended with exit code 3: broken"),
        ("exit 0", "it said nothing"),
        (
            'echo \'{"type": "result", "is_error": true, "subtype": "success", "result": "Not logged in"}\'',
            "Not logged in",
        ),
        ("echo waiting; sleep 1000", "it was stopped after 5 seconds: waiting"),
    ],
)
def test_an_agent_that_does_not_answer(milepost: Milepost, claude: Path, script: str, text: str) -> None:
    claude.write_text(f'#!/bin/sh\ntest "$1" = --version && exit\n{script}\n')
    result = milepost("tiers", "--test", "1", "--trust", "--time-limit", "5" if "sleep" in script else "60", "--json")
    assert result.code == 1
    assert (result.json[0]["test"]["answered"], result.json[0]["test"]["text"]) == (False, text)


@pytest.mark.parametrize(
    ("rank", "message"), [("3", "tier 3 has no agent to test"), ("9", "tier 9 has no agent to test")]
)
def test_only_agents_can_be_tested(milepost: Milepost, claude: Path, rank: str, message: str) -> None:
    result = milepost("tiers", "--test", rank)
    assert (result.code, message in result.err, "tiers with an agent: 1" in result.err) == (3, True, True)


@pytest.mark.parametrize(
    ("command", "program"),
    [("make {id}", "make"), ("A=1 ./run", "./run"), ("{run}", ""), ("$X", ""), ("'broken", ""), ("", "")],
)
def test_the_program_of_a_command(command: str, program: str) -> None:
    assert program_of(command) == program


def test_the_prompt_of_a_test_is_harmless() -> None:
    assert "Change no file and run no command" in BRIEF


HELP = {
    "claude": ["--help"],
    "codex": ["exec", "--help"],
    "gemini": ["--help"],
    "aider": ["--help"],
    "opencode": ["run", "--help"],
    "ollama": ["run", "--help"],
}


@pytest.mark.skipif("MILEPOST_TEST_AGENTS" not in os.environ, reason="MILEPOST_TEST_AGENTS asks installed agents")
@pytest.mark.parametrize("agent", AGENTS)
def test_the_real_program_knows_every_option_of_its_preset(agent: str) -> None:
    """Of those that are installed, such as in a folder for tries; nothing is sent to any model."""
    preset = AGENTS[agent]
    program = shutil.which(preset.program)
    if program is None:
        pytest.skip(f"{preset.title} is not installed")
    done = subprocess.run(
        [program, *HELP[agent]], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )
    known = done.stdout + done.stderr
    budget = 1.0 if preset.budget else None
    commands = [preset.command("m", permissions, budget) for permissions in preset.permissions]
    wanted = {option for command in commands for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", command)}
    assert sorted(option for option in wanted if option not in known) == []
