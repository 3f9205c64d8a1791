"""What requests carry: strict, so that nothing is taken for what it is not."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_SIGN = rf"[^{_CONTROLS}\t\n \xa0\u2028\u2029]"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=rf"^{_SIGN}[^{_CONTROLS}\t\n\u2028\u2029]*$")]
"""A line that begins with a sign one can see."""

Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=rf"^{_SIGN}[^{_CONTROLS}]*$")]
"""A text that begins with a sign one can see; without control characters, but for tabs and line ends."""

Remark = Annotated[str, Field(max_length=2000, pattern=rf"^[^{_CONTROLS}]*$")]
"""A text that may be empty."""

AttemptNo = Annotated[int, Field(ge=1, le=2**31)]
Minutes = Annotated[float, Field(ge=1, le=525_600, allow_inf_nan=False)]


class Body(BaseModel):
    """A body that holds nothing unknown and nothing of another type."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [values]})


class By(Body):
    """Who acts. With a token it is the token's name; what is said here then stands behind it (`ci/agent-7`)."""

    model_config = _example(by="ada")
    by: Name | None = Field(None, description="Who does it; recorded in the ledger.")


class Because(By):
    """Who acts, and why."""

    model_config = _example(by="ada", reason="the stones did not come")
    reason: Reason


class Perhaps(By):
    """Who acts, and perhaps why."""

    model_config = _example(by="ada", reason="enough for today")
    reason: Remark = ""


class StartRun(By):
    """How to start a run, or to go on with one."""

    model_config = _example(by="ada", new=False)
    new: bool = Field(False, description="Begin a new run; one that goes on is cancelled.")


class ClaimTask(By):
    """Who takes a task."""

    model_config = _example(by="agent-7", tier=2, lease_minutes=30)
    tier: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="A task for another tier is refused.")
    lease_minutes: Minutes | None = Field(None, description="How long to be silent at most; else as the settings say.")


class BeatHeart(By):
    """Who still works on a task."""

    model_config = _example(by="agent-7", attempt_no=1)
    attempt_no: AttemptNo | None = Field(
        None, description="As `claim` gave it; without it, the attempt that `by` holds."
    )
    lease_minutes: Minutes | None = None


class CompleteTask(By):
    """Who has done a task."""

    model_config = _example(by="agent-7", attempt_no=1, note="merged as 4f2a")
    attempt_no: AttemptNo | None = Field(
        None, description="As `claim` gave it; without it, the attempt that `by` holds."
    )
    note: Remark = Field("", description="What was done; kept as evidence.")


class FailTask(Because):
    """Who gives up a task, and why."""

    model_config = _example(by="agent-7", attempt_no=1, reason="the tests do not pass")
    attempt_no: AttemptNo | None = None


class ApproveCheckpoint(By):
    """Who signs off a checkpoint."""

    model_config = _example(by="ada", comment="read the output")
    comment: Remark = ""


class RejectCheckpoint(Because):
    """Who refuses a checkpoint, why, and what is to be done again."""

    model_config = _example(by="ada", reason="the lamp is too dim", reopen=["2.2"])
    reopen: Annotated[list[Name], Field(max_length=1000)] = Field(default=[], description="Tasks to be done again.")


class FixPlan(Body):
    """Which findings to correct."""

    model_config = _example(rules=["total-mismatch"], unsafe=False, write=False)
    rules: Annotated[list[Name], Field(max_length=200)] = Field(
        default=[], description="Codes or names of rules; none: those of the settings."
    )
    unsafe: bool = Field(False, description="Also fixes that may change what the plan says.")
    write: bool = Field(False, description="Change the document; else only show the difference.")
