"""Commands run by the shim, as the supervisor sees them.

A command's folder says what became of it (see :mod:`milepost.adapters.shim`), so :meth:`CommandRunner.run` gives the
same answer whether this supervisor started the command, another one did, or it ended long ago.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from milepost.adapters import shim
from milepost.adapters.processes import Standing, kill, let_go, standing
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

    Times are seconds, ``started_at`` and ``finished_at`` since 1970; ``max_rss_kib`` is its peak memory in KiB. Of its
    output ``kept_bytes`` are in the log (None: nobody counted), ``dropped_bytes`` were not kept.
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
    kept_bytes: int | None = None

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


def make_folder(folder: Path) -> bool:
    """Make a command's folder with all above it; false when it was there before."""
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return make_folder(folder)
    except FileExistsError:
        if os.path.isdir(folder):
            return False
        raise
    return True


class CommandRunner:
    """Runs shell commands through one shim, which it starts when first needed.

    Use it as an asynchronous context manager. Leaving it ends no command: the shim sees them through. With a
    ``mortal`` shim leaving it, or dying, kills them.
    """

    def __init__(self, *, mortal: bool = False) -> None:
        self._mortal = mortal
        self._waiting: dict[str, asyncio.Future[Ending | None]] = {}
        self._starting = asyncio.Lock()
        self._channel: asyncio.WriteTransport | None = None
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        """Nothing to do yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the shim."""
        if self._process is not None:
            let_go(self._process)
            self._process = None
        if self._channel is not None:
            self._channel.abort()

    async def run(self, command: ShellCommand, *, fresh: bool = False) -> Ending:
        """Start a command unless it was started before, and wait for its end.

        A ``fresh`` one has a folder that the caller has just made: there is nothing to look for in it.

        Raises:
            CommandLost: nobody will ever know how it ended; what was left of it is dead.
            WorkerUnavailable: the shim cannot be started.
        """
        asked = 0
        while True:
            match Standing.UNCLAIMED if fresh and not asked else standing(command.folder):
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
                    ended = await self._request(command)
                    if ended is not None:
                        return ended

    async def _request(self, command: ShellCommand) -> Ending | None:
        """Have the shim start a command, and wait for its end; None when its folder has to be looked at again."""
        try:
            make_folder(command.folder)
        except OSError as error:
            raise WorkerUnavailable(f"its folder cannot be made: {error.strerror}", place=str(command.folder)) from None
        folder = str(command.folder)
        news: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()
        self._waiting[folder] = news
        request = {
            "folder": folder,
            "argv": ["/bin/sh", "-c", command.text],
            "cwd": str(command.cwd),
            "env": dict(command.env),
            "log_limit": command.log_limit,
            "secrets": command.secrets,
        }
        try:
            channel = self._channel or await self._open()
            channel.write(json.dumps(request).encode() + b"\n")
            return await news
        finally:
            self._waiting.pop(folder, None)

    async def _open(self) -> asyncio.WriteTransport:
        async with self._starting:
            return self._channel or await self._start()

    async def _start(self) -> asyncio.WriteTransport:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", shim.__file__, str(theirs.fileno()), *["mortal"][: self._mortal]],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerUnavailable(f"the shim cannot be started: {error.strerror}") from None
        loop = asyncio.get_running_loop()
        self._channel, _ = await loop.create_connection(lambda: _News(self._learn, self._bereaved), sock=ours)
        return self._channel

    def _learn(self, folder: str, ended: dict[str, Any] | None) -> None:
        """Pass on news of a command."""
        news = self._waiting.get(folder)
        if news is not None and not news.done():
            news.set_result(None if ended is None else Ending(**ended))

    def _bereaved(self) -> None:
        """The shim died, or we have let go of it: let every waiting command look at its folder."""
        self._channel = None
        if self._process is not None:
            self._process.wait()
        for folder in self._waiting:
            self._learn(folder, None)


class _News(asyncio.Protocol):
    """What the shim says: a line for each command that it has news of, and at last that it is gone."""

    def __init__(self, learn: Callable[[str, dict[str, Any] | None], None], gone: Callable[[], None]) -> None:
        self.learn = learn
        self.gone = gone
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Take in whole lines."""
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self.learn(*json.loads(line))

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will come."""
        self.gone()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
