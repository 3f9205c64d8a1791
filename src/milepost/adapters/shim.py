"""The shim: a small process that starts commands, waits for them and records how they ended.

It outlives the supervisor that started it. While the supervisor lives, requests (one JSON object a line) come over a
socket and the folder of each ended command goes back. When the supervisor dies, the shim starts nothing new, sees
its running commands through, and leaves. A mortal one, whose supervisor nobody follows, kills them instead.

A command's folder tells its story to anybody, now or after a crash:

- ``started``: a symbolic link whose text is the identity of the shim that claimed the folder (:func:`identity`), or
  ``abandoned``. A link is created once and whole, so a folder's command is started at most once, by one shim.
- ``process``: a symbolic link whose text is the identity of the command's first process, the leader of its session.
- ``output.log``: the newest of what the command wrote, ``output.log.1`` what came before; secrets are masked, and both
  together stay within the limit. A command that writes nothing leaves neither.
- ``exit.json``: how it ended; durable, under this name or with ``.tmp`` behind it, before anybody hears of it.

This file is run by its path in a bare interpreter and imports nothing but the standard library, to start quickly.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import sys
import threading
import time
from typing import Any

STARTED = "started"
PROCESS = "process"
OUTPUT = "output.log"
OLDER_OUTPUT = "output.log.1"
EXIT = "exit.json"
UNSETTLED = ".tmp"
ABANDONED = "abandoned"
FOLDER_VARIABLE = "MILEPOST_ATTEMPT_DIR"

_RESTORED_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores them; a command must not inherit that
_RETRY_SECONDS = 1.0
_CHUNK = 1 << 16
_LARGEST_PIPE = 1 << 20
_MASK = b"***"


def identity(pid: int) -> str | None:
    """Who a process is: its number, its kernel start time and the boot, so that a reused number is told apart.

    None when there is no such process, or only its remains.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else f"{pid}:{int(fields[19])}:{_boot()}"


@functools.cache
def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def claim(folder: str, owner: str) -> bool:
    """Take a command's folder for an owner; false when somebody has taken it before."""
    try:
        os.symlink(owner, os.path.join(folder, STARTED))
    except FileExistsError:
        return False
    return True


