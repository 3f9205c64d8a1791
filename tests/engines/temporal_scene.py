"""A Temporal server and workers of a project, as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from milepost.adapters.temporal_connection import connect
from milepost.adapters.temporal_dev import server_command
from milepost.app.temporal_settings import TemporalSettings
from milepost.errors import EngineUnavailable

AS_IT_IS = (sys.executable, "-m", "milepost")
DEADLINE = 120.0  # generous: it only turns a hang into a failure


class Server:
    """A development server; it remembers everything in a file, so that it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        command = server_command(self.port, self.folder / "temporal.db")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise EngineUnavailable("the development server did not start")
            time.sleep(0.1)

    def answers(self) -> bool:
        with contextlib.suppress(EngineUnavailable):
            asyncio.run(connect(TemporalSettings(self.address), self.folder, "test"))
            return True
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class WorkerProcess:
    """A worker of the project in a folder; ``prefix`` is what starts it, if not this interpreter."""

    def __init__(
        self, root: Path, *args: str, env: dict[str, str] | None = None, prefix: Sequence[str] = AS_IT_IS
    ) -> None:
        self.process = subprocess.Popen(
            [*prefix, "worker", *args],
            cwd=root,
            env=env or dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, words: str) -> str:
        """Wait for a line that holds some words."""
        return read_until(self.process, words)

    def ready(self) -> WorkerProcess:
        self.until(" serves ")
        return self

    def end(self) -> int:
        """Ask it to leave, and wait until it has."""
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """The next line of a process that holds some words; one that never says them is killed."""
    assert process.stdout is not None
    lines = []
    watchdog = threading.Timer(DEADLINE, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if words in line:
                return line
    finally:
        watchdog.cancel()
    raise AssertionError(f"{words} never came: {''.join(lines)}")


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server that lives as long as the block; the test is skipped where none can be started."""
    server = None
    try:
        server = Server(folder)
        server.start()
    except EngineUnavailable as error:
        if server is not None:
            server.kill()
        pytest.skip(f"no Temporal development server: {error}")
    try:
        yield server
    finally:
        server.kill()
