"""What attempts write: looked at, and followed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.concurrency import run_in_threadpool

from milepost.adapters.agent_transcripts import READ, Transcript
from milepost.adapters.run_folder import logs
from milepost.errors import Refused, TransportRefused, TransportUnavailable, UnknownName
from milepost.execution.lookup import find_task
from milepost.execution.records import Attempt, TaskRecord
from milepost.web.plan_view import PlanView

LOOK_SECONDS = 0.2
_CHUNK = 1 << 16


class AttemptLog(NamedTuple):
    """An attempt of the newest run, and where what it writes is kept; ``folder`` is what that may not lead out of.

    ``agent`` is the coding agent of its tier, if any.
    """

    record: TaskRecord
    attempt: Attempt
    path: Path
    folder: Path
    agent: str = ""

    def files(self) -> list[Path]:
        """The files there are, the older one first; links that lead elsewhere are none."""
        return [path for path in logs(self.path) if path.resolve().is_relative_to(self.folder)]

    def over(self, view: PlanView) -> bool:
        """Whether the attempt has ended."""
        state = view.recorded
        record = state.tasks.get(self.record.spec.id) if state else None
        return record is None or record.current is None or record.current.no != self.attempt.no


def log_of(view: PlanView, task: str, attempt_no: int | None) -> AttemptLog:
    """The log of an attempt at a task, of the last one unless a number is given.

    Raises:
        UnknownName: there is no such task or attempt.
        Refused: it has not been attempted.
    """
    state = view.recorded
    if state is None:
        raise Refused("the plan has not been run yet", remedy="start a run")
    record = find_task(state, task)
    if not record.attempts:
        raise Refused(f"task {task} has not been attempted")
    found = next((each for each in record.attempts if attempt_no in (None, each.no)), None)
    if attempt_no is None:
        found = record.attempts[-1]
    if found is None:
        raise UnknownName(f"task {task} has no attempt {attempt_no}", remedy=f"its last is {record.attempts[-1].no}")
    root = Path(os.path.realpath(view.project.settings.root))
    with contextlib.suppress(TransportRefused, TransportUnavailable):
        view.project.bring_log(state.run, task, found)
    tier = view.project.settings.tiers.get(found.tier)
    path = view.project.attempt_log(state.run, task, found.no)
    return AttemptLog(record, found, path, root / ".milepost", tier.agent if tier else "")


def last_part(log: AttemptLog, most: int) -> tuple[bytes, int]:
    """The last bytes of a log, and how many it has in all."""
    files = log.files()
    sizes = [file.stat().st_size for file in files]
    found = b""
    for file in reversed(files):
        with file.open("rb") as opened:
            opened.seek(max(0, os.fstat(opened.fileno()).st_size - (most - len(found))))
            found = opened.read(most - len(found)) + found
        if len(found) >= most:
            break
    return found, sum(sizes)


async def follow(
    log: AttemptLog, over: Callable[[], bool], stopping: asyncio.Event, last: str = "", *, readable: bool = False
) -> AsyncIterator[bytes]:
    """Server-sent events (type ``log``, data ``{"text"}``) of what an attempt writes, then one of type ``end``.

    The id of an event says in which file and where it ends (``inode.offset``): who comes back with it as ``last``
    misses nothing but what was thrown away meanwhile. ``readable``: what a known coding agent prints is told in words.
    """
    transcript = Transcript(log.agent) if readable and log.agent in READ else None
    reader = _Reader(log, last, whole_lines=transcript is not None)
    try:
        while not stopping.is_set():
            ended = await run_in_threadpool(over)
            found = await run_in_threadpool(reader.read, ended)
            if found is not None:
                last, piece = found
                yield _frame(last, transcript.feed(piece) if transcript else piece)
            elif ended:
                if transcript and (rest := transcript.end()):
                    yield _frame(last, rest)
                yield b"id: end\nevent: end\ndata: {}\n\n"
                return
            else:
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        reader.close()


class _Reader:
    """Reads a log from where a client left it, also when it is put aside and begun anew."""

    def __init__(self, log: AttemptLog, last: str, *, whole_lines: bool = False) -> None:
        inode, _, offset = last.partition(".")
        self._log, self._whole_lines = log, whole_lines
        self._inode, self._offset = int(inode or 0), int(offset or 0)
        self._file: BinaryIO | None = None

    def read(self, ended: bool = False) -> tuple[str, bytes] | None:
        """The next piece and the id of where it ends; None when there is none now. ``ended``: nothing more comes."""
        if self._file is None and not self._open():
            return None
        assert self._file is not None
        piece = self._lines(self._file, ended) if self._whole_lines else self._file.read(_CHUNK)
        if piece:
            self._offset += len(piece)
            return f"{self._inode}.{self._offset}", piece
        if self._next() is not None:
            self.close()
            self._inode, self._offset = self._next() or 0, 0
        return None

    def _lines(self, file: BinaryIO, ended: bool) -> bytes:
        """The next lines that have an end; what has none waits for it, as long as more can come."""
        found = b""
        while b"\n" not in found and (piece := file.read(_CHUNK)):
            found += piece
        cut = found.rfind(b"\n") + 1
        if cut == len(found) or (not cut and (ended or self._next() is not None)):
            return found
        file.seek(cut - len(found), os.SEEK_CUR)
        return found[:cut]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        files = self._log.files()
        if not files:
            return False
        path = next((file for file in files if file.stat().st_ino == self._inode), None)
        if path is None:
            path, self._offset = files[0], 0
        self._file = path.open("rb")
        self._inode = os.fstat(self._file.fileno()).st_ino
        self._file.seek(self._offset)
        return True

    def _next(self) -> int | None:
        """The inode of the file that follows the present one, if that was put aside."""
        inodes = [file.stat().st_ino for file in self._log.files()]
        if self._inode in inodes[:-1]:
            return inodes[inodes.index(self._inode) + 1]
        return inodes[0] if inodes and self._inode not in inodes else None


def _frame(place: str, piece: bytes) -> bytes:
    data = json.dumps({"text": piece.decode("utf-8", "replace")}, separators=(",", ":"))
    return f"id: {place}\nevent: log\ndata: {data}\n\n".encode()