class Output:
    """What a command writes, on its way from a pipe into a log of limited size.

    When the log fills half of ``limit`` bytes it becomes the older one, and replaces the one before. What the disk
    refuses is dropped: a command never suffers from it.
    """

    def __init__(self, source: int, folder: str, limit: int, secrets: list[str]) -> None:
        self.source = source
        self.path = os.path.join(folder, OUTPUT)
        self.older = os.path.join(folder, OLDER_OUTPUT)
        self.half = max(limit // 2, 1)
        self.log = -1
        self.sizes = [0, 0]
        self.dropped = 0
        self.ended = False
        self.mask = Mask(secrets) if secrets else None

    def receive(self) -> int:
        """Move what has arrived; gives how much, 0 at the end, -1 when nothing is there yet."""
        try:
            data = os.read(self.source, _CHUNK)
        except BlockingIOError:
            return -1
        except OSError:
            return 0
        if data and not self.ended:
            self.write(self.mask.feed(data) if self.mask else data)
        return len(data)

    def finish(self) -> bool:
        """Take in all that a command that has ended left in the pipe; whether others hold its end still."""
        received, total = 1, 0
        while received > 0 and total < _LARGEST_PIPE:
            received = self.receive()
            total += received
        if self.mask:
            self.write(self.mask.rest())
        self.ended = True
        if self.log >= 0:
            os.close(self.log)
        return received != 0

    def write(self, data: bytes) -> None:
        """Append to the log, which appears with the first byte."""
        while data:
            room = self.half - self.sizes[0]
            try:
                if room <= 0:
                    self.rotate()
                    continue
                if self.log < 0:
                    self.log = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
                written = os.write(self.log, data[:room])
            except OSError:
                self.dropped += len(data)
                return
            self.sizes[0] += written
            data = data[written:]

    def rotate(self) -> None:
        """Make the log the older one."""
        os.rename(self.path, self.older)
        self.dropped += self.sizes[1]
        self.sizes = [0, self.sizes[0]]
        os.close(self.log)
        self.log = -1


class Mask:
    """Replaces secrets in a stream, also those that arrive in pieces."""

    def __init__(self, secrets: list[str]) -> None:
        self.secrets = sorted((os.fsencode(secret) for secret in secrets), key=len, reverse=True)
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        """Give what can be shown by now; what may be the beginning of a secret is held back."""
        data = self.replace(self.held + data)
        sizes = range(len(self.secrets[0]) - 1, 0, -1)
        self.held = next((data[-size:] for size in sizes if self.begins(data, size)), b"")
        return data[: len(data) - len(self.held)]

    def rest(self) -> bytes:
        """What was held back to the end."""
        held, self.held = self.held, b""
        return held

    def begins(self, data: bytes, size: int) -> bool:
        """Whether the last bytes of some data are the first ones of a secret."""
        return len(data) >= size and any(secret.startswith(data[-size:]) for secret in self.secrets)

    def replace(self, data: bytes) -> bytes:
        """Replace whole secrets."""
        for secret in self.secrets:
            data = data.replace(secret, _MASK)
        return data


class Shim:
    """Starts and watches commands. ``channel`` is the file descriptor of the socket to the supervisor.

    ``ended`` are the commands whose exit records nobody has begun to write.
    """

    def __init__(self, channel: int, mortal: bool = False) -> None:
        self.channel = channel
        self.mortal = mortal
        self.owner = identity(os.getpid()) or ABANDONED
        self.running: dict[int, tuple[str, float, float, Output]] = {}
        self.outputs: dict[int, Output] = {}
        self.ended: dict[str, dict[str, Any]] = {}
        self.poll = select.poll()
        self.buffer = b""
        self.supervised = True
        self.telling = threading.Lock()

    def serve(self) -> None:
        """Work until the supervisor is gone and every command has ended; Python waits for the last records."""
        woken, waker = os.pipe()
        for end in (woken, waker, self.channel):
            os.set_blocking(end, end == self.channel)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)
        self.poll.register(woken, select.POLLIN)
        self.poll.register(self.channel, select.POLLIN)
        while self.supervised or self.running:
            ready = [end for end, _ in self.poll.poll()]
            for end in ready:
                if end in self.outputs and not self.outputs[end].receive():
                    self.forget(end)
            if woken in ready:
                os.read(woken, 4096)
            self.reap()
            if self.channel in ready:
                self.receive()
                if not self.supervised:
                    self.poll.unregister(self.channel)
                    if self.mortal:
                        self.kill()
            if self.ended:
                ended, self.ended = self.ended, {}
                threading.Thread(target=self.record, args=(ended,)).start()

    def kill(self) -> None:
        """Kill every running command with all that is left in its session."""
        for pid in [int(name) for name in os.listdir("/proc") if name.isdecimal()]:
            with contextlib.suppress(OSError):
                if os.getsid(pid) in self.running:
                    os.kill(pid, signal.SIGKILL)

    def forget(self, source: int) -> None:
        """Let go of a pipe that nobody writes to any more."""
        self.poll.unregister(source)
        self.outputs.pop(source).source = -1
        os.close(source)

    def receive(self) -> None:
        """Start what the supervisor asks for; notice when it is gone."""
        try:
            data = os.read(self.channel, 65536)
        except OSError:
            data = b""
        if not data:
            self.supervised = False
            return
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self.start(json.loads(line))

    def start(self, request: dict[str, Any]) -> None:
        """Start one command in a session of its own, unless its folder is taken."""
        folder = request["folder"]
        try:
            claimed = claim(folder, self.owner)
        except OSError:
            claimed = False
        if not claimed:
            self.tell({folder: None})
            return
        began = time.time(), time.monotonic()
        try:
            source, sink = os.pipe()
            try:
                os.chdir(request["cwd"])
                pid = _spawn(request["argv"], {**request["env"], FOLDER_VARIABLE: folder}, sink)
            except OSError:
                os.close(source)
                raise
            finally:
                os.close(sink)
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            self.ended[folder] = _ending(*began, error=f"{error.strerror}{place}")
        else:
            os.set_blocking(source, False)
            output = Output(source, folder, request["log_limit"], request["secrets"])
            self.outputs[source] = output
            self.poll.register(source, select.POLLIN)
            self.running[pid] = (folder, *began, output)
            _note_process(folder, pid)

    def reap(self) -> None:
        """Collect every command that has ended."""
        while self.running:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in self.running:
                folder, wall, clock, output = self.running.pop(pid)
                shared = output.finish()
                if not shared and output.source in self.outputs:
                    self.forget(output.source)
                self.ended[folder] = _ending(wall, clock, status, usage, output)

    def record(self, ended: dict[str, dict[str, Any]]) -> None:
        """Make exit records durable, at the disk's leisure, then tell the supervisor.

        Those of commands that ended together cost the disk little more than one. What it refuses (it may be full) is
        tried again.
        """
        while True:
            settled = self.settle(ended)
            for folder in settled:
                del ended[folder]
            self.tell(settled)
            if not ended:
                return
            time.sleep(_RETRY_SECONDS)

    def settle(self, ended: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
        """Write exit records; gives those that are durable, and None for those that nobody will ask for."""
        written: dict[str, int] = {}
        settled: dict[str, dict[str, Any] | None] = {}
        for folder, ending in ended.items():
            with contextlib.suppress(OSError):
                try:
                    written[folder] = _write(folder, ending)
                except FileNotFoundError:
                    settled[folder] = None  # somebody removed the folder: nobody will ask for it
        for folder, descriptor in written.items():
            with contextlib.suppress(OSError):
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                target = os.path.join(folder, EXIT)
                os.rename(target + UNSETTLED, target)
                settled[folder] = ended[folder]
        return settled

    def tell(self, news: dict[str, Any]) -> None:
        """Say that there is news in folders: how a command ended, or None for whoever looks there to find out."""
        if news and self.supervised:
            try:
                with self.telling:
                    _write_all(self.channel, b"".join(json.dumps(item).encode() + b"\n" for item in news.items()))
            except OSError:
                self.supervised = False


def _spawn(argv: list[str], env: dict[str, str], output: int) -> int:
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 1),
        (os.POSIX_SPAWN_DUP2, output, 2),
    ]
    return os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True, setsigdef=_RESTORED_SIGNALS)


