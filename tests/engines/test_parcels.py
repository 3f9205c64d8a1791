"""The home's side of what workers hand in: what is taken, what is not, and when a tree can be ordered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.repository import RUN, SILENCE, Repo

from milepost.adapters.git import Git
from milepost.adapters.git_workspace import GitWorkspace
from milepost.adapters.temporal_messages import attempt_name
from milepost.adapters.temporal_parcels import Parcels, signature
from milepost.errors import TransportUnavailable
from milepost.execution.policy import TaskSpec
from milepost.execution.records import Attempt, TaskRecord

KEY = b"key"


class Courier:
    """A route for commits that are in the repository already; ``barred`` while nothing goes."""

    barred = False

    def publish(self, git: Git, run: str, base: str, branches: Mapping[str, str]) -> dict[str, Any]:
        if self.barred:
            raise TransportUnavailable("the road is flooded", place="here", remedy="wait")
        return {"said": base}

    def collect(self, git: Git, run: str, branch: str, parcel: Mapping[str, Any]) -> None:
        if self.barred:
            raise TransportUnavailable("the road is flooded", place="here", remedy="wait")

    def bring(self, git: Git, tree: Mapping[str, Any]) -> None: ...

    def hand_in(self, git: Git, run: str, branch: str, base: str) -> dict[str, Any]:
        return {}


class Home:
    """A run in a repository whose worker changed a file; what its home does about it."""

    def __init__(self, root: Path) -> None:
        self.repo = Repo(root, a="a\n", **{"plan.md": "plan\n"})
        self.repo.git("checkout", "-q", "-b", "of-a-worker")
        self.commit = self.repo.commit("work", b="b\n")
        self.meddling = self.repo.commit("meddle", **{"plan.md": "all done\n"})
        self.repo.git("checkout", "-q", "main")
        self.workspace = GitWorkspace(root, RUN, root / "plan.md")
        self.workspace.begin()
        self.route = Courier()
        self.told: list[str] = []
        self.parcels = Parcels(self.workspace, {3}, self.route, RUN, KEY, self.told.append)
        spec = TaskSpec("1.1", "Task", 3, files=("b", "plan.md"))
        self.attempt = Attempt(1, 3, "Tier 3", 0.0)
        self.record = TaskRecord(spec, 3, attempts=[self.attempt])

    def verdict(self, kind: str = "Complete", commit: str | None = None, **changes: Any) -> dict[str, Any]:
        work = {"commit": self.commit if commit is None else commit, "bundle": ""}
        parcel = {**work, "signature": signature(work, RUN, "1.1", 1, KEY), **changes}
        more = {"reason": "no"} if kind == "Fail" else {"by": "Tier 3"}
        return {"kind": kind, "task": "1.1", "attempt_no": 1, "evidence": {"exit_code": 0}, "parcel": parcel, **more}

    async def turn(self, *verdicts: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
        return await self.parcels.turn(verdicts, {attempt_name("1.1", 1): (self.record, self.attempt)})

    def take(self, verdict: dict[str, Any]) -> dict[str, Any]:
        """A verdict as it is recorded."""
        recorded, held = asyncio.run(self.turn(verdict))
        assert held == []
        (found,) = recorded
        assert "parcel" not in found
        return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("milepost.adapters.temporal_parcels._AT_ONCE", 60.0)  # nothing here takes as long
    return Home(tmp_path / "repo")


def test_what_passed_is_merged_and_what_failed_is_kept(home: Home) -> None:
    failed = home.take(home.verdict("Fail"))
    assert failed["evidence"]["workspace"]["files"] == ["b"]
    assert home.repo.git("rev-parse", "milepost/plan.md-1/1.1/1").strip() == home.commit
    assert home.repo.git("ls-tree", "--name-only", "main", "b") == ""
    done = home.take(home.verdict())
    assert done["kind"] == "Complete"
    assert home.repo.show("main", "b") == "b\n"
    merged = home.repo.git("rev-parse", "main")
    assert home.take(home.verdict())["kind"] == "Complete"  # asked again, as after a crash, it changes nothing
    assert home.repo.git("rev-parse", "main") == merged


@pytest.mark.parametrize("said", [{"signature": ""}, {"signature": "0" * 64}, {"bundle": "f" * 64}])
def test_work_that_was_not_signed_is_not_taken(home: Home, said: dict[str, str]) -> None:
    """Whoever can only write to the server brings nothing into the repository."""
    lost = home.take(home.verdict(**said))
    assert (lost["kind"], lost["reason"]) == (
        "Lose",
        "what its worker handed in is signed with another key, or not at all",
    )
    assert "of-a-worker" in home.repo.branches()
    assert not any(name.startswith("milepost/") for name in home.repo.branches())


def test_work_of_another_attempt_is_not_taken(home: Home) -> None:
    work = {"commit": home.commit, "bundle": ""}
    assert home.take(home.verdict(signature=signature(work, RUN, "1.1", 2, KEY)))["kind"] == "Lose"


@pytest.mark.parametrize("commit", ["0" * 40, "main", "--all"])
def test_a_commit_that_is_none(home: Home, commit: str) -> None:
    lost = home.take(home.verdict(commit=commit))
    assert lost["kind"] == "Lose"
    assert lost["reason"].startswith(f"what its worker handed in cannot be taken: it does not hold the commit {commit}")


def test_a_parcel_without_a_commit(home: Home) -> None:
    lost = home.take(home.verdict(commit=""))
    assert (lost["kind"], lost["reason"]) == (
        "Lose",
        "what its worker handed in cannot be taken: it names no commit; see to its worker",
    )


def test_a_plan_that_a_worker_changed_nevertheless(home: Home) -> None:
    failed = home.take(home.verdict(commit=home.meddling))
    assert (failed["kind"], failed["reason"]) == ("Fail", "it changed what is not its own: plan.md")
    assert home.repo.show("main", "plan.md") == "plan\n"


def test_bounds_are_looked_at_by_the_home_too(home: Home) -> None:
    home.record = TaskRecord(TaskSpec("1.1", "Task", 3, files=("c",)), 3, attempts=[home.attempt])
    failed = home.take(home.verdict())
    assert (failed["kind"], failed["reason"]) == ("Fail", "it changed what its task may not: b (it may: c)")


def test_a_worker_that_handed_nothing_in(home: Home) -> None:
    verdict = home.verdict()
    del verdict["parcel"]
    assert home.take(verdict)["reason"] == "its worker handed no work in"


def test_verdicts_on_attempts_that_hold_no_task_pass_as_they_are(home: Home) -> None:
    verdict = home.verdict()
    assert asyncio.run(home.parcels.turn([verdict], {})) == ([verdict], [])
    assert home.repo.git("ls-tree", "--name-only", "main", "b") == ""


def test_while_the_way_is_barred_verdicts_are_held_and_nothing_is_ordered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.adapters.temporal_parcels._AT_ONCE", 0.01)
    monkeypatch.setattr("milepost.adapters.temporal_parcels._PAUSES", (0.01,))
    home.route.barred = True

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.01)

    async def story() -> dict[str, Any]:
        assert await home.turn(home.verdict()) == ([], ["1.1#1"])
        assert not home.parcels.ready(home.record, home.attempt)
        await until(lambda: bool(home.told))
        assert not home.parcels.arrived
        home.route.barred = False
        await until(lambda: home.parcels.arrived)
        recorded, held = await home.turn(home.verdict())
        assert held == []
        await until(lambda: home.parcels.ready(home.record, home.attempt))
        return recorded[0]

    assert asyncio.run(story())["kind"] == "Complete"
    assert home.told == [
        "the road is flooded (here): wait; it is tried again, and what needs it waits",
        "what had to wait for the way to and from workers goes on",
    ]
    tree = home.parcels.tree(home.record, home.attempt)
    assert tree["base"] == tree["said"] == home.repo.git("rev-parse", "main").strip()  # with what was merged


@pytest.mark.parametrize("holds", [True, False])
def test_what_a_stopped_attempt_left_can_be_looked_at_and_is_not_merged(home: Home, holds: bool) -> None:
    home.parcels.made = lambda verdict: bool(verdict["task"] == "1.1")
    held = {attempt_name("1.1", 1): (home.record, home.attempt)} if holds else {}
    recorded, waiting = asyncio.run(home.parcels.turn([home.verdict("Lose")], held))
    assert waiting == []
    assert [(verdict["kind"], "parcel" in verdict) for verdict in recorded] == [("Lose", False)]
    assert home.repo.git("rev-parse", "milepost/plan.md-1/1.1/1").strip() == home.commit
    assert home.repo.git("ls-tree", "--name-only", "main", "b") == ""
    assert list(home.workspace.folder.rglob("*.kept")) == []


def test_what_somebody_else_says_a_stopped_attempt_left_is_not_taken(home: Home) -> None:
    home.parcels.made = lambda verdict: True
    asyncio.run(home.parcels.turn([home.verdict("Lose", signature="mine")], {}))
    assert home.repo.branches() == ["main", "of-a-worker"]
    assert home.told == [
        "what 1.1#1 had written cannot be taken: it is signed with another key, or not at all; see to its worker"
    ]


def test_what_is_left_of_an_attempt_that_the_run_never_made_is_not_taken(home: Home) -> None:
    recorded, _ = asyncio.run(home.parcels.turn([home.verdict("Lose")], {}))
    assert recorded[0]["kind"] == "Lose"
    assert home.repo.branches() == ["main", "of-a-worker"]
