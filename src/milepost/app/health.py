"""Whether everything a project needs is there and in order."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from milepost import __version__
from milepost.app.ledgers import verify
from milepost.app.ports import BlobStore, LedgerArchive
from milepost.app.settings import Settings
from milepost.errors import MilepostError, SettingsInvalid
from milepost.lint.wording import count

_EXTRAS = {
    "schedule": (("ortools", "numpy", "numba"), "schedules searched for the shortest, large plans at full speed"),
    "server": (("fastapi", "uvicorn", "jinja2"), "plans as web pages and an HTTP API"),
    "postgres": (("psycopg", "alembic"), "a ledger that machines share"),
    "temporal": (("temporalio",), "workers on other machines"),
    "s3": (("obstore",), "files for workers on other machines in a bucket"),
    "mcp": (("mcp",), "plans for coding agents"),
    "lsp": (("pygls",), "reserved for editors, nothing uses it yet"),
    "telemetry": (("opentelemetry.sdk",), "traces and metrics of runs"),
}
"""Each extra: the modules it brings, and what it is for."""
_PROGRAM = re.compile(r"(?!-)[\w.+/-]+")
_LITTLE_SPACE = 200 * 2**20
_SKEW = 5.0


class Health(StrEnum):
    """How something is: in order, worth knowing, or in the way of working."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class Finding(NamedTuple):
    """What was looked at, how it is, and a word on it with what to do."""

    name: str
    health: Health
    text: str


def examine(
    settings: Settings,
    open_ledger: Callable[[], LedgerArchive],
    now: float,
    open_blobs: Callable[[], BlobStore] | None = None,
    ask_server: Callable[[], str] | None = None,
) -> Iterator[Finding]:
    """Look at versions, extras, ledger, Temporal server, tiers, disk and clock, one after the other.

    ``ask_server`` says how the server is that the settings name, if they do.
    """
    yield from _installation()
    yield Finding("settings", Health.GOOD, settings.path or "none: every tier has its defaults")
    own = settings.root / ".milepost"
    yield from _ledger(open_ledger, own)
    if settings.blobs is not None and open_blobs is not None:
        yield _blobs(open_blobs)
    if (settings.temporal is not None or settings.engine == "temporal") and ask_server is not None:
        yield _server(ask_server)
    yield from _tiers(settings)
    yield from _notify(settings)
    yield _git()
    yield _disk(settings.root)
    yield _clock(own if own.is_dir() else settings.root, now)


def examine_without_settings(why: SettingsInvalid) -> Iterator[Finding]:
    """Look at what needs no settings, where these cannot be read."""
    yield from _installation()
    remedy = f"; {why.remedy}" if why.remedy else ""
    yield Finding("settings", Health.BAD, f"{why.place}: {why}{remedy}; until then neither ledger nor tiers are known")
    yield _git()


def _installation() -> Iterator[Finding]:
    yield Finding("milepost", Health.GOOD, __version__)
    yield Finding("python", Health.GOOD, f"{sys.version.split()[0]} at {sys.executable}")
    yield from _extras()


def _extras() -> Iterator[Finding]:
    """Which extras are there and what each is for; whether one is needed is for those to say who ask for it."""
    for extra, (modules, purpose) in _EXTRAS.items():
        missing = not all(map(_is_there, modules))
        text = f"not installed: {purpose} (pip install 'milepost[{extra}]')" if missing else f"installed: {purpose}"
        yield Finding(f"extra {extra}", Health.GOOD, text)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # nor is the package it is in
        return False


def _ledger(open_ledger: Callable[[], LedgerArchive], own: Path) -> Iterator[Finding]:
    if own.exists() and not own.is_dir():
        yield Finding("ledger", Health.BAD, f"{own} is no folder; move it away")
        return
    try:
        ledger = open_ledger()
        if ledger.exists():
            yield _verified(ledger)
        else:
            yield Finding("ledger", Health.NOTE, f"none yet: the first run makes it, {ledger.place}")
        facts = ledger.facts() if "://" in ledger.place else {}
    except MilepostError as error:
        place = f" ({error.place})" if error.place else ""
        yield Finding("ledger", Health.BAD, f"{error}{place}; {error.remedy}")
        return
    if facts:
        said = f"{facts['server']}, answers in {facts['answer']}, schema {facts['schema']}"
        yield Finding("ledger server", Health.GOOD, said)


