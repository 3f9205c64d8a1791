"""What surrounds a command: the variables it sees, the secrets among them, the folder it works in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from milepost.app.settings import ENV_PASS
from milepost.errors import WorkerUnavailable

MASK = "***"
_SHORTEST_SECRET = 4
_UNFILLED = ("${%s}", "${%s:-}", "${env:%s}", "{env:%s}", "$%s")
"""What programs of agents hand on under the name of a variable that they do not have."""


def passed(environment: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """Those of some variables whose names match a pattern."""
    wanted = tuple(patterns)
    return {name: value for name, value in environment.items() if any(fnmatchcase(name, pattern) for pattern in wanted)}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Variables that are handed on, secret ones, and where to work: ``project``, ``plan`` or ``attempt``."""

    env: Mapping[str, str] = field(default_factory=lambda: passed(os.environ, ENV_PASS))
    secret_env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "project"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown: the secrets, and each line of those that have several."""
        texts = [text for value in self.secret_env.values() for text in (value, *value.splitlines())]
        return tuple(dict.fromkeys(text for text in texts if len(text) >= _SHORTEST_SECRET))

    def masked(self, value: Any) -> Any:
        """A plain JSON value without secrets."""
        if not self.secret_env:
            return value
        if isinstance(value, str):
            for secret in sorted(self.secrets, key=len, reverse=True):
                value = value.replace(secret, MASK)
            return value
        if isinstance(value, Mapping):
            return {self.masked(name): self.masked(item) for name, item in value.items()}
        return [self.masked(item) for item in value] if isinstance(value, list) else value


def resolve_secrets(references: Mapping[str, str], *, root: Path, wanted_by: str) -> dict[str, str]:
    """Fetch the secrets that ``env:NAME`` and ``file:PATH`` refer to; paths are read from the project's folder.

    Raises:
        WorkerUnavailable: one is missing, or too short to be masked.
    """
    return {name: _resolve(name, reference, root, wanted_by) for name, reference in references.items()}


def variable(name: str) -> str:
    """The value of a variable; empty where it is not set, or was handed on by somebody who does not have it either."""
    value = os.environ.get(name, "")
    return "" if value in {text % name for text in _UNFILLED} else value


def _resolve(name: str, reference: str, root: Path, wanted_by: str) -> str:
    kind, _, where = reference.partition(":")
    try:
        if kind == "env":
            value = variable(where)
            if not value:
                raise KeyError(where)
        else:
            value = (root / Path(where).expanduser()).read_text("utf-8").rstrip("\r\n")
    except (KeyError, OSError, UnicodeDecodeError, RuntimeError):
        raise WorkerUnavailable(
            f"the secret {name} of {wanted_by} is not there: {reference} cannot be read",
            remedy="set the variable, or put the file in its place, and run again",
        ) from None
    if len(value) < _SHORTEST_SECRET:
        raise WorkerUnavailable(
            f"the secret {name} of {wanted_by} is too short to be masked",
            remedy=f"a secret has at least {_SHORTEST_SECRET} characters; what is none belongs into `env`",
        )
    return value
