"""Commands run by the shim, as the supervisor sees them.

A command's folder says what became of it (see :mod:`milepost.adapters.shim`), so :meth:`CommandRunner.run` gives the
same answer whether this supervisor started the command, another one did, or it ended long ago.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from milepost.adapters import shim
from milepost.adapters.processes import Standing, kill, standing
from milepost.errors import WorkerUnavailable

LOG_LIMIT = 100_000_000
"""How much of a command's output is kept when nobody says otherwise, in bytes."""

_WATCH_SECONDS = 0.1
_SHIM_TRIES = 3


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A command for the shell: ``folder`` is where its story is kept, ``env`` its whole environment.

    Of its output the last ``log_limit`` bytes are kept, with every text in ``secrets`` masked.
    """

    folder: Path
    text: str
    cwd: Path
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    log_limit: int = LOG_LIMIT
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: with an exit code, by a signal, or (``error``) because it could not be started.

    Times are seconds, ``started_at`` and ``finished_at`` since 1970; ``max_rss_kib`` is its peak memory in KiB;
    ``dropped_bytes`` of its output were not kept.
    """

    exit_code: int | None
    signal: int | None
    error: str
    started_at: float
    finished_at: float
    seconds: float
    cpu_seconds: float
    max_rss_kib: int
    dropped_bytes: int = 0

    @property
    def ok(self) -> bool:
        """Whether the command succeeded."""
        return self.exit_code == 0

    def __str__(self) -> str:
        """Say in words how it ended."""
        if self.error:
            return f"could not be started: {self.error}"
        if self.signal is not None:
            return f"was killed by {_signal_name(self.signal)}"
        known = {126: " (it is not executable)", 127: " (command not found)"}
        return f"ended with exit code {self.exit_code}{known.get(self.exit_code or 0, '')}"


class CommandLost(Exception):
    """A command's shim vanished, or its folder was abandoned: nobody knows how it ended, and it will not start."""


def ending(folder: Path) -> Ending:
    """Read a command's exit record."""
    return Ending(**json.loads((folder / shim.EXIT).read_bytes()))


class CommandRunner:
    """Runs shell commands through one shim, which it starts when first needed.

    Use it as an asynchronous context manager. Leaving it ends no command: the shim sees them through.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._starting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Nothing to do yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the shim."""
        if self._writer is not None:
            self._writer.close()
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        if self._process is not None:
            self._process.returncode = 0  # it may outlive us on purpose: keep Popen from complaining

    async def run(self, command: ShellCommand) -> Ending:
        """Start a command unless it was started before, and wait for its end.

        Raises:
            CommandLost: nobody will ever know how it ended; what was left of it is dead.
            WorkerUnavailable: the shim cannot be started.
        """
        asked = 0
        while True:
            match standing(command.folder):
                case Standing.ENDED:
                    return ending(command.folder)
                case Standing.ABANDONED:
                    raise CommandLost("it was abandoned before it started")
                case Standing.DEAD:
                    await kill([command.folder])
                    raise CommandLost("its shim vanished")
                case Standing.RUNNING:
                    await asyncio.sleep(_WATCH_SECONDS)
                case Standing.UNCLAIMED:
                    if asked == _SHIM_TRIES:
                        raise WorkerUnavailable("the shim cannot start commands", place=str(command.folder))
                    asked += 1
                    await self._request(command)

    async def _request(self, command: ShellCommand) -> None:
        """Have the shim start a command, and wait for news of it or the death of the shim."""
        try:
            command.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkerUnavailable(f"its folder cannot be made: {error.strerror}", place=str(command.folder)) from None
        folder = str(command.folder)
        news = self._waiting[folder] = asyncio.get_running_loop().create_future()
        request = {
            "folder": folder,
            "argv": ["/bin/sh", "-c", command.text],
            "cwd": str(command.cwd),
            "env": dict(command.env),
            "log_limit": command.log_limit,
            "secrets": command.secrets,
        }
        try:
            writer = await self._channel()
            writer.write(json.dumps(request).encode() + b"\n")
            await news
        finally:
            self._waiting.pop(folder, None)

    async def _channel(self) -> asyncio.StreamWriter:
        async with self._starting:
            return self._writer or await self._start()

    async def _start(self) -> asyncio.StreamWriter:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", shim.__file__, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerUnavailable(f"the shim cannot be started: {error.strerror}") from None
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._listener = asyncio.create_task(self._listen(reader, self._writer, self._process))
        return self._writer

    async def _listen(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: subprocess.Popen[bytes]
    ) -> None:
        """Pass on the shim's news; when it dies, let every waiting command look at its folder."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                news = self._waiting.get(json.loads(line))
                if news is not None and not news.done():
                    news.set_result(None)
        writer.close()
        process.wait()
        self._writer = None
        for news in self._waiting.values():
            if not news.done():
                news.set_result(None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
