"""The processes behind a command's folder: whether they live, and how they are ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from milepost.adapters import shim

_PAUSE = 0.02
_PATIENCE = 10.0


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Ask no more of a child that may outlive us; should it end first, it leaves no zombie."""
    threading.Thread(target=process.wait, daemon=True).start()


class Standing(Enum):
    """Where a command stands, judged by its folder."""

    UNCLAIMED = "no shim has taken it"
    RUNNING = "its shim is alive"
    ENDED = "its exit record is there"
    DEAD = "its shim vanished without a record"
    ABANDONED = "nobody may start it"


def standing(folder: Path | str) -> Standing:
    """Judge a command by what its folder tells."""
    try:
        owner = os.readlink(f"{folder}/{shim.STARTED}")
    except OSError:
        return Standing.UNCLAIMED
    if owner == shim.ABANDONED:
        return Standing.ABANDONED
    if _has_record(folder):
        return Standing.ENDED
    if shim.identity(_pid(owner)) == owner:
        return Standing.RUNNING
    # A shim may have left its record, and then left, between the two questions.
    return Standing.ENDED if _has_record(folder) or _settled(folder) else Standing.DEAD


def _has_record(folder: Path | str) -> bool:
    return os.path.exists(f"{folder}/{shim.EXIT}")


def _settled(folder: Path | str) -> bool:
    """Put a whole exit record in its place that a shim wrote, and that its death or a loss of power kept from there."""
    path = f"{folder}/{shim.EXIT}"
    try:
        with open(path + shim.UNSETTLED, "rb") as file:
            whole = isinstance(json.loads(file.read()), dict)
        if whole:
            os.rename(path + shim.UNSETTLED, path)
    except FileNotFoundError:
        return _has_record(folder)  # somebody else has just done it, or there is none
    except (OSError, ValueError):
        return False
    return whole


def age(folder: Path) -> float:
    """For how many seconds a command has been running, however the wall clock jumped; 0 for one not started."""
    try:
        _, ticks, boot = os.readlink(folder / shim.PROCESS).split(":")
    except (OSError, ValueError):
        return 0.0
    own = shim.identity(os.getpid())
    if own is None or not own.endswith(f":{boot}"):
        return 0.0
    return max(time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK"), 0.0)


def abandon(folder: Path) -> bool:
    """See to it that no shim ever starts a command; false when one has taken it already."""
    folder.mkdir(parents=True, exist_ok=True)
    return shim.claim(str(folder), shim.ABANDONED)


async def stop(folders: Iterable[Path], grace: float) -> None:
    """End commands with everything they started: ask first, kill what is left after ``grace`` seconds.

    A command that no shim has taken is abandoned.
    """
    asked = [folder for folder in folders if not abandon(folder) and standing(folder) is not Standing.ENDED]
    clock = asyncio.get_running_loop().time
    deadline = clock() + grace
    _signal(asked, signal.SIGTERM)
    while clock() < deadline and (_groups(asked) or _any_running(asked)):
        await asyncio.sleep(_PAUSE)
    await kill(asked)


async def kill(folders: Iterable[Path]) -> None:
    """Kill commands with everything they started, and wait until the shim has recorded it."""
    folders = list(folders)
    clock = asyncio.get_running_loop().time
    deadline = clock() + _PATIENCE
    while (_signal(folders, signal.SIGKILL) or _any_running(folders)) and clock() < deadline:
        await asyncio.sleep(_PAUSE)


def _any_running(folders: Iterable[Path]) -> bool:
    """Whether a live shim still has a command in hand: about to start it, or to record its end."""
    return any(standing(folder) is Standing.RUNNING for folder in folders)


def _signal(folders: Iterable[Path], number: signal.Signals) -> bool:
    """Send a signal to the process groups of commands; false when none is left."""
    groups = _groups(folders)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    return bool(groups)


def _groups(folders: Iterable[Path]) -> set[int]:
    """Live process groups that belong to commands: in a command's session, or with its mark in the environment.

    A daemon leaves the session but keeps the mark; a program that overwrites its environment stays in the session.
    """
    marks, sessions = set(), set()
    for folder in folders:
        marks.add(f"{shim.FOLDER_VARIABLE}={folder}".encode())
        sessions |= _session(folder)
    if not marks:
        return set()
    return {group for pid, group, session in _processes() if session in sessions or _environment(pid) & marks}


def _session(folder: Path) -> set[int]:
    """The session of a command, unless its number has been given to another process since."""
    try:
        process = os.readlink(folder / shim.PROCESS)
    except OSError:
        return set()
    pid = _pid(process)
    return {pid} if shim.identity(pid) in (process, None) else set()


def _processes() -> Iterator[tuple[int, int, int]]:
    """Live processes of this machine with their groups and sessions."""
    for name in os.listdir("/proc"):
        if name.isdecimal() and shim.identity(int(name)):
            with contextlib.suppress(OSError):
                yield int(name), os.getpgid(int(name)), os.getsid(int(name))


def _environment(pid: int) -> set[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return set(file.read().split(b"\0"))
    except OSError:
        return set()


def _pid(identity: str) -> int:
    return int(identity.partition(":")[0])
