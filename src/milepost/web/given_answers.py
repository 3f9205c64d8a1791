"""Answers that were given to requests with a key, kept for a day in the user's state folder, across restarts."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from milepost.adapters.supervisors import has_died, own_name
from milepost.app.trust import state_folder
from milepost.web.problems import RequestProblem

KEPT_SECONDS = 24 * 3600.0

_CREATE = """
CREATE TABLE IF NOT EXISTS answer (
    owner TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, process TEXT NOT NULL, at REAL NOT NULL,
    status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GivenAnswers:
    """The answers given to each owner's keys. Every call opens the file anew: it may come from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Use the file of this user's state folder, or another one."""
        self._path = path or state_folder() / "serve" / "answers.db"

    def begin(self, owner: str, key: str, request: bytes) -> Kept | None:
        """Note that a request is being carried out, and give None; or give the answer that it got before.

        Raises:
            RequestProblem: 409, it is being carried out, or it is not known what became of it; 422, the key was used
                for another request; 503, the file cannot be used.
        """
        with self._open() as store:
            store.execute("DELETE FROM answer WHERE at < ?", (time.time() - KEPT_SECONDS,))
            added = store.execute(
                "INSERT OR IGNORE INTO answer (owner, key, request, process, at) VALUES (?, ?, ?, ?, ?)",
                (owner, key, request, own_name(), time.time()),
            ).rowcount
            if added:
                return None
            query = "SELECT request, process, status, headers, body FROM answer WHERE owner = ? AND key = ?"
            before, process, status, headers, body = store.execute(query, (owner, key)).fetchone()
        if before != request:
            raise RequestProblem(
                422, "this key was used for another request", code="idempotency-key-reused", remedy="choose another key"
            )
        if status is None:
            raise _unanswered(process)
        return Kept(status, json.loads(headers), body)

    def finish(self, owner: str, key: str, kept: Kept) -> None:
        """Keep the answer to a request that was begun."""
        with self._open() as store:
            store.execute(
                "UPDATE answer SET status = ?, headers = ?, body = ? WHERE owner = ? AND key = ?",
                (kept.status, json.dumps(dict(kept.headers)), kept.body, owner, key),
            )

    def forget(self, owner: str, key: str) -> None:
        """Free a key: nothing came of the request."""
        with self._open() as store:
            store.execute("DELETE FROM answer WHERE owner = ? AND key = ?", (owner, key))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            store = sqlite3.connect(self._path, timeout=10)
            try:
                os.chmod(self._path, 0o600)
                store.execute(_CREATE)
                with store:
                    yield store
            finally:
                store.close()
        except (sqlite3.Error, OSError) as error:
            raise RequestProblem(
                503,
                f"answers to keys cannot be kept: {error}",
                code="file-unavailable",
                remedy="look at the server's disk, or leave Idempotency-Key out",
                headers={"Retry-After": "2"},
            ) from None


def _unanswered(process: str) -> RequestProblem:
    if has_died(process):
        return RequestProblem(
            409,
            "the server ended while it did this, so it is not known what became of it",
            code="outcome-unknown",
            remedy="look how things stand before you send it again with another key",
        )
    return RequestProblem(
        409, "the same request is being carried out", code="in-progress", headers={"Retry-After": "1"}
    )
