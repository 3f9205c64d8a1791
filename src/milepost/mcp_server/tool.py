"""What a tool is, and a call of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.bootstrap.desks import Desk, OpenPlan
from milepost.execution.state import RunState
from milepost.mcp_server.callers import READ, WORK, Caller
from milepost.mcp_server.parameters import Parameter
from milepost.mcp_server.replies import Reply


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who calls, with which arguments, checked already, and the plans at hand."""

    desk: Desk
    caller: Caller
    given: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """An argument that is a text."""
        return str(self.given.get(name, default))

    def number(self, name: str) -> int:
        """An argument that is a whole number; 0 when it was not given."""
        return int(self.given.get(name, 0))

    def open(self) -> OpenPlan:
        """The plan that is meant.

        Raises:
            InputError: there is no such plan, or it cannot be read.
            UsageError: it was not named, and there are several.
        """
        return self.desk.open(self.text("plan"))

    def state(self, plan: OpenPlan) -> RunState:
        """How the run of a plan stands; a caller that only looks records nothing by that."""
        return plan.state(self.caller.name if WORK in self.caller.scopes else "")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: ``about`` is all a model knows of it. ``scope`` is what a caller needs to use it.

    ``slow`` says of a call that it may take long: it then works beside the others on plans of its own. ``writes``: it
    changes runs or documents.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Call], Reply]
    scope: str = READ
    writes: bool = False
    slow: Callable[[Call], bool] = lambda call: False
