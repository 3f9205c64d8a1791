"""An agent as a process of its own: `python -m tests.mcp_server.agent PLAN NAME` works until the plan is finished.

It starts an MCP server of its own, as agents' programs do, and prints the tasks that it completed, one a line.
"""

from __future__ import annotations

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def work(plan: str, name: str) -> None:
    """Claim and complete tasks until nothing is left."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "milepost", "mcp", plan, "--by", name])
    async with Client(server) as client:
        while True:
            claimed = await client.call_tool("claim_task", {})
            found = json.loads(getattr(claimed.content[0], "text", ""))
            if claimed.is_error:
                state = json.loads(getattr((await client.call_tool("next_tasks", {})).content[0], "text", ""))
                if state.get("outcome") == "finished":
                    return
                await asyncio.sleep(0.02)  # others hold what is left, or were faster: ask again a little later
                continue
            given = {"task": found["id"], "attempt_no": found["attempt_no"], "note": f"done by {name}"}
            done = await client.call_tool("complete_task", given)
            if not done.is_error:
                print(found["id"], flush=True)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2]))
