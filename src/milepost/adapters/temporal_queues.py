"""Who serves the task queues of a server, and what waits in them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle

from milepost.adapters.temporal_messages import WORKFLOW
from milepost.app.workers import WorkerLine, worker_line

PATIENCE = 10.0
"""Seconds that an attempt may wait for a worker before somebody hears of it."""

_FRESH = 75.0
"""Seconds after its last sign of life at which a poller is taken for gone: a poll lasts a minute."""
_ANSWER = timedelta(seconds=5)


async def pollers(client: Client, queue: str) -> list[PollerInfo]:
    """Who asked a queue for attempts lately.

    Raises:
        RPCError: the server does not answer.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=_ANSWER)
    return [poller for poller in answer.pollers if time.time() - poller.last_access_time.seconds < _FRESH]


async def unserved(handle: WorkflowHandle[Any, Any], attempts: Mapping[str, tuple[int, str]]) -> dict[int, str]:
    """The tiers whose attempts have waited for longer than is usual, each with a word on why.

    ``attempts`` are tier and queue of each attempt, by its name.

    Raises:
        RPCError: the server does not answer, or knows no such workflow.
    """
    description = await handle.describe(rpc_timeout=_ANSWER)
    late: Counter[tuple[int, str]] = Counter()
    for pending in description.raw_description.pending_activities:
        waits = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        if waits and pending.activity_id in attempts and time.time() - pending.scheduled_time.seconds > PATIENCE:
            late[attempts[pending.activity_id]] += 1
    return {tier: await _why(handle, queue, tier, count) for (tier, queue), count in late.items()}


async def _why(handle: WorkflowHandle[Any, Any], queue: str, tier: int, count: int) -> str:
    tasks = "1 task waits" if count == 1 else f"{count} tasks wait"
    if await pollers(handle._client, queue):
        return f"{tasks} for a worker of tier {tier}: those that serve it are busy or gone"
    return f"{tasks} for a worker of tier {tier}: nobody serves its queue {queue}; `milepost worker --tier {tier}` does"


async def workers_of(client: Client, queues: Mapping[int, str], runs: str) -> list[WorkerLine]:
    """Who serves the queue of each tier, by rank, and what they are at in the runs whose workflows' names begin so.

    Raises:
        RPCError: the server does not answer.
    """
    busy = await _attempts(client, runs)
    return [
        worker_line(tier, poller.identity, tuple(busy.get(poller.identity, ())), poller.last_access_time.seconds)
        for tier, queue in queues.items()
        for poller in await pollers(client, queue)
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
