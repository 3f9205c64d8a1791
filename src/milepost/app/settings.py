"""Settings: ``milepost.toml`` in the project's folder, with defaults that work without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from milepost.app.documents import project_root
from milepost.errors import SettingsInvalid

FILE_NAME = "milepost.toml"
DRIVERS = ("command", "manual")
_CAPACITY = {1: 1, 2: 2, 3: 4}


@dataclass(frozen=True, slots=True)
class TierSettings:
    """A class of workers. Rank 1 is the strongest and dearest.

    ``driver``: ``command`` runs the task's ``_Run:_`` or this tier's ``command`` template, ``manual`` waits for
    a claim, ``auto`` (only without settings) is ``command`` for tasks that state one. ``attempts`` is how many
    tries a task gets here before it escalates. ``speed``: duration is effort ÷ speed. ``cost_per_hour`` in the
    currency of the reader's choice.
    """

    rank: int
    name: str
    capacity: int
    driver: str = "auto"
    command: str = ""
    speed: float = 1.0
    cost_per_hour: float = 0.0
    attempts: int = 2
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configurable, and the file it came from (empty when there is none).

    ``escalation_factor`` overrides the plan's own rule; ``lease_minutes`` is how long a manual claim lives
    without a heartbeat; ``default_effort`` in working seconds stands in for a missing estimate.
    """

    root: Path
    path: str = ""
    tiers: Mapping[int, TierSettings] = field(default_factory=dict)
    escalation_factor: float | None = None
    lease_minutes: float = 60.0
    default_effort: int = 3600
    grace_seconds: float = 5.0
    durable: bool = False

    def tier(self, rank: int, *, wanted_by: str = "") -> TierSettings:
        """The settings of a tier.

        Raises:
            SettingsInvalid: no such tier is configured.
        """
        if rank not in self.tiers:
            known = ", ".join(str(known) for known in sorted(self.tiers))
            raise SettingsInvalid(
                f"{wanted_by or 'the plan'} asks for tier {rank}, which is not configured (there are {known})",
                place=self.path or FILE_NAME,
                remedy=f"add a [tiers.{rank}] section, or assign the task to another tier",
            )
        return self.tiers[rank]


def load_settings(plan_path: str) -> Settings:
    """Settings that hold for a plan: the ``milepost.toml`` of its project root.

    Raises:
        SettingsInvalid: the file cannot be read or says something unknown; the message names the line.
    """
    root = project_root(plan_path)
    path = root / FILE_NAME
    if not path.is_file():
        return Settings(root=root, tiers=_default_tiers())
    return parse_settings(path.read_bytes(), path=str(path), root=root)


def parse_settings(raw: bytes, *, path: str, root: Path) -> Settings:
    """Read the text of a settings file."""
    import tomllib

    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"it is not valid TOML: {error}", place=path) from None
    return _Reader(data, raw.decode("utf-8"), path).settings(root)


def _default_tiers() -> dict[int, TierSettings]:
    return {rank: TierSettings(rank, f"Tier {rank}", capacity) for rank, capacity in _CAPACITY.items()}


_TIER_KEYS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "capacity": (int,),
    "driver": (str,),
    "command": (str,),
    "speed": (int, float),
    "cost_per_hour": (int, float),
    "attempts": (int,),
    "env": (dict,),
}
_RUN_KEYS: dict[str, tuple[type, ...]] = {
    "escalation_factor": (int, float),
    "lease_minutes": (int, float),
    "default_effort": (str,),
    "grace_seconds": (int, float),
    "durable": (bool,),
}
_POSITIVE = {"capacity", "speed", "attempts", "escalation_factor", "lease_minutes"}


class _Reader:
    """Checks a settings file key by key, so that each complaint can name its line."""

    def __init__(self, data: dict[str, Any], text: str, path: str) -> None:
        self.data = data
        self.lines = text.splitlines()
        self.path = path

    def settings(self, root: Path) -> Settings:
        for section in self.data:
            if section not in {"run", "tiers", "lint"}:
                raise self._invalid(
                    f"[{section}] is no section of the settings", section, "use [run], [tiers.N] or [lint]"
                )
        run = self._section("run", self.data.get("run", {}), _RUN_KEYS)
        if "default_effort" in run:
            run["default_effort"] = self._duration(run["default_effort"])
        tiers = self.data.get("tiers")
        ranks = _default_tiers() if tiers is None else self._tiers(tiers)
        return Settings(root=root, path=self.path, tiers=ranks, **run)

    def _tiers(self, tiers: Any) -> dict[int, TierSettings]:
        if not isinstance(tiers, dict) or not tiers:
            raise self._invalid("`tiers` needs a section for each tier", "tiers", "write [tiers.1], [tiers.2], …")
        found = {}
        for name, table in tiers.items():
            where = f"tiers.{name}"
            if not name.isdecimal() or int(name) < 1:
                raise self._invalid(
                    f"a tier is named by its rank, not `{name}`", where, "write [tiers.1], [tiers.2], …"
                )
            found[int(name)] = self._tier(int(name), where, table)
        return found

    def _tier(self, rank: int, where: str, table: Any) -> TierSettings:
        values = self._section(where, table, _TIER_KEYS)
        if "driver" not in values:
            raise self._invalid(f"tier {rank} has no driver", where, 'add driver = "command" or driver = "manual"')
        if values["driver"] not in DRIVERS:
            raise self._invalid(
                f"tier {rank} has an unknown driver `{values['driver']}`",
                where,
                "use " + " or ".join(DRIVERS),
            )
        tier = TierSettings(rank, f"Tier {rank}", _CAPACITY.get(rank, 4))
        if not all(isinstance(value, str) for value in values.get("env", {}).values()):
            raise self._invalid(f"the environment of tier {rank} holds something that is no string", where, "quote it")
        return replace(tier, **values)

    def _section(self, where: str, table: Any, keys: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self._invalid(f"`{where}` must be a section", where, f"write [{where}]")
        values: dict[str, Any] = table
        for key, value in values.items():
            if key not in keys:
                raise self._invalid(f"[{where}] has no setting `{key}`", key, "it has " + ", ".join(keys))
            if not isinstance(value, keys[key]) or (isinstance(value, bool) and bool not in keys[key]):
                raise self._invalid(
                    f"`{key}` of [{where}] is of the wrong type", key, f"give a {keys[key][0].__name__}"
                )
            if key in _POSITIVE and not 0 < float(values[key]) < float("inf"):
                raise self._invalid(f"`{key}` of [{where}] must be above 0", key, "give a positive number")
        return dict(values)

    def _duration(self, text: str) -> int:
        from milepost.plan.grammar.durations import parse_duration

        parsed = parse_duration(text)
        if parsed is None:
            raise self._invalid(f"`{text}` is no duration", "default_effort", "write it like 30m, 2h or 1d")
        return parsed.likely

    def _invalid(self, message: str, word: str, remedy: str) -> SettingsInvalid:
        line = next((n for n, text in enumerate(self.lines, 1) if word in text), 0)
        return SettingsInvalid(message, place=f"{self.path}:{line}" if line else self.path, remedy=remedy)