def _verified(ledger: LedgerArchive) -> Finding:
    found = verify(ledger)
    if found.faults:
        return Finding(
            "ledger", Health.BAD, f"{found.faults[0]} ({count(len(found.faults), 'fault')}; `milepost ledger verify`)"
        )
    if found.unknown:
        kinds = ", ".join(found.unknown)
        return Finding(
            "ledger", Health.BAD, f"a newer version wrote events ({kinds}) into {ledger.place}; update Milepost"
        )
    if "://" not in ledger.place and not _writable(ledger.place):
        remedy = "make the file and its folder writable, or work with a copy"
        return Finding("ledger", Health.BAD, f"{ledger.place} can be read, but not be written; {remedy}")
    return Finding(
        "ledger",
        Health.GOOD,
        f"{count(found.events, 'event')} in {count(found.streams, 'run')}, intact, {ledger.place}",
    )


def _writable(file: str) -> bool:
    return os.access(file, os.W_OK) and os.access(os.path.dirname(file), os.W_OK)


def _blobs(open_blobs: Callable[[], BlobStore]) -> Finding:
    """Ask the store for something that it does not have."""
    try:
        store = open_blobs()
        store.size("0" * 64)
    except MilepostError as error:
        return Finding("blob store", Health.BAD, f"{error} ({error.place}); {error.remedy}")
    return Finding("blob store", Health.GOOD, f"{store.place} answers")


def _server(ask: Callable[[], str]) -> Finding:
    try:
        return Finding("temporal server", Health.GOOD, ask())
    except MilepostError as error:
        place = f" ({error.place})" if error.place else ""
        return Finding("temporal server", Health.BAD, f"{error}{place}; {error.remedy}")


def _tiers(settings: Settings) -> Iterator[Finding]:
    for rank, tier in sorted(settings.tiers.items()):
        name = f"tier {rank}"
        words = tier.command.split()
        program = words[0] if words else ""
        if tier.driver == "command" and _PROGRAM.fullmatch(program) and not _runs(program, settings.root):
            what = "not executable" if (settings.root / program).is_file() else "not installed"
            yield Finding(name, Health.BAD, f"its command starts with `{program}`, which is {what}")
            continue
        how = f"{tier.driver}, {tier.capacity} at once"
        yield Finding(name, Health.GOOD, f"{tier.name}: {how}")


def _notify(settings: Settings) -> Iterator[Finding]:
    if settings.notify is None:
        return
    try:
        failures = (settings.root / ".milepost" / "notify.log").read_text("utf-8", "replace").splitlines()
    except OSError:
        failures = []
    if failures:
        yield Finding("notify", Health.NOTE, f"its last failure: {failures[-1]}")
    else:
        yield Finding(
            "notify", Health.GOOD, f"`{settings.notify.command}` hears of {count(len(settings.notify.events), 'event')}"
        )


def _runs(program: str, folder: Path) -> bool:
    """Whether the shell that runs commands knows a word as a program, or as one of its own."""
    if "/" in program:  # some shells say yes to whatever is there
        return os.access(folder / program, os.X_OK)
    asked = ["/bin/sh", "-c", 'command -v "$1"', "sh", program]
    try:
        return subprocess.run(asked, cwd=folder, check=False, capture_output=True).returncode == 0
    except OSError:
        return True


def _git() -> Finding:
    found = shutil.which("git")
    text = found or "not installed; merging plans and isolated workspaces need it"
    return Finding("git", Health.GOOD if found else Health.NOTE, text)


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    health = Health.GOOD if free > _LITTLE_SPACE else Health.BAD
    return Finding("disk", health, f"{free / 2**30:.1f} GiB free at {root}")


def _clock(folder: Path, now: float) -> Finding:
    """Compare our clock with the file system's, which may be another machine's."""
    probe = folder / f".clock-{os.getpid()}"
    try:
        probe.touch()
        skew = probe.stat().st_mtime - now
        probe.unlink()
    except OSError as error:
        return Finding("clock", Health.BAD, f"{folder} cannot be written: {error.strerror}")
    if abs(skew) > _SKEW:
        return Finding("clock", Health.BAD, f"the file system's clock differs by {skew:.0f} s; set the clocks right")
    return Finding("clock", Health.GOOD, "agrees with the file system")
