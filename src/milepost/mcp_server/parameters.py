"""What tools are called with: described once, shown as JSON Schema, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.errors import UsageError

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a tool. ``longest`` bounds a text, in characters; ``least`` a number."""

    name: str
    type: str = "string"
    about: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    longest: int = 2000
    shape: Mapping[str, Any] | None = None

    def schema(self) -> dict[str, Any]:
        """What a client is told."""
        found: dict[str, Any] = {"type": self.type}
        if self.about:
            found["description"] = self.about
        if self.choices:
            found["enum"] = list(self.choices)
        if self.least is not None:
            found["minimum"] = self.least
        return {**found, **(self.shape or {})}

    def check(self, value: Any) -> Any:
        """Give the value back when it is what it should be.

        Raises:
            UsageError: it is not.
        """
        wrong_bool = isinstance(value, bool) and self.type != "boolean"
        if isinstance(value, float) and self.type == "integer" and value.is_integer():
            value = int(value)
        if wrong_bool or not isinstance(value, _TYPES[self.type]):
            raise UsageError(f"`{self.name}` must be of type {self.type}, not {type(value).__name__}")
        if self.choices and value not in self.choices:
            raise UsageError(f"`{self.name}` cannot be `{str(value)[:60]}`", remedy="use " + ", ".join(self.choices))
        if self.least is not None and isinstance(value, int | float) and not value >= self.least:
            raise UsageError(f"`{self.name}` must be at least {self.least:g}")
        if isinstance(value, str) and len(value) > self.longest:
            raise UsageError(
                f"`{self.name}` has {len(value):,} characters, at most {self.longest:,} are kept",
                remedy="say it in short; put what is long into a file or a commit and name that",
            )
        return value


PLAN = Parameter("plan", about="Path as list_plans gives it; not needed if there is one plan")
TASK = Parameter("task", about="Task id", required=True, longest=200)
ATTEMPT = Parameter("attempt_no", "integer", "As claim_task gave it", required=True, least=1)
CURSOR = Parameter("cursor", about="next_cursor of the page before", longest=40)


def schema(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """The JSON Schema of a tool's arguments."""
    found: dict[str, Any] = {"type": "object", "properties": {one.name: one.schema() for one in parameters}}
    required = [one.name for one in parameters if one.required]
    return {**found, "required": required} if required else found


def checked(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments a tool was called with; those that are null count as not given.

    Raises:
        UsageError: one is missing, unknown or wrong.
    """
    known = {one.name: one for one in parameters}
    for name in given:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(known) or 'no arguments'}"
            raise UsageError(f"there is no argument `{name[:60]}`", remedy=remedy)
    values = {name: known[name].check(value) for name, value in given.items() if value is not None}
    for one in parameters:
        if one.required and one.name not in values:
            raise UsageError(f"`{one.name}` is missing", remedy=one.about or "give it")
    return values
