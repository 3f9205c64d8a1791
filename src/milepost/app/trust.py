"""Trust: no command of a document runs before somebody on this machine allowed it.

What was allowed is kept as digests in the user's own state folder, never in the repository, so that a plan cannot
bring its own permission along.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from milepost.app.suggestions import in_shell
from milepost.errors import NotTrusted
from milepost.execution.policy import RunSpec

if TYPE_CHECKING:
    from milepost.app.settings import Settings


def commands_of(spec: RunSpec, settings: Settings) -> list[str]:
    """Every command a run may execute, each once: in document order, then that of the settings."""
    found: list[str] = []
    for task in spec.tasks:
        found += [*task.commands.values(), *task.verify]
    for checkpoint in spec.checkpoints:
        found += [criterion.command for criterion in checkpoint.criteria if criterion.command]
    found += [settings.notify.command] if settings.notify else []
    return list(dict.fromkeys(found))


def untrusted(commands: Iterable[str], root: Path) -> list[str]:
    """Those of some commands that were not allowed for this project, new and changed ones alike."""
    known = set(_read().get(str(root), ()))
    return [command for command in commands if _digest(command) not in known]


def trust(commands: Iterable[str], root: Path) -> list[str]:
    """Allow commands for this project, and give those that were not allowed before."""
    new = untrusted(commands, root)
    if new:
        known = _read()
        known[str(root)] = sorted({*known.get(str(root), ()), *map(_digest, new)})
        _write(known)
    return new


def require_trusted(commands: Iterable[str], root: Path, plan_path: str) -> None:
    """Check that commands were allowed.

    Raises:
        NotTrusted: some were not; the message lists them.
    """
    new = untrusted(commands, root)
    if new:
        shown = "\n".join(f"    {command}" for command in new[:10])
        more = f"\n    … and {len(new) - 10} more" if len(new) > 10 else ""
        plural = "command has" if len(new) == 1 else "commands have"
        raise NotTrusted(
            f"{len(new)} {plural} not been allowed on this machine:\n{shown}{more}",
            place=plan_path,
            remedy=f"read them, then `milepost trust {in_shell(plan_path)}` (or `run --trust`)",
        )


def allowed_commands(root: Path) -> Callable[[str], bool]:
    """Whether a command was allowed for this project, by now: a change of the permissions is noticed."""
    read_at: int | None = None
    known: set[str] = set()

    def allowed(command: str) -> bool:
        nonlocal read_at, known
        try:
            changed_at = os.stat(store_path()).st_mtime_ns
        except OSError:
            changed_at = -1
        if changed_at != read_at:
            read_at, known = changed_at, set(_read().get(str(root), ()))
        return _digest(command) in known

    return allowed


def state_folder() -> Path:
    """Where Milepost keeps what belongs to the user, not to a project."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(state) / "milepost"


def store_path() -> Path:
    """Where this user's permissions are kept."""
    return state_folder() / "trust.json"


def _digest(command: str) -> str:
    return hashlib.sha256(command.encode("utf-8", "surrogateescape")).hexdigest()


def _read() -> dict[str, Iterable[str]]:
    """What was allowed; a store that cannot be understood allows nothing."""
    try:
        data = json.loads(store_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(known: dict[str, Iterable[str]]) -> None:
    import tempfile

    path = store_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        os.replace(temporary, path)
    except OSError as error:
        raise NotTrusted(
            f"the permission cannot be recorded: {error.strerror}",
            place=str(path),
            remedy="make that folder writable, or set XDG_STATE_HOME to one that is",
        ) from None
