"""The workflow of a run after a change of its code: with a patch, as it has to be made, and without one."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from milepost.adapters.temporal_messages import WORKFLOW, Orders
    from milepost.adapters.temporal_workflow import RunWorkflow


@workflow.defn(name=WORKFLOW)
class Patched(RunWorkflow):
    """It waits a moment before each turn, in histories in which it did so from then on."""

    @workflow.run
    async def run(self, fresh: bool) -> None:
        await super().run(fresh)

    async def turn(self, *told: Any) -> Orders:
        if workflow.patched("a-moment-before-each-turn"):
            await asyncio.sleep(0.01)
        return await super().turn(*told)


@workflow.defn(name=WORKFLOW)
class Unpatched(RunWorkflow):
    """It waits a moment before each turn, whatever it did before."""

    @workflow.run
    async def run(self, fresh: bool) -> None:
        await super().run(fresh)

    async def turn(self, *told: Any) -> Orders:
        await asyncio.sleep(0.01)
        return await super().turn(*told)
