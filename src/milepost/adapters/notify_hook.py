"""The command that hears of a run: started anew for each notification, one after the other, by a process of its own.

The supervisor hands every notification to that process as a line and never waits for it. It goes on when the
supervisor has ended, until all is told. What a command does wrong is written to a log and has no other consequence.

Run as a program: ``python notify_hook.py LOG SECONDS COMMAND``, notifications as JSON lines on standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO, Any

_LOG_LIMIT = 1_000_000


class NotifyHook:
    """The supervisor's end. ``env`` is all the command sees, ``cwd`` where it runs, ``log`` where its failures go."""

    def __init__(self, command: str, seconds: int, *, env: Mapping[str, str], cwd: str, log: str) -> None:
        """Start nothing yet."""
        self._argv = [sys.executable, "-I", "-S", __file__, log, str(seconds), command]
        self._env = dict(env)
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._broken = False

    def send(self, notification: Mapping[str, Any]) -> None:
        """Hand a notification on; where that is not possible, it is lost."""
        if self._broken:
            return
        try:
            if self._process is None:
                self._process = subprocess.Popen(
                    self._argv,
                    env=self._env,
                    cwd=self._cwd,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(notification).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self._broken = True

    def close(self) -> None:
        """Let go of the process, which tells the rest by itself."""
        if self._process is None:
            return
        from milepost.adapters.processes import let_go  # not where this file is run as a program of its own

        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        let_go(self._process)
        self._process = None


def main(log: str, seconds: float, command: str, lines: IO[bytes]) -> None:
    """Run the command for each line, in order, until the lines end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            waiting.put(line)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (line := waiting.get()) is not None:
        problem = _run(command, line, seconds)
        if problem:
            with contextlib.suppress(OSError):
                _write(log, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {json.loads(line)['event']}: {problem}\n")


def _run(command: str, line: bytes, seconds: float) -> str:
    """Run the command for a notification; gives what went wrong."""
    told = json.loads(line)
    env = {**os.environ, "MILEPOST_EVENT": told["event"], "MILEPOST_MESSAGE": told["message"]}
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env={name: value.replace("\0", "") for name, value in env.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return f"it could not be started: {error.strerror}"
    try:
        _, said = process.communicate(line, timeout=seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"it ran for longer than {seconds:g}s and was killed"
    words = said.decode("utf-8", "replace").strip().splitlines()
    last = f": {words[-1][:300]}" if words else ""
    return f"it ended with exit code {process.returncode}{last}" if process.returncode else ""


def _write(log: str, text: str) -> None:
    full = os.path.exists(log) and os.path.getsize(log) > _LOG_LIMIT
    with open(log, "w" if full else "a", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.stdin.buffer)
