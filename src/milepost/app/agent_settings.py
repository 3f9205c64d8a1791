"""What ``[tiers.N]`` says of the coding agent that works there, turned into the tier's command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.agent_presets import AgentPreset, AgentTier
    from milepost.app.settings import Settings
    from milepost.app.settings_tables import TableReader

AGENT_KEYS: dict[str, tuple[type, ...]] = {
    "agent": (str,),
    "model": (str,),
    "permissions": (str,),
    "attempt_budget": (int, float),
    "agent_args": (list,),
}


def read_agent(reader: TableReader, where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a tier with the agent's command in place of what describes it.

    Raises:
        SettingsInvalid: there is no such agent, or it cannot do what is asked.
    """
    rest = {key: value for key, value in values.items() if key not in AGENT_KEYS}
    if "agent" not in values:
        for key in AGENT_KEYS:
            if key in values:
                raise reader.invalid(f"`{key}` is for an agent", where, key, 'name one: agent = "claude"')
        return rest
    from milepost.app.agent_presets import AGENTS

    preset = AGENTS.get(values["agent"])
    if preset is None:
        known = ", ".join(f'"{name}"' for name in AGENTS)
        raise reader.invalid(
            f"no agent is known as `{values['agent']}`", where, "agent", f"use {known}, or a `command` of your own"
        )
    if "command" in values or values.get("driver", "command") != "command":
        key = "command" if "command" in values else "driver"
        raise reader.invalid(
            "an agent states the command of its tier", where, key, f"leave `{key}` out, or leave `agent` out"
        )
    return {**rest, "driver": "command", "agent": preset.name, "command": _command(reader, where, values, preset)}


def _command(reader: TableReader, where: str, values: Mapping[str, Any], preset: AgentPreset) -> str:
    from milepost.app.agent_presets import PERMISSIONS

    permissions = values.get("permissions", "edit")
    if permissions not in PERMISSIONS or ("permissions" in values and permissions not in _possible(preset)):
        raise reader.invalid(
            f"{preset.title} has no permissions `{permissions}`",
            where,
            "permissions",
            "use " + ", ".join(f'"{one}"' for one in _possible(preset)),
        )
    if preset.model_needed and not values.get("model"):
        raise reader.invalid(f"agent `{preset.name}` needs a model", where, "agent", 'name it: model = "…"')
    budget = values.get("attempt_budget")
    if budget is not None and not preset.budget:
        raise reader.invalid(
            f"{preset.title} has no limit on what an attempt costs",
            where,
            "attempt_budget",
            "limit the tier: budget = { money = … }",
        )
    more = reader.strings(where, "agent_args", values.get("agent_args", []))
    return preset.command(values.get("model", ""), permissions, budget, more)


def _possible(preset: AgentPreset) -> list[str]:
    """The permissions that an agent knows; one that says nothing of editing edits as it is configured to."""
    if preset.name == "ollama":
        return ["read"]
    from milepost.app.agent_presets import PERMISSIONS

    return [one for one in PERMISSIONS if one in preset.permissions or one == "edit"]


def agent_tiers(settings: Settings) -> dict[int, AgentTier]:
    """The agents that work on tiers, by rank."""
    from milepost.app.agent_presets import AGENTS, AgentTier

    found = {}
    for rank, tier in settings.tiers.items():
        if tier.agent:
            stronger = max((other for other in settings.tiers if other < rank), default=0)
            found[rank] = AgentTier(AGENTS[tier.agent], stronger)
    return found
