"""Who serves the task queues of a server, and what waits in them."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHandle

from milepost.adapters.temporal_clocks import clock_ahead, seen, server_time
from milepost.adapters.temporal_messages import WORKFLOW
from milepost.app.workers import WorkerLine, worker_line

PATIENCE = 10.0
"""Seconds that an attempt may wait for a worker before somebody hears of it."""

_FRESH = 75.0
"""Seconds after its last sign of life at which a poller is taken for gone: a poll lasts a minute."""
_ANSWER = timedelta(seconds=5)


async def pollers(client: Client, queue: str, ahead: float = 0.0) -> list[PollerInfo]:
    """Who asked a queue for attempts lately; this machine's clock is ``ahead`` of the server's by some seconds.

    Raises:
        RPCError: the server does not answer.
    """
    now = time.time() - ahead
    return [poller for poller in await seen(client, queue) if now - poller.last_access_time.seconds < _FRESH]


async def in_hand(handle: WorkflowHandle[Any, Any]) -> list[PendingActivityInfo]:
    """What the server knows of the attempts of a run that have not ended.

    Raises:
        RPCError: the server does not answer, or knows no such workflow.
    """
    description = await handle.describe(rpc_timeout=_ANSWER)
    return list(description.raw_description.pending_activities)


async def unserved(
    client: Client, activities: Iterable[PendingActivityInfo], attempts: Mapping[str, tuple[int, str]], ahead: float
) -> dict[int, str]:
    """The tiers whose attempts have waited for longer than is usual, each with a word on why.

    ``attempts`` are tier and queue of each attempt, by its name; ``ahead`` is as with :func:`pollers`.

    Raises:
        RPCError: the server does not answer.
    """
    late: Counter[tuple[int, str]] = Counter()
    now = time.time() - ahead
    for pending in activities:
        waits = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        if waits and pending.activity_id in attempts and now - pending.scheduled_time.seconds > PATIENCE:
            late[attempts[pending.activity_id]] += 1
    return {tier: await _why(client, queue, tier, count, ahead) for (tier, queue), count in late.items()}


def told(activities: Iterable[PendingActivityInfo]) -> dict[str, dict[str, Any]]:
    """What workers said last of the attempts that they have in hand, by name; ``worker`` is who said it."""
    found = {}
    for pending in activities:
        for payload in pending.heartbeat_details.payloads:
            with contextlib.suppress(ValueError, TypeError):
                found[pending.activity_id] = {**json.loads(payload.data), "worker": pending.last_worker_identity}
    return found


async def _why(client: Client, queue: str, tier: int, count: int, ahead: float) -> str:
    tasks = "1 task waits" if count == 1 else f"{count} tasks wait"
    if await pollers(client, queue, ahead):
        return f"{tasks} for a worker of tier {tier}: those that serve it are busy or gone"
    return f"{tasks} for a worker of tier {tier}: nobody serves its queue {queue}; `milepost worker --tier {tier}` does"


async def workers_of(client: Client, queues: Mapping[int, str], runs: str) -> list[WorkerLine]:
    """Who serves the queue of each tier, by rank, and what they are at in the runs whose workflows' names begin so.

    Raises:
        RPCError: the server does not answer.
    """
    busy = await _attempts(client, runs)
    off = clock_ahead(await server_time(client))
    return [
        worker_line(tier, poller.identity, tuple(busy.get(poller.identity, ())), poller.last_access_time.seconds + off)
        for tier, queue in queues.items()
        for poller in await pollers(client, queue, off)
    ]


async def _attempts(client: Client, runs: str) -> dict[str, list[str]]:
    """The attempts that workers are at, by the identity of the worker."""
    found: dict[str, list[str]] = {}
    query = f'WorkflowType = "{WORKFLOW}" AND ExecutionStatus = "Running"'
    async for workflow in client.list_workflows(query, rpc_timeout=_ANSWER):
        if workflow.id.startswith(runs):
            description = await client.get_workflow_handle(workflow.id).describe(rpc_timeout=_ANSWER)
            for pending in description.raw_description.pending_activities:
                if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                    run = workflow.id.removeprefix(runs)
                    found.setdefault(pending.last_worker_identity, []).append(f"{run} {pending.activity_id}")
    return found
