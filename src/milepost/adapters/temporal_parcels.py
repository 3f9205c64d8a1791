"""What travels between a run's home and its workers: trees on their way out, and work on its way back.

Both take time, and the way may be barred for hours. So they are seen to beside the run: an attempt whose tree is not
packed yet is not ordered, and a verdict whose work has not been taken stays with the workflow, which shows it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from milepost.adapters.git import Git
from milepost.adapters.git_away import Route
from milepost.adapters.git_large import left_at_home
from milepost.adapters.git_workspace import GitWorkspace
from milepost.adapters.isolation import OwnBench
from milepost.adapters.temporal_messages import attempt_name, to_verdict
from milepost.errors import TransportRefused, TransportUnavailable
from milepost.execution.commands import Fail, Lose
from milepost.execution.records import Attempt, TaskRecord

Found = TypeVar("Found")
_AT_ONCE = 1.0
"""Seconds that a turn waits for what is under way."""

_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between tries while the way is barred; the last one again and again."""

_WITH_WORK = ("Complete", "Fail", "Overrun")


def signature(parcel: Mapping[str, Any], run: str, task: str, attempt_no: int, key: bytes) -> str:
    """What vouches for the work that a worker hands in, made with the key that orders are signed with."""
    signed = [run, task, attempt_no, parcel.get("commit"), parcel.get("bundle")]
    return hmac.new(key, json.dumps(signed).encode("ascii"), hashlib.sha256).hexdigest() if key else ""


async def until_it_works(try_it: Callable[[], Awaitable[Found]], hear: Callable[[str], None]) -> Found:
    """Try something again and again while the way is barred; ``hear`` is told why, and an empty text afterwards."""
    pauses = iter(_PAUSES)
    told = False
    while True:
        try:
            found = await try_it()
        except TransportUnavailable as error:
            if not told:
                hear(f"{error} ({error.place}): {error.remedy}")
            told = True
            await asyncio.sleep(next(pauses, _PAUSES[-1]))
        else:
            if told:
                hear("")
            return found