def _note_process(folder: str, pid: int) -> None:
    """Keep the command's process number for those who may have to end it; no command fails for want of it."""
    with contextlib.suppress(OSError):
        os.symlink(identity(pid) or f"{pid}:gone", os.path.join(folder, PROCESS))


def _ending(
    wall: float,
    clock: float,
    status: int | None = None,
    usage: Any = None,
    output: Output | None = None,
    error: str = "",
) -> dict[str, Any]:
    code = None if status is None else os.waitstatus_to_exitcode(status)
    return {
        "exit_code": code if code is not None and code >= 0 else None,
        "signal": -code if code is not None and code < 0 else None,
        "error": error,
        "started_at": wall,
        "finished_at": time.time(),
        "seconds": round(time.monotonic() - clock, 6),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 6) if usage else 0.0,
        "max_rss_kib": usage.ru_maxrss if usage else 0,
        "dropped_bytes": output.dropped if output else 0,
        "kept_bytes": sum(output.sizes) if output else 0,
    }


def _write(folder: str, ending: dict[str, Any]) -> int:
    """Write an exit record beside its place; gives the file, still open, for it is not durable yet."""
    path = os.path.join(folder, EXIT + UNSETTLED)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        _write_all(descriptor, json.dumps(ending).encode())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    channel = int(sys.argv[1])
    os.set_inheritable(channel, False)
    Shim(channel, "mortal" in sys.argv).serve()
