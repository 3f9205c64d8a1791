"""Settings: ``milepost.toml``, or ``[tool.milepost]`` of ``pyproject.toml``, in the project's folder.

There are defaults for everything. Where both files say something, ``milepost.toml`` alone counts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milepost.app.agent_settings import AGENT_KEYS, read_agent
from milepost.app.calendar_settings import (
    CalendarSettings,
    read_calendars,
    read_schedule,
    read_spread,
    require_calendar,
)
from milepost.app.documents import PYPROJECT, SETTINGS, project_root, states_settings
from milepost.app.settings_tables import BUDGET_KEYS, TIER_BUDGET_KEYS, TableReader
from milepost.app.workspace_settings import IN_PLACE, require_workspace
from milepost.errors import SettingsInvalid
from milepost.source.lazy_dataclass import lazy_dataclass

if TYPE_CHECKING:
    from milepost.app.blob_settings import BlobSettings
    from milepost.app.notifications import NotifySettings
    from milepost.app.temporal_settings import TemporalSettings
    from milepost.execution.policy import Budget

FILE_NAME = SETTINGS
DRIVERS = ("command", "manual")
CWDS = ("project", "plan", "attempt")
SECRET_KINDS = ("env:", "file:")
ENV_PASS = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "COLORTERM", "NO_COLOR"),
    *("TMPDIR", "XDG_*", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "JAVA_HOME", "GOPATH", "CARGO_HOME"),
    *("RUSTUP_HOME", "NVM_DIR", "PYENV_ROOT", "*_proxy", "*_PROXY", "SSL_CERT_*", "MILEPOST_*"),
)
"""The variables that commands inherit when nobody says otherwise: none that usually holds a secret."""
_CAPACITY = {1: 1, 2: 2, 3: 4}


@lazy_dataclass(frozen=True, slots=True)
class TierSettings:
    """A class of workers. Rank 1 is the strongest and dearest.

    ``driver``: ``command`` runs the task's ``_Run:_`` or this tier's ``command`` template, ``manual`` waits for
    a claim, ``auto`` (only without settings) is ``command`` for tasks that state one. ``attempts`` is how many
    tries a task gets here before it escalates, the ones after the first ``backoff_seconds`` later, twice as long each
    time. ``speed``: duration is effort ÷ speed. ``cost_per_hour`` in the currency of the reader's choice. Commands
    inherit the variables that match ``env_pass`` (``None``: the run's), then those of ``env``, then ``secret_env``
    (name → ``env:NAME`` or ``file:PATH``), and run in ``cwd``: the folder of the project, the plan, or the attempt.
    ``calendar`` names one of the settings' (empty: the plan's); ``spread`` is the (low, likely, high) effort of a task
    whose estimate is a single value, as multiples of it. ``workspace`` is ``in-place`` or ``worktree`` (empty: the
    run's). ``agent`` is the coding agent (of ``AGENTS``) whose output is understood; ``command`` is what calls it.
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
    env_pass: tuple[str, ...] | None = None
    secret_env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "project"
    backoff_seconds: float = 0.0
    budget: Budget | None = None
    calendar: str = ""
    spread: tuple[float, float, float] | None = None
    workspace: str = ""
    agent: str = ""


@lazy_dataclass(frozen=True, slots=True)
class LintSettings:
    """Which rules are checked: codes, beginnings of codes, names, or ``ALL``.

    ``select`` replaces the default rules, ``extend_select`` adds to them, ``ignore`` takes away, and
    ``per_file_ignores`` (glob below the settings' folder → selectors) takes away in some files. ``exclude`` holds
    globs of files and folders that a search for plans leaves out. ``places`` says where each key stands
    (``path:line``).
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Settings:
    """Everything configurable, and the file it came from (empty when there is none).

    ``escalation_factor`` overrides the plan's own rule; ``lease_minutes`` is how long a manual claim lives
    without a heartbeat; ``default_effort`` in working seconds stands in for a missing estimate.
    ``time_limit`` in seconds bounds commands that have no estimate, ``log_limit_mb`` what is kept of a command's
    output, ``env_pass`` which variables commands inherit. ``help_weaker`` lets idle stronger tiers help.
    ``tiers_stated``: the tiers are the file's own, not the defaults. ``start`` is when plans start, a date or a moment
    as it is written (empty: not stated), ``zone`` the zone of dates where no calendar has one, ``calendar``
    the name of the calendar of tiers without their own (empty: all time is working time), one of ``calendars``.
    ``places`` says where the settings of ``[schedule]`` stand. ``notify`` is the command that hears of a run.
    ``workspace`` is where attempts work whose tier says nothing else, and where criteria are judged.
    ``engine`` drives runs, ``local`` or ``temporal``; ``temporal`` says where its server is (``None``: by default).
    ``ledger`` is the address of a database, or refers to it (empty: a file below ``root``), where the project is kept
    under the name ``project``. ``blobs`` says where machines leave each other files (``None``: in a folder of the
    project's own), ``remote`` which git remote trees travel by (empty: they travel as blobs). ``dialects`` (glob below
    ``root`` → name) says what documents are to be read as.
    """

    root: Path
    path: str = ""
    tiers: Mapping[int, TierSettings] = field(default_factory=dict)
    escalation_factor: float | None = None
    lease_minutes: float = 60.0
    default_effort: int = 3600
    grace_seconds: float = 5.0
    durable: bool = False
    time_limit: int | None = None
    log_limit_mb: float = 100.0
    env_pass: tuple[str, ...] = ENV_PASS
    help_weaker: bool = False
    budget: Budget | None = None
    tiers_stated: bool = False
    lint: LintSettings = field(default_factory=LintSettings)
    start: str = ""
    zone: str = ""
    calendar: str = ""
    calendars: Mapping[str, CalendarSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    notify: NotifySettings | None = None
    engine: str = "local"
    temporal: TemporalSettings | None = None
    workspace: str = IN_PLACE
    ledger: str = ""
    project: str = ""
    blobs: BlobSettings | None = None
    remote: str = ""
    dialects: Mapping[str, str] = field(default_factory=dict)

    def dialect_of(self, path: str) -> str:
        """What a document is to be read as; empty when nothing is stated for it."""
        from milepost.app.globs import matches

        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(self.root)).replace(os.sep, "/")
        return next((name for glob, name in self.dialects.items() if matches(glob, relative)), "")

    def tier(self, rank: int, *, wanted_by: str = "") -> TierSettings:
        """The settings of a tier.

        Raises:
            SettingsInvalid: no such tier is configured.
        """
        if rank not in self.tiers:
            known = ", ".join(str(known) for known in sorted(self.tiers))
            raise SettingsInvalid(
                f"{wanted_by or 'the plan'} asks for tier {rank}, which is not configured (configured: {known})",
                place=self.path or FILE_NAME,
                remedy=f"add a [tiers.{rank}] section, or assign the task to another tier",
            )
        return self.tiers[rank]


def load_settings(plan_path: str) -> Settings:
    """Settings that hold for a plan: those of its project root.

    Raises:
        SettingsInvalid: the file cannot be read or says something unknown; the message names the line.
    """
    root = project_root(plan_path)
    for path in (root / FILE_NAME, root / PYPROJECT):
        if path.is_file() and (path.name == FILE_NAME or states_settings(path)):
            return parse_settings(_bytes_of(path), path=str(path), root=root)
    return Settings(root=root, tiers=_default_tiers())


def parse_settings(raw: bytes, *, path: str, root: Path) -> Settings:
    """Read the text of a settings file; of a ``pyproject.toml`` only ``[tool.milepost]`` counts.

    Raises:
        SettingsInvalid: it says something that is not understood.
    """
    import tomllib

    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"it is not valid TOML: {error}", place=path) from None
    if Path(path).name == PYPROJECT:
        own = data.get("tool", {}).get("milepost", {})
        return _Reader(own, raw.decode("utf-8"), path, prefix="tool.milepost.").settings(root)
    return _Reader(data, raw.decode("utf-8"), path).settings(root)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(f"it cannot be read: {error.strerror}", place=str(path)) from None


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
    "env_pass": (list,),
    "secret_env": (dict,),
    "cwd": (str,),
    "backoff_seconds": (int, float),
    "budget": (dict,),
    "calendar": (str,),
    "spread": (dict,),
    "workspace": (str,),
    **AGENT_KEYS,
}
_RUN_KEYS: dict[str, tuple[type, ...]] = {
    "escalation_factor": (int, float),
    "lease_minutes": (int, float),
    "default_effort": (str,),
    "grace_seconds": (int, float),
    "durable": (bool,),
    "time_limit": (str,),
    "log_limit_mb": (int, float),
    "env_pass": (list,),
    "help_weaker": (bool,),
    "budget": (dict,),
    "engine": (str,),
    "workspace": (str,),
    "remote": (str,),
    "ledger": (str,),
    "project": (str,),
}
_LINT_KEYS: dict[str, tuple[type, ...]] = {
    "select": (list,),
    "extend-select": (list,),
    "ignore": (list,),
    "per-file-ignores": (dict,),
    "exclude": (list,),
}
_SECTIONS = ("run", "tiers.N", "notify", "schedule", "calendars.NAME", "lint", "dialects", "temporal", "blobs")


class _Reader(TableReader):
    """Reads all sections of a settings file."""

    def settings(self, root: Path) -> Settings:
        if not isinstance(self.data, dict):
            raise self.invalid("`tool.milepost` must be a section", "", "", "write [tool.milepost.lint]")
        for section in self.data:
            if section not in {name.partition(".")[0] for name in _SECTIONS}:
                raise self.invalid(
                    f"[{self.prefix}{section}] is no section of the settings",
                    section,
                    section,
                    "use " + ", ".join(f"[{self.prefix}{name}]" for name in _SECTIONS),
                )
        run = self.section("run", self.data.get("run", {}), _RUN_KEYS)
        run |= {key: self.duration("run", key, run[key]) for key in ("default_effort", "time_limit") if key in run}
        run |= self._shared("run", run)
        require_workspace(self, "run", run)
        if "ledger" in run or "project" in run:
            from milepost.app.ledger_settings import read_ledger

            run |= read_ledger(self, run)
        tiers = self.data.get("tiers")
        ranks = _default_tiers() if tiers is None else self._tiers(tiers)
        lint = self._lint(self.data.get("lint", {}))
        calendars = read_calendars(self, self.data.get("calendars", {}))
        run |= read_schedule(self, self.data.get("schedule", {}), calendars)
        for tier in ranks.values():
            require_calendar(self, f"tiers.{tier.rank}", tier.calendar, calendars)
        if "notify" in self.data:
            from milepost.app.notifications import read_notify

            run["notify"] = read_notify(self, self.data["notify"])
        if "temporal" in self.data or "engine" in run:
            from milepost.app.temporal_settings import read_engine, read_temporal

            run["engine"] = read_engine(self, run)
            run["temporal"] = read_temporal(self, self.data.get("temporal", {}))
        if "blobs" in self.data:
            from milepost.app.blob_settings import read_blobs

            run["blobs"] = read_blobs(self, self.data["blobs"])
        return Settings(
            root=root,
            path=self.path,
            tiers=ranks,
            tiers_stated=tiers is not None,
            lint=lint,
            dialects=self._dialects(self.data.get("dialects", {})),
            calendars=calendars,
            **run,
        )

    def _dialects(self, table: Any) -> dict[str, str]:
        if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
            example = 'write "docs/plan.md" = "kiro" below [' + self.prefix + "dialects]"
            raise self.invalid("`dialects` needs the name of a dialect for each pattern", "dialects", "", example)
        return dict(table)

    def _tiers(self, tiers: Any) -> dict[int, TierSettings]:
        example = f"write [{self.prefix}tiers.1], [{self.prefix}tiers.2], …"
        if not isinstance(tiers, dict) or not tiers:
            raise self.invalid("`tiers` needs a section for each tier", "tiers", "tiers", example)
        found = {}
        for name, table in tiers.items():
            where = f"tiers.{name}"
            if not name.isdecimal() or int(name) < 1:
                raise self.invalid(f"a tier is named by its rank, not `{name}`", where, "", example)
            found[int(name)] = self._tier(int(name), where, table)
        return found

    def _tier(self, rank: int, where: str, table: Any) -> TierSettings:
        values = read_agent(self, where, self.section(where, table, _TIER_KEYS))
        if "driver" not in values:
            raise self.invalid(f"tier {rank} has no driver", where, "", 'add driver = "command" or driver = "manual"')
        if values["driver"] not in DRIVERS:
            raise self.invalid(
                f"tier {rank} has an unknown driver `{values['driver']}`",
                where,
                "driver",
                "use " + " or ".join(DRIVERS),
            )
        tier = TierSettings(rank, f"Tier {rank}", _CAPACITY.get(rank, 4))
        if not all(isinstance(value, str) for value in values.get("env", {}).values()):
            raise self.invalid(
                f"the environment of tier {rank} holds something that is no string", where, "env", "quote it"
            )
        if values.get("cwd", "project") not in CWDS:
            raise self.invalid(
                f"tier {rank} works in an unknown folder `{values['cwd']}`", where, "cwd", "use " + ", ".join(CWDS)
            )
        require_workspace(self, where, values)
        self._secrets(where, values.get("secret_env", {}))
        if "spread" in values:
            values["spread"] = read_spread(self, where, values["spread"])
        return replace(tier, **{**values, **self._shared(where, values)})

    def _lint(self, table: Any) -> LintSettings:
        values = self.section("lint", table, _LINT_KEYS)
        lists = {key: self.strings("lint", key, value) for key, value in values.items() if isinstance(value, list)}
        per_file = {
            glob: self.strings("lint.per-file-ignores", glob, value)
            for glob, value in values.get("per-file-ignores", {}).items()
        }
        return LintSettings(
            select=lists.get("select", ()),
            extend_select=lists.get("extend-select", ()),
            ignore=lists.get("ignore", ()),
            per_file_ignores=per_file,
            exclude=lists.get("exclude", ()),
            places={
                **{key: self.place("lint", key) for key in lists},
                **{glob: self.place("lint.per-file-ignores", glob) for glob in per_file},
            },
        )

    def _shared(self, where: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the run and its tiers can both state: which variables to pass on, and a budget."""
        found: dict[str, Any] = {}
        if "env_pass" in values:
            found["env_pass"] = self.strings(where, "env_pass", values["env_pass"])
        if "budget" in values:
            from milepost.execution.policy import Budget

            keys = BUDGET_KEYS if where == "run" else TIER_BUDGET_KEYS
            found["budget"] = Budget(**self.section(f"{where}.budget", values["budget"], keys))
        return found

    def _secrets(self, where: str, secrets: Mapping[str, Any]) -> None:
        for name, reference in secrets.items():
            if not isinstance(reference, str) or not reference.startswith(SECRET_KINDS):
                raise self.invalid(
                    f"the secret {name} of [{self.prefix}{where}] is no reference",
                    where,
                    "secret_env",
                    f'say where it is: {name} = "env:NAME" or {name} = "file:PATH"; never the secret itself',
                )
