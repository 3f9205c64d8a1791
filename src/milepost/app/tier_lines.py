"""The tiers of a project: who works on each, with what, on which terms."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from milepost.app.agent_presets import AGENTS
from milepost.app.settings import Settings, TierSettings
from milepost.app.workspace_settings import IN_PLACE, WORKTREE, isolated_tiers
from milepost.errors import SettingsInvalid

_PROGRAM = re.compile(r"(?!-)[\w.+/-]+")
_VARIABLE = re.compile(r"\w+=")


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier. ``program`` is what its command needs (empty: none of its own), found at ``path`` (empty: not found).

    ``who`` says who works there; ``agent`` is a coding agent's name, with its ``version``. ``cost_per_hour`` and
    ``capacity`` are as configured.
    """

    rank: int
    name: str
    who: str
    agent: str
    command: str
    capacity: int
    attempts: int
    cost_per_hour: float
    workspace: str
    program: str
    path: str
    version: str

    @property
    def missing(self) -> bool:
        """Whether the tier cannot work for want of its program."""
        return bool(self.program and not self.path)

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self)


def tier_lines(settings: Settings, find: Callable[[str], str], version: Callable[[str], str]) -> list[TierLine]:
    """All tiers, the strongest first; ``find`` looks up a program, ``version`` asks the one at a path for it."""
    isolated = isolated_tiers(settings)
    return [_line(tier, rank in isolated, find, version) for rank, tier in sorted(settings.tiers.items())]


def _line(tier: TierSettings, isolated: bool, find: Callable[[str], str], version: Callable[[str], str]) -> TierLine:
    program = program_of(tier.command)
    path = find(program) if program else ""
    return TierLine(
        rank=tier.rank,
        name=tier.name,
        who=_who(tier),
        agent=tier.agent,
        command=tier.command,
        capacity=tier.capacity,
        attempts=tier.attempts,
        cost_per_hour=tier.cost_per_hour,
        workspace=WORKTREE if isolated else IN_PLACE,
        program=program,
        path=path,
        version=version(path) if tier.agent and path else "",
    )


def _who(tier: TierSettings) -> str:
    if tier.agent:
        return AGENTS[tier.agent].title
    if tier.driver == "manual":
        return "whoever claims a task"
    if tier.command:
        return "a command"
    return "each task's own command" + (", else whoever claims it" if tier.driver == "auto" else "")


def program_of(command: str) -> str:
    """The program that a command calls first; empty where that is not plain to see."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    first = next((word for word in words if not _VARIABLE.match(word)), "")
    return first if _PROGRAM.fullmatch(first) else ""


def chosen(lines: list[TierLine], asked: str, place: str) -> list[TierLine]:
    """The tiers with agents that a test was asked for: the one of a rank, or all.

    Raises:
        SettingsInvalid: there is none of that rank, or it has no agent.
    """
    agents = [line for line in lines if line.agent and asked in ("all", str(line.rank))]
    if agents:
        return agents
    known = ", ".join(str(line.rank) for line in lines if line.agent)
    raise SettingsInvalid(
        "no tier has an agent to test" if asked == "all" else f"tier {asked} has no agent to test",
        place=place,
        remedy=f"tiers with an agent: {known}" if known else 'give one: agent = "claude" in [tiers.1]',
    )
