"""Coding agents that tiers can drive by name: how each is called without a terminal.

A preset is a template of a shell command. It reads its brief from the file ``$MILEPOST_BRIEF``, goes on with the
session ``$MILEPOST_SESSION`` where there is one, and prints what :mod:`milepost.adapters.agent_reports` understands.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

PERMISSIONS = ("read", "edit", "full")
"""What an agent may do: look, change files, or anything without being asked."""


@dataclass(frozen=True, slots=True)
class AgentPreset:
    """A coding agent's program.

    ``head`` and ``tail`` are the words before and after the options, as the shell reads them; ``model``, ``budget`` and
    ``permissions`` are the options for these (empty: it has none). ``resume`` goes on with a session, which is possible
    from another folder when it is ``portable``. ``keys`` are the variables in which it looks for secrets.
    """

    name: str
    title: str
    head: str
    tail: str
    model: str = ""
    model_needed: bool = False
    budget: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)
    resume: str = ""
    portable: bool = False
    keys: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """What has to be installed."""
        return self.head.split()[0]

    def command(
        self, model: str = "", permissions: str = "edit", budget: float | None = None, more: tuple[str, ...] = ()
    ) -> str:
        """The shell command that does a task. ``budget`` in US dollars for an attempt, ``more`` words are quoted."""
        words = [self.head]
        words += [f"{self.model} {shlex.quote(model)}".strip()] if model else []
        words += [self.permissions[permissions]] if self.permissions.get(permissions) else []
        words += [f"{self.budget} {budget:g}"] if budget is not None else []
        words += [shlex.quote(word) for word in more]
        words += [self.resume] if self.resume else []
        return " ".join([*words, self.tail])


_BRIEF = '< "$MILEPOST_BRIEF"'

AGENTS: dict[str, AgentPreset] = {
    preset.name: preset
    for preset in (
        AgentPreset(
            "claude",
            "Claude Code",
            "claude --print --output-format stream-json --verbose",
            _BRIEF,
            model="--model",
            budget="--max-budget-usd",
            permissions={
                "read": "--permission-mode plan",
                "edit": "--permission-mode acceptEdits",
                "full": "--permission-mode bypassPermissions",
            },
            resume='${MILEPOST_SESSION:+--resume "$MILEPOST_SESSION"}',
            keys=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
        ),
        AgentPreset(
            "codex",
            "Codex",
            "codex exec --json --skip-git-repo-check",
            f"- {_BRIEF}",
            model="--model",
            permissions={
                "read": "--sandbox read-only",
                "edit": "--sandbox workspace-write",
                "full": "--dangerously-bypass-approvals-and-sandbox",
            },
            resume='${MILEPOST_SESSION:+resume "$MILEPOST_SESSION"}',
            portable=True,
            keys=("CODEX_API_KEY", "OPENAI_API_KEY"),
        ),
        AgentPreset(
            "gemini",
            "Gemini CLI",
            "gemini --output-format stream-json --skip-trust",
            f"--prompt 'Do what the brief above asks for.' {_BRIEF}",
            model="--model",
            permissions={
                "read": "--approval-mode plan",
                "edit": "--approval-mode auto_edit",
                "full": "--approval-mode yolo",
            },
            resume='${MILEPOST_SESSION:+--resume "$MILEPOST_SESSION"}',
            keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ),
        AgentPreset(
            "aider",
            "aider",
            "aider --yes-always --no-pretty --no-stream --no-auto-commits --no-gitignore --no-check-update "
            "--no-show-release-notes --no-show-model-warnings --no-analytics --no-detect-urls "
            '--chat-history-file "$MILEPOST_ATTEMPT_DIR/aider.chat.md" '
            '--input-history-file "$MILEPOST_ATTEMPT_DIR/aider.input"',
            '--message-file "$MILEPOST_BRIEF"',
            model="--model",
            permissions={
                "read": "--chat-mode ask",
                "edit": "--no-suggest-shell-commands",
                "full": "--suggest-shell-commands",
            },
            keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
        ),
        AgentPreset(
            "opencode",
            "opencode",
            "opencode run --format json",
            _BRIEF,
            model="--model",
            permissions={"read": "--agent plan", "full": "--auto"},
            resume='${MILEPOST_SESSION:+--session "$MILEPOST_SESSION"}',
            keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
        ),
        AgentPreset(
            "ollama",
            "Ollama",
            "ollama run --verbose --nowordwrap",
            _BRIEF,
            model="",
            model_needed=True,
            permissions={"read": ""},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class AgentTier:
    """An agent at work on a tier; its attempts escalate to the tier of rank ``stronger`` (0: to people)."""

    preset: AgentPreset
    stronger: int = 0

    @property
    def note(self) -> str:
        """What it is told of how to end, besides its task."""
        whom = f"tier {self.stronger}, whose workers are stronger" if self.stronger else "a person"
        return (
            "\n## How to end\n\n"
            "Do all of the task in this folder, by yourself: nobody can answer questions. Leave the plan as it is: its "
            "boxes are ticked for you. End with a few sentences on what you did.\n\n"
            f"If it cannot be done by you, hand it on to {whom}: end with the line\n\n"
            f"    🚨 ESCALATE TO TIER {self.stronger}: REASON\n"
        )