@dataclass
class Parcels:
    """The post of one run: ``workspace`` is where the work of some tiers comes together, ``route`` how commits travel.

    ``key`` is the one that orders are signed with. ``tell`` hears what people should know, ``wake`` that something has
    arrived or is packed. ``made`` says whether a verdict is on an attempt of the run.
    """

    workspace: GitWorkspace
    tiers: Collection[int]
    route: Route
    run: str
    key: bytes
    tell: Callable[[str], None]
    wake: Callable[[], None] = lambda: None
    made: Callable[[Mapping[str, Any]], bool] = lambda verdict: False
    arrivals: dict[str, asyncio.Task[dict[str, Any]]] = field(default_factory=dict)
    trunk: dict[str, Any] | None = None
    packing: asyncio.Task[None] | None = None
    outdated: bool = False
    trouble: str = ""
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    fetching: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def hear(self, trouble: str) -> None:
        """Say once that the way is barred, and once that it is free again."""
        if trouble and not self.trouble:
            self.tell(f"{trouble}; it is tried again, and what needs it waits")
        elif not trouble and self.trouble:
            self.tell("what had to wait for the way to and from workers goes on")
        self.trouble = trouble

    # Trees go out -------------------------------------------------------------------------------------------------

    def pack(self) -> None:
        """See that what is merged by now can be had by workers."""
        repository = self.workspace.repository
        self.workspace.absorb()
        base = repository.git.commit(repository.merged)
        if self.trunk is None or self.trunk["base"] != base:
            self.trunk, self.more = None, {}
            self.trunk = self._tree(repository.git, base, {})

    def left_at_home(self) -> list[str]:
        """What is not in trees that travel, for people."""
        repository = self.workspace.repository
        return left_at_home(repository.git, repository.git.commit(repository.merged))

    def _tree(self, git: Git, base: str, branches: Mapping[str, str]) -> dict[str, Any]:
        repository = self.workspace.repository
        found = self.route.publish(git, repository.name, base, branches)
        own = {"name": repository.name, "prefix": repository.prefix, "base": base, "branches": dict(branches)}
        return {**found, **own}

    def ready(self, record: TaskRecord, attempt: Attempt) -> bool:
        """Whether an attempt can be ordered: it works in place, or its tree is packed. If not, it will be."""
        if attempt.tier not in self.tiers:
            return True
        if self.trunk is None or self.packing is None or not self.packing.done():
            return False
        name = attempt_name(record.spec.id, attempt.no)
        earlier = _branches(record)
        if not earlier or self.more.get(name, {}).get("base") == self.trunk["base"]:
            return True
        if name not in self.fetching:
            self.fetching[name] = asyncio.create_task(self._pack_more(name, earlier))
        return False

    def tree(self, record: TaskRecord, attempt: Attempt) -> dict[str, Any]:
        """What an order says of its tree; nothing for an attempt that works in place."""
        if attempt.tier not in self.tiers:
            return {}
        return self.more.get(attempt_name(record.spec.id, attempt.no)) or self.trunk or {}

    async def _pack_more(self, name: str, earlier: Mapping[str, str]) -> None:
        """Pack a tree together with what earlier attempts at its task left."""

        def pack() -> dict[str, Any]:
            git = self.workspace.repository.git
            known = {branch: tip for branch in earlier if (tip := git.commit(f"refs/heads/{branch}"))}
            trunk = self.trunk
            return self._tree(git, trunk["base"], known) if trunk else {}

        try:
            found = await until_it_works(lambda: asyncio.to_thread(pack), self.hear)
            if found:
                self.more[name] = found
        finally:
            del self.fetching[name]
            self.wake()

    # Work comes back ----------------------------------------------------------------------------------------------

    async def turn(
        self, verdicts: Collection[Mapping[str, Any]], held: Mapping[str, tuple[TaskRecord, Attempt]]
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """See to the work that came with verdicts, above all on attempts that hold their tasks, and to new trees.

        Gives the verdicts that can be recorded, and the names of those to be shown again.
        """
        arriving = []
        for verdict in verdicts:
            name = _name(verdict)
            if name in self.arrivals:
                arriving.append(self.arrivals[name])
            elif name in held and held[name][1].tier in self.tiers and verdict["kind"] in _WITH_WORK:
                arriving.append(asyncio.create_task(self._arrive(dict(verdict), *held[name])))
            elif verdict.get("parcel") and self.made(verdict):
                arriving.append(asyncio.create_task(self._take_rest(dict(verdict))))
            else:
                continue
            self.arrivals[name] = arriving[-1]
        if arriving:
            await asyncio.wait(arriving, timeout=_AT_ONCE)
        recorded, waiting = [], []
        for verdict in verdicts:
            arrival = self.arrivals.get(_name(verdict))
            if arrival is None:
                recorded.append(dict(verdict))
            elif arrival.done():
                del self.arrivals[_name(verdict)]
                recorded.append(arrival.result())
            else:
                waiting.append(_name(verdict))
        await self._refresh()
        return recorded, waiting

    @property
    def arrived(self) -> bool:
        """Whether a verdict that is to be shown again could be recorded now."""
        return any(task.done() for task in self.arrivals.values())

    async def _refresh(self) -> None:
        """Pack what is merged by now; what takes longer goes on beside the run."""
        self.outdated = True
        if self.packing is None or self.packing.done():
            self.packing = asyncio.create_task(self._pack())
        await asyncio.wait([self.packing], timeout=_AT_ONCE)
        if self.packing.done():
            self.packing.result()

    async def _pack(self) -> None:
        try:
            while self.outdated:
                self.outdated = False
                await until_it_works(lambda: asyncio.to_thread(self.pack), self.hear)
        finally:
            self.wake()

    async def _arrive(self, verdict: dict[str, Any], record: TaskRecord, attempt: Attempt) -> dict[str, Any]:
        """Take what an attempt left, and merge it if it passed; gives the verdict as it is to be recorded."""
        parcel = verdict.pop("parcel", None)
        task, number, evidence = record.spec.id, attempt.no, dict(verdict["evidence"])

        def failed(kind: type[Fail] | type[Lose], reason: str, **more: Any) -> dict[str, Any]:
            kept: dict[str, Any] = {"evidence": evidence} if kind is Fail else {}
            return to_verdict(kind(0.0, task, number, reason, **kept, **more))

        try:
            if parcel is None:
                return verdict if verdict["kind"] != "Complete" else failed(Fail, "its worker handed no work in")
            if not self._is_signed(parcel, task, number):
                return failed(Lose, "what its worker handed in is signed with another key, or not at all")
            bench = OwnBench(self.workspace, record, attempt)
            try:
                await until_it_works(lambda: asyncio.to_thread(self._collect, parcel, task, number), self.hear)
            except TransportRefused as error:
                return failed(Lose, f"what its worker handed in cannot be taken: {error}; {error.remedy}")
            complaint = await bench.keep(evidence)
            conflict = ""
            if verdict["kind"] == "Complete" and not complaint:
                conflict = await bench.merge(evidence)
            await bench.leave()
            if complaint and verdict["kind"] == "Complete":
                return failed(Fail, complaint)
            if conflict:
                return failed(Fail, conflict, escalate=True, asked=False)
            return {**verdict, "evidence": evidence}
        finally:
            self.wake()

    async def _take_rest(self, verdict: dict[str, Any]) -> dict[str, Any]:
        """Take what an attempt left that will not be merged, for people to look at; gives the verdict."""
        parcel, task, number = verdict.pop("parcel"), str(verdict["task"]), verdict["attempt_no"]
        try:
            if not self._is_signed(parcel, task, number):
                raise TransportRefused("it is signed with another key, or not at all", remedy="see to its worker")
            await until_it_works(lambda: asyncio.to_thread(self._collect, parcel, task, number), self.hear)
            await asyncio.to_thread(self.workspace.leave, task, number)
        except TransportRefused as error:
            self.tell(f"what {_name(verdict)} had written cannot be taken: {error}; {error.remedy}")
        finally:
            self.wake()
        return verdict

    def _is_signed(self, parcel: Mapping[str, Any], task: str, attempt_no: int) -> bool:
        return hmac.compare_digest(
            signature(parcel, self.run, task, attempt_no, self.key), str(parcel.get("signature", ""))
        )

    def _collect(self, parcel: Mapping[str, Any], task: str, attempt_no: int) -> None:
        name = self.workspace.repository.name
        commit = str(parcel.get("commit") or "")
        if not commit:
            raise TransportRefused("it names no commit", remedy="see to its worker")
        self.workspace.receive(
            task, attempt_no, commit, lambda git, branch: self.route.collect(git, name, branch, parcel)
        )

    async def close(self) -> None:
        """Leave the rest to the next home."""
        tasks = [*self.arrivals.values(), *self.fetching.values(), *([self.packing] if self.packing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _name(verdict: Mapping[str, Any]) -> str:
    return attempt_name(str(verdict.get("task")), verdict.get("attempt_no") or 0)


def _branches(record: TaskRecord) -> dict[str, str]:
    """The branches on which earlier attempts at a task left something, with their commits."""
    left = [attempt.evidence.get("workspace") for attempt in record.attempts if attempt.outcome]
    return {one["branch"]: one["commit"] for one in left if one and one["files"]}
