"""Tiers driven by coding agents: scripted stand-ins under their names, in front of the real ones on the path."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.cli.conftest import Milepost

from milepost.app.agent_presets import AGENTS

SETTINGS = """\
[tiers.1]
agent = "claude"
model = "opus"
attempt_budget = 2.5
permissions = "full"
attempts = 1
secret_env = { ANTHROPIC_API_KEY = "env:SECRET_OF_TEST" }

[tiers.2]
agent = "codex"
attempts = 2
"""

PLAN = """\
# Letters - Implementation Plan

- [ ] **1.1** Write `letter`
  - Just one letter
  - _Tier: 2_
  - _Verify: test -s letter_
"""

CODEX = r"""
import json, os, sys
say = lambda **event: print(json.dumps(event), flush=True)
brief = sys.stdin.read()
with open(os.environ["STORY"], "a") as story:
    print("codex", *sys.argv[1:], file=story)
assert "Write `letter`" in brief and "ESCALATE TO TIER 1: REASON" in brief, brief
assert open(os.environ["MILEPOST_BRIEF"]).read() == brief
session = "t-1"
say(type="thread.started", thread_id=session)
%s
say(type="turn.completed", usage={"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 5})
"""
ESCALATES = 'say(type="item.completed", item={"type": "agent_message", "text": "Too hard.\\n🚨 ESCALATE TO TIER 1: needs taste"})'
FORGETS = 'say(type="item.completed", item={"type": "agent_message", "text": "Done, I believe."})'
SECOND_TIME = 'if "resume" in sys.argv: open("letter", "w").write("x")'

CLAUDE = r"""
import json, os, sys
brief = sys.stdin.read()
with open(os.environ["STORY"], "a") as story:
    print("claude", *sys.argv[1:], file=story)
assert "ESCALATE TO TIER 0: REASON" in brief, brief
print(os.environ["ANTHROPIC_API_KEY"])
open("letter", "w").write("x")
usage = {"input_tokens": 7, "output_tokens": 3}
event = {"type": "result", "subtype": "success", "is_error": False, "result": "Wrote it.", "session_id": "s-1"}
print(json.dumps({**event, "total_cost_usd": 0.5, "usage": usage}))
"""


class Stand:
    """A folder of stand-ins, first on the path, and what they were called with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def puts(self, name: str, script: str) -> None:
        program = self.folder / name
        program.write_text(f"#!/usr/bin/env python3\n{script}")
        program.chmod(0o755)

    @property
    def story(self) -> list[str]:
        path = self.folder / "story"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def stand(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    made = Stand(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{made.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET_OF_TEST", "sk-very-secret")
    (project / "milepost.toml").write_text(SETTINGS + '\n[run]\nenv_pass = ["PATH", "HOME", "STORY"]\n')
    monkeypatch.setenv("STORY", str(made.folder / "story"))
    (project / "tasks.md").write_text(PLAN)
    return made


def test_an_agent_that_asks_for_it_is_followed_by_a_stronger_one(milepost: Milepost, stand: Stand) -> None:
    stand.puts("codex", CODEX % ESCALATES)
    stand.puts("claude", CLAUDE)
    result = milepost("run", "tasks.md", "--trust")
    assert result.code == 0, result.out + result.err
    assert "1.1 escalated from tier 2 to tier 1: its worker asked for it: needs taste" in result.out
    assert stand.story == [
        "codex exec --json --skip-git-repo-check --sandbox workspace-write -",
        "claude --print --output-format stream-json --verbose --model opus --permission-mode bypassPermissions --max-budget-usd 2.5",
    ]
    events = milepost("log", "tasks.md", "--json").json
    (failed,) = [event for event in events if event["event"] == "AttemptFailed"]
    (done,) = [event for event in events if event["event"] == "TaskCompleted"]
    assert (failed["evidence"]["tokens"], failed["evidence"]["session"]) == (65, "t-1")
    assert (done["evidence"]["cost"], done["evidence"]["tokens"], done["evidence"]["report"]) == (0.5, 10, "Wrote it.")


def test_a_retry_goes_on_with_the_session(milepost: Milepost, stand: Stand) -> None:
    stand.puts("codex", CODEX % f"{FORGETS}\n{SECOND_TIME}")
    result = milepost("run", "tasks.md", "--trust")
    assert result.code == 0, result.out + result.err
    assert stand.story[1] == "codex exec --json --skip-git-repo-check --sandbox workspace-write resume t-1 -"


GEMINI = r"""
import json, os, sys
brief = sys.stdin.read()
with open(os.environ["STORY"], "a") as story:
    print("gemini", *sys.argv[1:], file=story)
    print(brief, file=story)
print(json.dumps({"type": "init", "session_id": "8846cbf1"}))
print(json.dumps({"type": "message", "role": "assistant", "content": "I looked around."}))
if "--resume" in sys.argv:
    open("letter", "w").write("x")
"""


def test_an_agent_is_told_all_that_agents_over_mcp_are(milepost: Milepost, stand: Stand, project: Path) -> None:
    (project / "milepost.toml").write_text(
        '[tiers.2]\nagent = "gemini"\nattempts = 2\n[run]\nenv_pass = ["PATH", "STORY"]\n'
    )
    (project / "tasks.md").write_text(PLAN + "  - _Requirements: REQ-1.1_\n\n  It begins with `A`.\n")
    (project / "requirements.md").write_text("1. **REQ-1.1:** It shall be capital.\n")
    (project / "design.md").write_text("# Shape\n\nREQ-1.1 asks for serifs.\n")
    stand.puts("gemini", GEMINI)
    assert milepost("run", "tasks.md", "--trust").code == 0
    first, second = "\n".join(stand.story).split("gemini --output-format")[1:]
    for brief in (first, second):
        assert "- REQ-1.1: It shall be capital." in brief
        assert "REQ-1.1 asks for serifs." in brief
        assert "- Just one letter\n\nIt begins with `A`." in brief
    assert "Tried before" not in first
    assert "--resume 8846cbf1 " in second.split("\n")[0]
    assert "  - it said: I looked around." in second


def test_the_log_of_an_agent_is_readable_and_raw_where_that_is_asked_for(milepost: Milepost, stand: Stand) -> None:
    stand.puts("codex", CODEX % f"print('warming up')\n{FORGETS}\nopen('letter', 'w').write('x')")
    assert milepost("run", "tasks.md", "--trust").code == 0
    readable = "session t-1\nwarming up\nDone, I believe.\nended: 100 tokens read, 5 written\n"
    assert milepost("log", "tasks.md", "1.1").out == readable
    assert milepost("log", "tasks.md", "1.1", "--follow").out == readable
    printed = milepost("log", "tasks.md", "1.1", "--raw").out
    assert printed.startswith('{"type": "thread.started", "thread_id": "t-1"}\nwarming up\n')
    assert milepost("log", "tasks.md", "1.1", "--follow", "--raw").out == printed
    assert milepost("log", "tasks.md", "1.1", "--json").json["output"] == printed
    assert milepost("log", "tasks.md", "--raw").code == 2


def test_what_an_agent_costs_is_spent_from_the_budget(milepost: Milepost, stand: Stand, project: Path) -> None:
    settings = (project / "milepost.toml").read_text()
    (project / "milepost.toml").write_text(settings.replace("[run]\n", "[run]\nbudget = { money = 0.4 }\n"))
    plan = PLAN + "- [ ] **1.2** Write `another`\n  - _Depends: 1.1_\n"
    (project / "tasks.md").write_text(plan.replace("_Tier: 2_", "_Tier: 1_"))
    stand.puts("claude", CLAUDE)
    result = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert result.code == 1
    assert "nothing more starts in the run: its money budget is spent" in result.out
    assert len(stand.story) == 1


def test_the_keys_of_an_agent_are_masked(milepost: Milepost, stand: Stand, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN.replace("_Tier: 2_", "_Tier: 1_"))
    stand.puts("claude", CLAUDE)
    assert milepost("run", "tasks.md", "--trust").code == 0
    shown = milepost("log", "tasks.md", "1.1").out
    assert "sk-very-secret" not in shown
    assert "***" in shown


@pytest.mark.parametrize("code", [0, 1])
def test_an_agent_that_reports_an_error_has_failed_however_it_ended(
    milepost: Milepost, stand: Stand, code: int
) -> None:
    failing = 'say(type="turn.failed", error={"message": "no credit"})\nopen("letter", "w").write("x")'
    stand.puts("codex", CODEX % f"{failing}\nsys.exit({code})")
    stand.puts("claude", CLAUDE)
    assert "1.1 failed: its agent says: no credit" in milepost("run", "tasks.md", "--trust").out


def test_an_agent_that_is_not_installed(milepost: Milepost, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    result = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert result.code == 1
    assert "ended with exit code 127 (command not found)" in result.out


def test_agents_in_worktrees(milepost: Milepost, stand: Stand, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    settings = (project / "milepost.toml").read_text().replace("[run]\n", '[run]\nworkspace = "worktree"\n')
    repo = Repo(project, **{"milepost.toml": settings, "tasks.md": PLAN})
    stand.puts("codex", CODEX % f"{FORGETS}\n{SECOND_TIME}")
    assert milepost("run", "tasks.md", "--trust").code == 0
    assert "resume t-1" in stand.story[1]  # codex finds a session from any folder
    assert repo.show("main", "letter") == "x"


# Settings


@pytest.mark.parametrize("agent", AGENTS)
def test_every_preset_is_a_command_the_shell_understands(agent: str) -> None:
    preset = AGENTS[agent]
    for permissions in preset.permissions:
        command = preset.command("a model", permissions, 2.0 if preset.budget else None, ("--x", "a b"))
        words = shlex.split(command)
        assert words[0] == preset.program
        assert {"a model", "--x", "a b"} <= set(words)
        assert "MILEPOST_BRIEF" in command


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('agent = "clod"', "no agent is known as `clod`"),
        ('driver = "command"\nmodel = "opus"', "`model` is for an agent"),
        ('agent = "claude"\ncommand = "x"', "an agent states the command of its tier"),
        ('agent = "claude"\ndriver = "manual"', "an agent states the command of its tier"),
        ('agent = "claude"\npermissions = "root"', "Claude Code has no permissions `root`"),
        (
            'agent = "ollama"\nmodel = "m"\npermissions = "full"',
            "Ollama has no permissions `full`",
        ),
        ('agent = "ollama"', "agent `ollama` needs a model"),
        ('agent = "codex"\nattempt_budget = 1', "Codex has no limit on what an attempt costs"),
        ('agent = "claude"\nattempt_budget = 0', "must be above 0"),
        ('agent = "claude"\nagent_args = "--x"', "`agent_args` of [tiers.1] is of the wrong type"),
    ],
)
def test_settings_that_make_no_sense(milepost: Milepost, project: Path, lines: str, message: str) -> None:
    (project / "milepost.toml").write_text(f"[tiers.1]\n{lines}\n")
    (project / "tasks.md").write_text(PLAN)
    result = milepost("run", "tasks.md")
    assert (result.code, message in result.err) == (3, True), result.err
    assert "milepost.toml:" in result.err
