"""The server as clients reach it: a process over stdin and stdout, a socket, protocols old and new."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from mcp import Client, StdioServerParameters
from tests.mcp_server.served import Served

from milepost.bootstrap import open_project
from milepost.cli.main import run

COMMAND = (sys.executable, "-m", "milepost", "mcp")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "MILEPOST_WORKER"}


def _server(plan: Path, *options: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], str(plan), *options], env=_environment(), cwd=str(plan.parent)
    )


async def _work(client: Any) -> dict[str, Any]:
    """Claim a task and complete it."""
    assert len((await client.list_tools()).tools) == 14
    claimed: dict[str, Any] = json.loads((await client.call_tool("claim_task", {})).content[0].text)
    done = await client.call_tool("complete_task", {"task": claimed["id"], "attempt_no": claimed["attempt_no"]})
    assert not done.is_error
    return claimed


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
def test_over_stdin_and_stdout(plan: Path, mode: str) -> None:
    async def talk() -> dict[str, Any]:
        async with Client(_server(plan), mode=mode) as client:
            return await _work(client)

    claimed = asyncio.run(talk())
    assert claimed["worker"].startswith("mcp-")  # what the official client calls itself, and the server's process
    assert "- [x] **1.1**" in plan.read_text()
    assert open_project(str(plan)).peek_run().tasks["1.1"].by == claimed["worker"]


def test_a_name_may_be_given(plan: Path) -> None:
    async def talk() -> dict[str, Any]:
        async with Client(_server(plan, "--by", "ada")) as client:
            return await _work(client)

    assert asyncio.run(talk())["worker"] == "ada"


def _say(pipe: IO[bytes], message: dict[str, Any]) -> None:
    pipe.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    pipe.flush()


@contextlib.contextmanager
def _process(plan: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*COMMAND, str(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=plan.parent,
        env=_environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _shake_hands(process: subprocess.Popen[bytes], version: str) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    about = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "Old Client!", "version": "0"}}
    _say(process.stdin, {"id": 1, "method": "initialize", "params": about})
    found: dict[str, Any] = json.loads(process.stdout.readline())["result"]
    _say(process.stdin, {"method": "notifications/initialized"})
    return found


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_clients_of_older_protocols_are_served(plan: Path, version: str) -> None:
    with _process(plan) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert _shake_hands(process, version)["protocolVersion"] == version
        _say(process.stdin, {"id": 2, "method": "tools/call", "params": {"name": "claim_task", "arguments": {}}})
        text = json.loads(process.stdout.readline())["result"]["content"][0]["text"]
        assert json.loads(text)["worker"] == f"Old-Client-{process.pid}"
        process.stdin.close()
        assert process.wait(60) == 0
    assert "- [-] **1.1**" in plan.read_text()


def test_a_server_that_is_ended_leaves_the_document_up_to_date(plan: Path) -> None:
    with _process(plan) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        _shake_hands(process, "2025-06-18")
        _say(process.stdin, {"id": 2, "method": "tools/call", "params": {"name": "claim_task", "arguments": {}}})
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert "- [-] **1.1**" in plan.read_text()


def test_what_is_no_message_ends_nothing(plan: Path) -> None:
    with _process(plan) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        _shake_hands(process, "2025-06-18")
        process.stdin.write(b"this is no JSON\n{}\n")
        _say(process.stdin, {"id": 2, "method": "tools/call", "params": {"name": "next_tasks", "arguments": []}})
        _say(process.stdin, {"id": 3, "method": "tools/call", "params": {"name": "next_tasks"}})
        answers: dict[Any, Any] = {}
        while 3 not in answers:
            message = json.loads(process.stdout.readline())
            answers[message.get("id")] = message
        assert "error" in answers[2]
        assert not answers[3]["result"].get("isError")


@pytest.fixture
def address(plan: Path) -> Iterator[str]:
    """A server over HTTP on a port that the system chose."""
    process = subprocess.Popen(
        [*COMMAND, str(plan), "--http", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=plan.parent,
        env=_environment(),
    )
    try:
        assert process.stderr is not None
        yield process.stderr.readline().decode().split()[2]
    finally:
        process.terminate()
        process.communicate()


def test_over_http(plan: Path, address: str) -> None:
    import httpx

    async def talk(mode: str) -> dict[str, Any]:
        async with Client(address, mode=mode) as client:
            return await _work(client)

    assert asyncio.run(talk("auto"))["worker"] == "mcp"
    text = plan.read_text().replace("### **Checkpoint 1: After Task 1.1**", "### **Checkpoint 1: After Task 2.3**")
    plan.write_text(text.replace("_Verify: test -f program.txt_", "_Files: program.txt_"))
    assert asyncio.run(talk("legacy"))["id"] == "2.1"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream", "Host": "evil.example"}
    assert httpx.post(address, json=body, headers=headers).status_code == 421  # no page elsewhere may lead here
    assert httpx.post(address, content=b"x" * (17 * 2**20), headers={**headers, "Host": "127.0.0.1"}).status_code == 413


def test_mounted_behind_something_that_knows_who_calls(plan: Path) -> None:
    """As `milepost serve` mounts it: the application around it has checked a token."""
    import httpx2

    from milepost.mcp_server.callers import APPROVE, READ, WORK, Caller
    from milepost.mcp_server.http import http_app

    tokens = {"a": Caller("ada", frozenset({READ, WORK}), True), "b": Caller("chief", frozenset({READ, APPROVE}), True)}
    app = http_app(
        str(plan), guarded=True, authorize=lambda scope: tokens.get(dict(scope["headers"])[b"authorization"].decode())
    )

    async def call(token: str, tool: str, given: dict[str, Any]) -> str:
        from mcp.client.streamable_http import streamable_http_client

        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": token}
        async with (
            httpx2.AsyncClient(transport=transport, headers=headers, follow_redirects=True) as web,
            Client(streamable_http_client("http://served/", http_client=web)) as client,
        ):
            result = await client.call_tool(tool, given)
            return str(getattr(result.content[0], "text", ""))

    async def talk() -> list[str]:
        async with app.router.lifespan_context(app):
            return [
                await call("a", "claim_task", {}),
                await call("b", "complete_task", {"task": "1.1", "attempt_no": 1}),
                await call("a", "edit_plan", {"edits": []}),
                await call("a", "complete_task", {"task": "1.1", "attempt_no": 1}),
                await call("a", "checkpoint", {"action": "request_approval"}),
                await call("b", "checkpoint", {"action": "request_approval"}),
            ]

    claimed, foreign, edit, done, asked, signed = asyncio.run(talk())
    assert json.loads(claimed)["worker"] == "ada"
    assert "chief may not use complete_task: that needs the scope `work`" in foreign
    assert "ada may not use edit_plan" in edit
    assert json.loads(done)["status"] == "done"
    assert json.loads(asked)["state"] == "waits for a person"
    assert [one["status"] for one in json.loads(signed)["criteria"]] == ["pending", "passed"]
    assert "- [x] **1.1**" in plan.read_text()


def test_a_port_that_is_taken(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["mcp", str(plan), "--http", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another with --port" in capsys.readouterr().err


def test_without_the_package_the_extra_is_named(plan: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from milepost.cli.main import run; sys.exit(run(['mcp', '.']))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=plan.parent, check=False)
    assert found.returncode == 1
    assert "pip install 'milepost[mcp]'" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_place_that_is_not_there(capsys: pytest.CaptureFixture[str], ask: Served) -> None:
    assert run(["mcp", "nowhere"]) == 3
    assert "there is no such file or folder" in capsys.readouterr().err


def test_the_lean_import_is_the_sdk_and_nothing_beside_it() -> None:
    """Without the SDK's client and web clients; and the rest of it can be imported afterwards."""
    code = (
        "import sys; from milepost.mcp_server.sdk import lean_import; lean_import();"
        "assert 'mcp.server.lowlevel.server' in sys.modules;"
        "found = [n for n in ('mcp.client.client', 'mcp.server.mcpserver', 'jsonschema') if n in sys.modules];"
        "from pydantic import BaseModel; assert 'defer_build' not in BaseModel.model_config;"
        "from mcp import Client; import mcp.server; assert mcp.server.MCPServer;"
        "sys.exit(str(found) if found else 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
