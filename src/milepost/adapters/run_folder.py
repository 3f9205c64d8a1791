"""Where a run keeps its files: a folder for each command, and the lock of its supervisor."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from milepost.adapters import shim
from milepost.adapters.file_names import file_name as file_name
from milepost.adapters.subprocess_worker import Ending
from milepost.errors import Refused, WorkerUnavailable

_TAIL_BYTES = 4096
_TAIL_LINES = 20
NOTHING = hashlib.sha256().hexdigest()
"""The digest of a log in which nothing is."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run of the project at ``root``."""

    root: Path
    run: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.root / ".milepost" / "runs" / file_name(self.run)

    def attempt(self, task: str, attempt_no: int) -> Path:
        """The folder of an attempt's command; those of its verifications lie inside it."""
        return Path(f"{self.root}/.milepost/runs/{file_name(self.run)}/tasks/{file_name(task)}/{attempt_no}")

    def attempt_log(self, task: str, attempt_no: int) -> Path:
        """What an attempt wrote, as far as it has come."""
        return self.attempt(task, attempt_no) / shim.OUTPUT

    def new_criterion(self, checkpoint: str, number: int) -> Path:
        """A fresh folder for evaluating a criterion (``number`` from 0) once more."""
        parent = self.path / "checkpoints" / file_name(checkpoint) / str(number + 1)
        parent.mkdir(parents=True, exist_ok=True)
        return parent / str(sum(1 for _ in parent.iterdir()) + 1)

    def new_verification(self, task: str, attempt_no: int) -> Path:
        """A fresh folder for verifying by request what somebody did by hand."""
        parent = self.attempt(task, attempt_no) / "by-hand"
        parent.mkdir(parents=True, exist_ok=True)
        return parent / str(sum(1 for _ in parent.iterdir()) + 1)

    def criteria(self) -> list[Path]:
        """Folders of all evaluations so far."""
        return sorted(self.path.glob("checkpoints/*/*/*"))

    def evidence(self, folder: Path, command: str, ending: Ending) -> dict[str, object]:
        """What the ledger keeps of a command that ended; the log's path is relative to the project."""
        log = folder / shim.OUTPUT
        silent = ending.kept_bytes == 0
        found: dict[str, object] = {
            "command": command,
            "exit_code": ending.exit_code,
            "seconds": round(ending.seconds, 3),
            "cpu_seconds": round(ending.cpu_seconds, 3),
            "max_rss_kib": ending.max_rss_kib,
            "log": log.relative_to(self.root).as_posix(),
            "log_sha256": NOTHING if silent else log_digest(log),
        }
        if ending.dropped_bytes:
            found["log_dropped_bytes"] = ending.dropped_bytes
        if ending.signal is not None:
            found["signal"] = ending.signal
        if ending.error:
            found["error"] = ending.error
        if not ending.ok:
            found["output"] = "\n".join(last_lines(log))
        return found

    @contextlib.contextmanager
    def supervised(self, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the run's only supervisor on this machine; with ``on_wait``, tell it of another one and wait for its end.

        Raises:
            Refused: another process is, and it is not to be waited for.
            WorkerUnavailable: the folder cannot be made.
        """
        descriptor = self._open_lock()
        try:
            self._lock(descriptor, on_wait)
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self) -> int:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return os.open(self.path / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WorkerUnavailable(
                f"the run's folder cannot be made: {error.strerror}",
                place=str(self.path),
                remedy="make the project's folder writable",
            ) from None

    def _lock(self, descriptor: int, on_wait: Callable[[str], None] | None) -> None:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode() or "another process"
            if on_wait is None:
                raise Refused(
                    f"the run is driven by process {holder} already",
                    place=str(self.path),
                    remedy="watch it with `milepost status`, or end that process first",
                ) from None
            on_wait(f"the run is driven by process {holder}; waiting to take over when it ends")
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def logs(log: Path) -> list[Path]:
    """The files that hold a log, the older one first."""
    return [path for path in (log.with_name(shim.OLDER_OUTPUT), log) if path.is_file()]


def last_lines(log: Path) -> list[str]:
    """The last lines of a log that say something."""
    found: list[str] = []
    for path in reversed(logs(log)):
        found = [line for line in _tail(path).replace("\r", "\n").split("\n") if line.rstrip()] + found
        if len(found) >= _TAIL_LINES:
            break
    return [line.rstrip() for line in found[-_TAIL_LINES:]]


def _tail(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def log_digest(log: Path) -> str:
    """The SHA-256 of what was kept of a log, in hexadecimal."""
    digest = hashlib.sha256()
    for path in logs(log):
        try:
            with open(path, "rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        except OSError:
            return ""
    return digest.hexdigest()
