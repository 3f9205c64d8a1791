"""What an attempt on another machine writes, seen while it writes.

With each sign of life a worker tells of the end of the attempt's log, packed into so few characters that neither the
server nor the run's home has to mind, and the home makes a copy of the log where everything looks for it. What
is written faster than that has gaps in the copy, which say so. What a log holds has been masked by then; the copy is as
large as the log may be. A copy that turns out to be whole is the log; one that is not makes room for it, if that comes.
"""

from __future__ import annotations

import base64
import contextlib
import os
import threading
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from milepost.adapters import shim
from milepost.adapters.run_folder import RunFolder, log_digest

WINDOW = 16_384
"""Bytes of a log, from its end, that are told at most."""

PACE = 1_600
"""Characters a second that each attempt may take on its way, so that 200 workers take 320 kB."""

MOST = 4_000
"""Characters that are told at once at most, however seldom."""

COPIED = "copied"
"""The file that tells a copy from a log that was written where it lies: how many bytes it has come to."""


class LogTail:
    """The end of a log, as it is told every ``seconds``."""

    def __init__(self, log: Path, seconds: float) -> None:
        self.log = log
        self.room = round(min(MOST, PACE * seconds))
        self._older = (0, 0)
        self._newer = 0
        self._began = 0
        self._told: dict[str, Any] = {"log_bytes": 0}

    def look(self) -> dict[str, Any]:
        """How many bytes have been written (``log_bytes``), and, once there are any, the last of them (``log_tail``).

        A log that cannot be read is told of as it was.
        """
        with contextlib.suppress(OSError):
            self._look()
        return self._told

    def _look(self) -> None:
        with contextlib.ExitStack() as stack:
            files = []
            for name in (shim.OLDER_OUTPUT, shim.OUTPUT):
                with contextlib.suppress(FileNotFoundError):
                    files.append(stack.enter_context(self.log.with_name(name).open("rb")))
            found = [os.fstat(file.fileno()) for file in files]
            if not found or (len(found) == 2 and found[0].st_ino == found[1].st_ino):
                return  # put aside just now
            end = self._position(found) + found[-1].st_size
            if end == self._told["log_bytes"]:
                return
            size = min(sum(one.st_size for one in found), WINDOW)
            text = b""
            for file, one in zip(reversed(files), reversed(found), strict=True):
                file.seek(max(0, one.st_size - (size - len(text))))
                text = file.read(min(one.st_size, size - len(text))) + text
        self._told = {"log_bytes": end, "log_tail": packed(text, self.room)}

    def _position(self, found: list[os.stat_result]) -> int:
        """How many bytes were written before the newest file was begun."""
        older, newer = (found[0] if found[1:] else None), found[-1]
        aside = (older.st_ino, older.st_ctime_ns) if older else (0, 0)
        if not self._newer or aside != self._older:
            size = older.st_size if older else 0
            if older and self._newer and older.st_ino != self._newer:
                self._began = self._told["log_bytes"] + 1  # at least: more was put aside than is there
            self._began += size
        self._older, self._newer = aside, newer.st_ino
        return self._began


def packed(text: bytes, room: int) -> str:
    """As much of the end of a text as goes into so many characters, which hold nothing but ASCII."""
    while text:
        found = base64.b64encode(zlib.compress(text)).decode("ascii")
        if len(found) <= room:
            return found
        text = text[len(text) - int(0.9 * len(text) * room / len(found)) :]
    return ""


def unpacked(found: str) -> bytes:
    """What :func:`packed` made smaller, but no more than anybody may tell.

    Raises:
        ValueError: it is nothing of the kind.
    """
    try:
        return zlib.decompressobj().decompress(base64.b64decode(found, validate=True), WINDOW)
    except zlib.error:
        raise ValueError("no end of a log") from None


class LogCopies:
    """Copies of logs that are written elsewhere, each in its attempt's folder and of at most ``limit`` bytes.

    A disk that takes nothing leaves them as they are.
    """

    def __init__(self, files: RunFolder, limit: int) -> None:
        self.files = files
        self.half = max(limit // 2, 1)
        self._one_at_a_time = threading.Lock()

    def hear(self, verdicts: Iterable[Mapping[str, Any]]) -> None:
        """Take the ends of logs that come with verdicts on attempts of the run."""
        for verdict in verdicts:
            if "log" in verdict:
                self.take(verdict["task"], verdict["attempt_no"], verdict["log"])
                self.settle(verdict["task"], verdict["attempt_no"], verdict.get("evidence", {}).get("log_sha256", ""))

    def take(self, task: str, attempt_no: int, told: Mapping[str, Any]) -> None:
        """Add what a worker told of the end of a log; nonsense is left out, and so is a log that is written here."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError), self._one_at_a_time:
            text, end = unpacked(told["log_tail"]), int(told["log_bytes"])
            folder = self.files.attempt(task, attempt_no)
            if text and _is_copied(folder):
                self._add(folder, text, end)

    def settle(self, task: str, attempt_no: int, digest: str) -> None:
        """Know a copy for the log itself, if it has the digest that the ledger keeps."""
        mark = self.files.attempt(task, attempt_no) / COPIED
        with contextlib.suppress(OSError), self._one_at_a_time:
            if mark.exists() and log_digest(mark.with_name(shim.OUTPUT)) == digest:
                mark.unlink()

    def _add(self, folder: Path, text: bytes, end: int) -> None:
        mark = folder / COPIED
        known = int(mark.read_text())
        if end <= known:
            return
        missing = end - len(text) - known
        if missing > 0:
            text = f"\n[… {missing} bytes more than could be shown at once …]\n".encode() + _from_a_line_on(text)
        self._append(folder, text[max(0, -missing) :])
        mark.write_text(str(end))

    def _append(self, folder: Path, text: bytes) -> None:
        """Put a text where the command would have put it."""
        log = folder / shim.OUTPUT
        while text:
            with log.open("ab") as file:
                room = self.half - file.tell()
                file.write(text[: max(room, 0)])
            text = text[max(room, 0) :]
            if text:
                log.replace(folder / shim.OLDER_OUTPUT)


def _is_copied(folder: Path) -> bool:
    """Whether a folder is there for a copy; one that is not there at all is made."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = folder.with_name(f".new-{folder.name}")
        new.mkdir(exist_ok=True)
        (new / COPIED).write_text("0")
        new.rename(folder)
    return (folder / COPIED).exists()


def _from_a_line_on(text: bytes) -> bytes:
    """A text without the end of a line that it begins with, if it has a whole one."""
    return text[text.find(b"\n") + 1 :]


def is_copy(log: Path) -> bool:
    """Whether a log was written elsewhere, and what is here may lack parts of it."""
    return log.with_name(COPIED).exists()


def make_room(folder: Path) -> None:
    """Remove a copy from a folder, if there is one, where the log itself is to be written."""
    if (folder / COPIED).exists():
        (folder / shim.OUTPUT).unlink(missing_ok=True)
        has_come(folder)


def has_come(folder: Path) -> None:
    """Hear that the log itself has taken the place of a copy."""
    (folder / shim.OLDER_OUTPUT).unlink(missing_ok=True)
    (folder / COPIED).unlink(missing_ok=True)
