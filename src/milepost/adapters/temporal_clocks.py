"""How far this machine's clock is from a Temporal server's.

Nothing is decided by it: deadlines are counted where a command runs, moments are recorded by the home alone. But logs,
dates of files and what the server says of other machines make sense only when clocks agree.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, PollActivityTaskQueueRequest
from temporalio.client import Client

from milepost.execution.wording import duration

TOLERANCE = 60.0
"""Seconds by which clocks may differ before somebody hears of it; less may be the way of a message."""

OFF_AT_HOME = "Moments of this run are recorded by it, and leases that people take on other machines end by it."
OFF_AT_WORKER = "Dates in logs and files are off here; limits and what is recorded are not."

_ANSWER = timedelta(seconds=5)
_POLL = timedelta(seconds=5)  # a shorter one the server does not begin


def clock_ahead(server: float) -> float:
    """Seconds by which this machine's clock is ahead of a moment that the server named just now; 0 when it is near."""
    seconds = time.time() - server
    return seconds if server and abs(seconds) > TOLERANCE else 0.0


def off(seconds: float) -> str:
    """What to say of a clock that is so many seconds ahead."""
    way = "ahead of" if seconds > 0 else "behind"
    return f"this machine's clock is {duration(round(abs(seconds)))} {way} the Temporal server's: set one of them."


async def server_time(client: Client) -> float:
    """Seconds since 1970 by the server's clock: when it says that we asked a queue for work where there never is any.

    Raises:
        RPCError: the server does not answer.
    """
    queue = TaskQueue(name=f"milepost/clock/{uuid.uuid4()}")
    asking = PollActivityTaskQueueRequest(namespace=client.namespace, task_queue=queue, identity=client.identity)
    poll = asyncio.ensure_future(client.workflow_service.poll_activity_task_queue(asking, timeout=_POLL))
    try:
        while not poll.done():
            found = await seen(client, queue.name)
            if found:
                return max(poller.last_access_time.seconds for poller in found)
            await asyncio.sleep(0.05)
    finally:
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
    return time.time()  # it is too busy to say, so we take ours


async def seen(client: Client, queue: str) -> list[PollerInfo]:
    """Who asked a queue for attempts, as far as the server remembers.

    Raises:
        RPCError: the server does not answer.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=_ANSWER)
    return list(answer.pollers)
