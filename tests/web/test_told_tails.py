"""Tails of a ledger that tells of news: nobody looks at it again and again."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.databases import execute

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ports import Telling
from milepost.execution.events import TaskCompleted
from milepost.web.tails import Tails

Found = TypeVar("Found")

NEVER = 3600.0
"""Seconds between looks: longer than any test may last."""


def done(task: str) -> TaskCompleted:
    return TaskCompleted(at=1.0, task=task, attempt_no=1, by="w")


@pytest.fixture
def ledger(postgres_url: str) -> PostgresLedger:
    made = PostgresLedger(postgres_url, uuid.uuid4().hex)
    made.append("a#1", 0, [done("a1")])
    made.append("b#1", 0, [done("b1"), done("b2")])
    return made


def run(talk: Coroutine[Any, Any, Found]) -> Found:
    """Run it in a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, talk).result()


async def first(pieces: AsyncIterator[bytes], count: int = 1) -> list[str]:
    """The ids of the next frames, as many at least."""
    found: list[str] = []
    while len(found) < count:
        piece = (await asyncio.wait_for(anext(pieces), 120)).decode()
        found += [line.removeprefix("id: ") for line in piece.split("\n") if line.startswith("id: ")]
    return found


@contextlib.asynccontextmanager
async def following(url: str, ledger: PostgresLedger, *streams: str) -> AsyncIterator[list[AsyncIterator[bytes]]]:
    """Follow streams until the ledger tells of all of them."""
    tails = Tails(look_seconds=NEVER)
    followed = [tails.follow("x", stream, lambda: PostgresLedger(url, ledger.project)) for stream in streams]
    try:
        yield followed
    finally:
        tails.stop()
        for pieces in followed:
            await pieces.aclose()  # type: ignore[attr-defined]
        await tails.close()


def test_a_file_does_not_tell_and_a_server_does(ledger: PostgresLedger, tmp_path: Path) -> None:
    assert isinstance(ledger, Telling)
    assert not isinstance(SqliteLedger(tmp_path / "ledger.db"), Telling)


def test_news_come_though_nobody_looks(ledger: PostgresLedger, postgres_url: str) -> None:
    async def talk() -> list[list[str]]:
        async with following(postgres_url, ledger, "a#1", "b#1") as (one, other):
            waiting = [asyncio.create_task(first(one)), asyncio.create_task(first(other, 2))]
            found = [await task for task in waiting]
            news = [asyncio.create_task(first(one)), asyncio.create_task(first(other, 2))]
            await asyncio.to_thread(ledger.append, "b#1", 2, [done("b3"), done("b4")])
            found.append(await news[1])
            await asyncio.to_thread(ledger.append, "a#1", 1, [done("a2")])
            return [*found, await news[0]]

    assert run(talk()) == [["1"], ["1", "2"], ["3", "4"], ["2"]]


def test_news_come_after_the_connections_broke(ledger: PostgresLedger, postgres_url: str) -> None:
    async def talk() -> list[list[str]]:
        async with following(postgres_url, ledger, "a#1") as (one,):
            found = [await first(one)]
            news = asyncio.create_task(first(one))
            others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            where = f"WHERE datname = '{ledger.link.connection().info.dbname}' AND pid <> pg_backend_pid()"
            await asyncio.to_thread(execute, postgres_url, f"{others} {where}")
            await asyncio.to_thread(ledger.append, "a#1", 1, [done("a2")])
            return [*found, await news]

    assert run(talk()) == [["1"], ["2"]]


def test_what_nobody_follows_any_more_is_not_listened_to(ledger: PostgresLedger, postgres_url: str) -> None:
    tails = Tails(look_seconds=0.01)

    async def talk() -> None:
        pieces = tails.follow("x", "a#1", lambda: PostgresLedger(postgres_url, ledger.project))
        await first(pieces)
        news = asyncio.create_task(first(pieces))
        await asyncio.to_thread(ledger.append, "a#1", 1, [done("a2")])
        await news
        await pieces.aclose()  # type: ignore[attr-defined]
        listeners = list(tails._listeners.values())
        await asyncio.wait_for(asyncio.gather(*listeners), 120)
        assert tails._tellers == {}
        await tails.close()

    run(talk())
