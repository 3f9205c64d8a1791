"""The MCP server. `python -m benchmarks.bench_mcp [--times N] [--agents-tasks N] [--peer COMMAND]...`.

Start (spawn to the list of tools), memory and price of the list, beside a bare server of the SDK with one tool and any
other server whose command is given (`--peer 'backlog mcp start'`). Then next_tasks and claim_task over stdin and
stdout, warm, on 1,000 and 10,000 tasks; and eight agents that work one plan to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import MILEPOST
from benchmarks.plans import Grid, plan

SETTINGS = '[tiers.3]\ndriver = "manual"\ncapacity = 100000\n'
BARE = "from mcp.server import MCPServer; server = MCPServer('bare'); server.tool()(print); server.run()"
_TICK = os.sysconf("SC_CLK_TCK")


class Talk:
    """A server as a process, spoken to in JSON lines, so that what is measured is the server and not a client."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._number = 0
        about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.ask("initialize", about)
        self._send({"method": "notifications/initialized"})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Give the result of a request."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            found = json.loads(self.process.stdout.readline())
            if found.get("id") == self._number:
                return found["result"]

    def call(self, tool: str, given: dict[str, Any]) -> Any:
        """Give what a tool answers."""
        return json.loads(self.ask("tools/call", {"name": tool, "arguments": given})["content"][0]["text"])

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def memory(self) -> tuple[float, float]:
        """Resident megabytes of the process and all below it, now; and the most the process itself ever had."""
        peak = _status(self.process.pid, "VmHWM") / 1000
        return sum(_status(pid, "VmRSS") for pid in _family(self.process.pid)) / 1000, peak

    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def close(self) -> None:
        """End the server as clients do."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def _status(pid: int, key: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(key)), 0)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def start(name: str, command: Sequence[str], cwd: Path, times: int) -> str:
    """One line on how a server starts."""
    walls, memories, peaks, cpus = [], [], [], []
    size = tools = 0
    for _ in range(times + 1):
        talk = Talk(command, cwd)
        found = talk.ask("tools/list", {})["tools"]
        walls.append(time.perf_counter() - talk.began)
        now, peak = talk.memory()
        memories.append(now)
        peaks.append(peak)
        cpus.append(talk.cpu())
        tools, size = len(found), len(json.dumps(found, separators=(",", ":")))
        talk.close()
    return (
        f"{name:<28} start {min(walls[1:]):.2f} s (median {statistics.median(walls[1:]):.2f}), CPU {min(cpus):.2f} s, "
        f"{statistics.median(memories):.0f} MB (peak {max(peaks):.0f}), {tools} tools in {size / 4:,.0f} tokens"
    )


def warm(folder: Path, tasks: int, times: int) -> list[str]:
    """Lines on calls of a server that has met the plan before."""
    path = folder / f"plan-{tasks}"
    path.mkdir()
    (path / "tasks.md").write_text(plan(Grid(tasks // 200, 200)), encoding="utf-8")
    (path / "milepost.toml").write_text(SETTINGS)
    talk = Talk([*MILEPOST, "mcp", "tasks.md"], path)
    first = time.perf_counter()
    talk.call("claim_task", {})
    first = time.perf_counter() - first
    limit = 10 if tasks <= 1000 else 25
    lines = [f"{tasks:,} tasks: the first claim_task of all {first:.2f} s"]
    given: dict[str, Any] = {}
    for tool in ("next_tasks", "claim_task"):
        cpu = talk.cpu()
        took = _timed(partial(talk.call, tool, given), times)
        cpu = (talk.cpu() - cpu) / times * 1000
        middle, late = statistics.median(took) * 1000, sorted(took)[len(took) * 95 // 100] * 1000
        lines.append(f"{tasks:,} tasks: {tool} {middle:.1f} ms, p95 {late:.1f} ms, CPU {cpu:.1f} ms (aim {limit})")
    took = _timed(lambda: talk.call("claim_task", {}), times // 3, pause=0.4)
    late = sorted(took)[len(took) * 95 // 100] * 1000
    lines.append(
        f"{tasks:,} tasks: claim_task, each after the document was written {statistics.median(took) * 1000:.1f} ms,"
        f" p95 {late:.1f} ms; memory {talk.memory()[0]:.0f} MB"
    )
    talk.close()
    return lines


def _timed(work: Callable[[], object], times: int, pause: float = 0.0) -> list[float]:
    found = []
    for _ in range(times):
        if pause:
            time.sleep(pause)
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def agents(folder: Path, tasks: int, count: int) -> str:
    """One line on agents, each with a server process of its own, that work one plan to its end."""
    path = folder / "agents"
    path.mkdir()
    (path / "tasks.md").write_text(plan(Grid(tasks // 20, 20)), encoding="utf-8")
    (path / "milepost.toml").write_text(SETTINGS)
    talks = [Talk([*MILEPOST, "mcp", "tasks.md", "--by", f"agent-{number}"], path) for number in range(count)]
    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        reported = list(pool.map(_work, talks))
    wall = time.perf_counter() - began
    cpu = sum(talk.cpu() for talk in talks)
    for talk in talks:
        talk.close()
    from milepost.bootstrap import open_project
    from milepost.execution.events import AttemptStarted, TaskCompleted

    project = open_project(str(path / "tasks.md"))
    events = project.ledger.read(project.open_run("bench").stream)
    starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
    done = {event.task: event.by for event in events if isinstance(event, TaskCompleted)}
    said = {task: f"agent-{number}" for number, mine in enumerate(reported) for task in mine}
    ticked = (path / "tasks.md").read_text().count("- [x]")
    return (
        f"{count} agents, {tasks} tasks over MCP: {wall:.1f} s ({tasks / wall:.0f} claims and completions a second, "
        f"CPU {cpu:.1f} s); double claims {sum(starts.values()) - len(starts)}, lost {tasks - len(done)}, "
        f"attributed otherwise {sum(said[task] != by for task, by in done.items())}, boxes ticked {ticked}"
    )


def _work(talk: Talk) -> list[str]:
    mine: list[str] = []
    while True:
        found = talk.call("claim_task", {})
        if "error" in found:
            if talk.call("next_tasks", {}).get("outcome") == "finished":
                return mine
            time.sleep(0.01)
            continue
        given = {"task": found["id"], "attempt_no": found["attempt_no"]}
        if "error" not in talk.call("complete_task", given):
            mine.append(found["id"])


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_mcp")
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--agents-tasks", type=int, default=200)
    parser.add_argument("--peer", action="append", default=[], help="command of another server to start beside ours")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        (folder / "small").mkdir()
        (folder / "small" / "tasks.md").write_text(plan(Grid(10, 100)), encoding="utf-8")
        print(start("milepost (aim 1.0 s, 60 MB)", [*MILEPOST, "mcp", "tasks.md"], folder / "small", 5), flush=True)
        print(start("bare SDK, one tool", [sys.executable, "-c", BARE], folder / "small", 5), flush=True)
        for peer in options.peer:
            print(start(peer[:28], shlex.split(peer), folder / "small", 3), flush=True)
        for tasks in (1000, 10_000):
            print("\n".join(warm(folder, tasks, options.times)), flush=True)
        print(agents(folder, options.agents_tasks, 8))


if __name__ == "__main__":
    main()
