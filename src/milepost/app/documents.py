"""Plan files on disk: found, read, and replaced atomically."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from milepost.app.folders import task_files
from milepost.errors import DocumentChanged, DocumentUnwritable, PlanUnreadable
from milepost.source import JoinedText, SourceText
from milepost.source.titles import names_a_kind

MAX_BYTES = 32 * 1024 * 1024
SETTINGS = "milepost.toml"
PYPROJECT = "pyproject.toml"
_PROJECT_MARKS = (SETTINGS, ".milepost", ".git")
_PLAN_FOLDERS = frozenset({"specs", ".kiro", ".agent-os", ".spec-workflow", ".specify", ".taskmaster", "openspec"})
_LEFT_FOR = 60.0
"""Seconds after which a file that is being written, and that nobody holds, was left."""
_DIALECTS = re.compile(rb"\bdialects\b")
_OWN_SECTION = re.compile(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*milepost\b", re.MULTILINE)


def read_document(path: str) -> SourceText:
    """Read a text document, or a folder of tasks as the text of all its files.

    It is to be read in the dialect that the settings state for it, if they do.

    Raises:
        PlanUnreadable: it is missing, another folder, empty, binary, too large, or may not be read.
        SettingsInvalid: the settings state dialects, and cannot be read.
    """
    return _as_stated(_read(path))


def _read(path: str) -> SourceText:
    if os.path.isdir(path) and (files := task_files(path)):
        return JoinedText([_read(file) for file in files], path=path)
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PlanUnreadable(
            "there is no such file",
            place=path,
            remedy="check the path; `milepost init NAME` starts a new plan",
        ) from None
    except IsADirectoryError:
        raise PlanUnreadable(
            "this is a folder, not a plan",
            place=path,
            remedy=f"name the file in it, such as {path.rstrip('/')}/tasks.md",
        ) from None
    except OSError as error:
        raise PlanUnreadable(f"it cannot be read: {error.strerror}", place=path) from None
    return _text_of(raw, path)


def _as_stated(source: SourceText) -> SourceText:
    """The document, to be read in the dialect that the settings state for its path, if they do."""
    root = project_root(source.path)
    if not any(_mentions(root / name, _DIALECTS) for name in (SETTINGS, PYPROJECT)):
        return source
    from milepost.app.settings import load_settings  # which needs this module

    dialect = load_settings(source.path).dialect_of(source.path)
    return source.spelt(dialect) if dialect else source


def document_of(raw: bytes, path: str) -> SourceText:
    """Take bytes as the text document of a path.

    Raises:
        PlanUnreadable: they are none, too many, or no text.
    """
    return _as_stated(_text_of(raw, path))


def _text_of(raw: bytes, path: str) -> SourceText:
    if len(raw) > MAX_BYTES:
        raise PlanUnreadable(
            f"it is larger than {MAX_BYTES // 2**20} MB, which no plan is",
            place=path,
            remedy="split it into several plans",
        )
    if b"\x00" in raw:
        raise PlanUnreadable(
            "it is a binary file",
            place=path,
            remedy="name a Markdown file; UTF-16 text must be saved as UTF-8",
        )
    if not raw.strip():
        raise PlanUnreadable("it is empty", place=path, remedy="`milepost init NAME` writes a plan to start from")
    return SourceText.from_bytes(raw, path=path)


def update_document(
    path: str,
    change: Callable[[SourceText], SourceText],
    *,
    settled: Callable[[], None] = lambda: None,
    attempts: int = 100,
) -> SourceText:
    """Read, change and write a document while no other Milepost process does, and give what it reads now.

    A reader sees the old bytes or the new ones, never a mixture. When another program writes meanwhile, all is done
    again on its text; ``change`` may be called several times. Once the document reads as wanted, ``settled`` is called
    before any other process may change it.

    Raises:
        PlanUnreadable: it cannot be read.
        DocumentUnwritable: the folder or the file does not let itself be written; nothing was changed.
        DocumentChanged: another program kept writing.
    """
    target = Path(os.path.realpath(path))
    with _document_lock(target):
        for _ in range(attempts):
            old = read_document(path)
            new = change(old)
            if new.text == old.text or _replace_if_unchanged(target, old, new):
                settled()
                return new
    raise DocumentChanged("another program keeps writing to it", place=path, remedy="try again when it has ended")


def _replace_if_unchanged(target: Path, old: SourceText, new: SourceText) -> bool:
    """Write a document, or those of a folder that differ, each in one step; False when somebody else wrote first."""
    changes = [(target, old, new)]
    if isinstance(old, JoinedText) and isinstance(new, JoinedText):
        parts = zip(old.parts, new.parts, strict=True)
        changes = [(Path(os.path.realpath(a.path)), a, b) for a, b in parts if a.text != b.text]
    if any(_read_bytes(file) != before.to_bytes() for file, before, _ in changes):
        return False
    for file, before, after in changes:
        replace_file(file, after.to_bytes(), shown=before.path or str(file))
    return True


def project_root(path: str) -> Path:
    """The folder a plan belongs to: the nearest one above it with settings, a ledger or a repository.

    Where nothing marks one it is the folder in which `specs`, `.kiro` and the like hold the plan's folder, else that.
    """
    folder = Path(os.path.realpath(path)).parent
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in _PROJECT_MARKS) or states_settings(candidate / PYPROJECT):
            return candidate
    return _above_plan_folders(folder)


def _above_plan_folders(folder: Path) -> Path:
    within = next((above for above in folder.parents if above.name in _PLAN_FOLDERS), None)
    if within is None:
        return folder
    while within.parent.name in _PLAN_FOLDERS:
        within = within.parent
    return within.parent


def states_settings(pyproject: Path) -> bool:
    """Whether a ``pyproject.toml`` exists and speaks of Milepost."""
    return _mentions(pyproject, _OWN_SECTION)


def _mentions(file: Path, pattern: re.Pattern[bytes]) -> bool:
    try:
        return pattern.search(file.read_bytes()) is not None
    except OSError:
        return False


def name_of(path: str, title: str) -> str:
    """What to call a plan: by its title, or by its folder where that says only that it is a plan."""
    folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
    return folder if folder and names_a_kind(title) else title


def plan_identity(path: str) -> str:
    """How the ledger names a plan: its path below the project root, with forward slashes."""
    return Path(os.path.realpath(path)).relative_to(project_root(path)).as_posix()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentChanged(f"it can no longer be read: {error.strerror}", place=str(path)) from None


@contextlib.contextmanager
def _document_lock(target: Path) -> Iterator[None]:
    """Hold the folder's advisory lock, so that compare and replace are one step among Milepost processes."""
    import fcntl

    try:
        descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise DocumentUnwritable(f"its folder cannot be opened: {error.strerror}", place=str(target)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_file(target: Path, raw: bytes, *, shown: str) -> None:
    """Write beside the target, make it durable, rename over it.

    Raises:
        DocumentUnwritable: that is not possible; nothing was changed.
    """
    temporary = ""
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o644
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is read-only")
        descriptor, temporary = new_file_beside(target)
        with os.fdopen(descriptor, "wb") as file:
            _sweep(target, os.fstat(descriptor).st_mtime)
            file.write(raw)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise DocumentUnwritable(
            f"it cannot be written: {error.strerror}",
            place=shown,
            remedy="make the file and its folder writable; nothing was changed",
        ) from None


def new_file_beside(target: Path) -> tuple[int, str]:
    """Create a file in the folder of another, for its owner alone; gives its descriptor and its path.

    As long as somebody is at it, it is locked.
    """
    import fcntl

    path = str(target.parent / f".{target.name}.{os.urandom(6).hex()}.tmp")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor, path


def _sweep(target: Path, now: float) -> None:
    """Delete what those left beside a file who were killed while they wrote it: it is old, and nobody's any more.

    ``now`` in seconds since 1970, by the clock of the file system.
    """
    import fcntl

    ours = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{12}}\.tmp")
    with contextlib.suppress(OSError):
        for name in [name for name in os.listdir(target.parent) if ours.fullmatch(name)]:
            path = target.parent / name
            if not stat.S_ISREG(path.lstat().st_mode) or now - path.lstat().st_mtime < _LEFT_FOR:
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # who lives holds it
                path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unified_diff(old: SourceText, new: SourceText) -> str:
    """The difference between two versions of a document, as ``diff -u`` shows it; safe to print."""
    import difflib

    if isinstance(old, JoinedText) and isinstance(new, JoinedText):
        return "".join(unified_diff(before, after) for before, after in zip(old.parts, new.parts, strict=True))
    before, after = (_shown_lines(text) for text in (old, new))
    return "".join(difflib.unified_diff(before, after, f"a/{old.path}", f"b/{new.path}"))


def _shown_lines(source: SourceText) -> list[str]:
    text = source.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    return [line.rstrip("\r\n") + "\n" for line in lines if line]
