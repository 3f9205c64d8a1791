"""The workflow of a run: it asks the home what to do, has workers do it, and tells the home how it ended.

It decides nothing, so that no change of the run's rules can ever contradict its history. What is decided depends on
the ledger alone, which people change as well; the home decides under the ledger's lock (see
:mod:`milepost.adapters.temporal_supervision`), in a local activity of this workflow.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, TimeoutError, TimeoutType

with workflow.unsafe.imports_passed_through():
    from milepost.adapters.temporal_messages import (
        ATTEMPT,
        LOOK,
        TURN,
        WORKFLOW,
        Order,
        Orders,
        Turn,
        attempt_name,
        to_verdict,
    )
    from milepost.execution.commands import Lose, Overrun

SOFT_LIMIT = 4_000
"""Events of a history from which on a quiet moment is used to begin a new one."""

HARD_LIMIT = 20_000
"""Events of a history from which on a quiet moment is brought about; the server ends what has 51,200."""

_ASK_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=0.2), maximum_interval=timedelta(seconds=5))
_ONCE = RetryPolicy(maximum_attempts=1)


@workflow.defn(name=WORKFLOW)
class RunWorkflow:
    """One run, until nothing goes by itself."""

    def __init__(self) -> None:
        """Know nothing, and look at once."""
        self.verdicts: list[dict[str, Any]] = []
        self.running: dict[str, asyncio.Task[None]] = {}
        self.stopping: set[str] = set()
        self.asked = False
        self.untold = False

    @workflow.signal(name=LOOK)
    def look(self) -> None:
        """Hear that the home has something to say."""
        self.asked = True

    @workflow.run
    async def run(self, fresh: bool) -> None:
        """Take turns with the home until all is over; ``fresh``: nothing ran before."""
        while True:
            orders = await self.turn(fresh, self.history_over(HARD_LIMIT))
            fresh = False
            for name in orders.stop:
                if name in self.running and name not in self.stopping:
                    self.stopping.add(name)
                    self.running[name].cancel()
            for order in orders.start:
                if order.name not in self.running:
                    self.running[order.name] = asyncio.create_task(self.see_through(order, orders.heartbeat))
            if orders.over:
                return
            if not self.running and not self.verdicts and self.history_over(SOFT_LIMIT):
                workflow.continue_as_new(False)
            await workflow.wait_condition(lambda: self.untold or self.asked)

    async def turn(self, fresh: bool, full: bool) -> Orders:
        """Tell the home what is known, and learn what to do; when it does not answer, the next home is asked."""
        self.asked = self.untold = False
        verdicts, self.verdicts = self.verdicts, []
        orders: dict[str, Any] = await workflow.execute_local_activity(
            TURN,
            Turn(verdicts, list(self.running), fresh, full, workflow.time()),
            result_type=dict,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=_ASK_AGAIN,
        )
        found = Orders.from_json(orders)
        self.verdicts = [verdict for verdict in verdicts if _name(verdict) in found.held] + self.verdicts
        return found

    def history_over(self, events: int) -> bool:
        """Whether the history is longer than so many events, or takes as much room as such a one usually does."""
        info = workflow.info()
        return info.get_current_history_length() > events or info.get_current_history_size() > events * 1000

    async def see_through(self, order: Order, heartbeat: float) -> None:
        """Have a worker of the tier make the attempt, and keep its verdict for the next turn."""
        try:
            verdict: dict[str, Any] = await workflow.execute_activity(
                ATTEMPT,
                order,
                task_queue=order.queue,
                result_type=dict,
                start_to_close_timeout=timedelta(seconds=order.patience),
                heartbeat_timeout=timedelta(seconds=heartbeat),
                retry_policy=_ONCE,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                activity_id=order.name,
            )
        except (ActivityError, asyncio.CancelledError) as error:
            verdict = to_verdict(_verdict_on(error, order, heartbeat))
        self.verdicts.append(verdict)
        self.untold = True
        self.stopping.discard(order.name)
        del self.running[order.name]


def _name(verdict: dict[str, Any]) -> str:
    """The name of the attempt that a verdict is on."""
    return attempt_name(verdict["task"], verdict.get("attempt_no", 0))


def _verdict_on(error: BaseException, order: Order, heartbeat: float) -> Lose | Overrun:
    """What became of an attempt whose worker did not say it."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, TimeoutError) and cause.type is TimeoutType.HEARTBEAT:
        return Lose(0.0, order.task, order.attempt_no, f"its worker was silent for {heartbeat:g}s")
    if isinstance(cause, TimeoutError) and order.limit is not None:
        return Overrun(0.0, order.task, order.attempt_no, order.limit)
    if isinstance(cause, CancelledError | asyncio.CancelledError):
        return Lose(0.0, order.task, order.attempt_no, "it was stopped")
    reason = cause.message if isinstance(cause, ApplicationError) else str(cause)
    return Lose(0.0, order.task, order.attempt_no, f"its worker failed: {reason}")
