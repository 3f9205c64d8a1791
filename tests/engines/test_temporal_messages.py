"""What home and workers tell each other: verdicts as JSON, orders under a signature."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from milepost.adapters.temporal_clocks import TOLERANCE, clock_ahead, off
from milepost.adapters.temporal_messages import FOREVER, Order, Orders, from_verdict, read_verdict, to_verdict
from milepost.adapters.temporal_trust import permits, refusal, sign
from milepost.app.temporal_settings import TemporalSettings
from milepost.app.workers import identity_of, worker_line
from milepost.execution.commands import Block, Command, Complete, Fail, Lose, Overrun, Pause

ORDER = Order("q", "plan#1", "1.1", "Lay it out", 2, 3, "make", ["make test"], 60.0, "tasks.md", "brief", "Tier 3")
KEY = b"correct horse"


@pytest.mark.parametrize(
    "verdict",
    [
        Complete(5.0, "1.1", 2, "Tier 3", {"exit_code": 0}),
        Fail(5.0, "1.1", 2, "its command ended", {"exit_code": 1}, escalate=True),
        Overrun(5.0, "1.1", 2, 60.0, {}),
        Lose(5.0, "1.1", 2, "its worker vanished"),
        Block(5.0, "1.1", "not allowed", "worker"),
    ],
    ids=lambda verdict: type(verdict).__name__,
)
def test_a_verdict_comes_back_as_it_was_at_the_moment_of_whoever_reads_it(verdict: Command) -> None:
    # The worker's clock is an hour ahead; what counts is when the home hears of it.
    told = json.loads(json.dumps(to_verdict(replace(verdict, at=3605.0))))
    assert from_verdict(told, at=5.0) == verdict


@pytest.mark.parametrize("told", [{}, {"kind": "Cancel", "by": "x"}, to_verdict(Pause(0.0, "x"))])
def test_a_worker_may_say_nothing_but_verdicts(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no verdict"):
        from_verdict(told, at=5.0)


def test_what_a_later_version_says_besides_is_left_out() -> None:
    told = to_verdict(Complete(5.0, "1.1", 2, "Tier 3", {})) | {"mood": "good"}
    assert from_verdict(told, at=5.0) == Complete(5.0, "1.1", 2, "Tier 3", {})
    answer = {"start": [{**asdict(ORDER), "mood": "good"}], "stop": [], "over": False, "weather": "fine"}
    assert Orders.from_json(answer) == Orders([ORDER])


@pytest.mark.parametrize("told", [{"kind": "Postpone"}, {"kind": "Complete"}])
def test_an_attempt_is_lost_whose_verdict_is_not_understood(told: dict[str, object]) -> None:
    lost = read_verdict({**told, "task": "1.1", "attempt_no": 2}, at=5.0)
    reason = f"its worker, of another version, says `{told['kind']}`, which is not understood here"
    assert lost == Lose(5.0, "1.1", 2, reason)


def test_a_verdict_on_no_attempt_is_none() -> None:
    with pytest.raises(ValueError, match="no verdict"):
        read_verdict({"kind": "Postpone"}, at=5.0)


def test_clocks_that_are_nearly_right_are_right() -> None:
    now = time.time()
    assert clock_ahead(now - TOLERANCE / 2) == 0.0
    assert clock_ahead(0.0) == 0.0  # nobody said it
    assert clock_ahead(now + 3600) == pytest.approx(-3600, abs=TOLERANCE)
    assert off(3600.4) == "this machine's clock is 1h ahead of the Temporal server's: set one of them."
    assert off(-7500) == "this machine's clock is 2h 05m behind the Temporal server's: set one of them."


def test_the_server_waits_longer_than_the_worker_for_each_of_its_commands() -> None:
    assert ORDER.patience == 180.0  # a minute for the command, one for its verification, one to spare
    assert replace(ORDER, limit=None).patience == FOREVER


def nobody(command: str) -> bool:
    return False


def everybody(command: str) -> bool:
    return True


def test_a_signed_order_is_carried_out_where_its_key_is() -> None:
    assert permits(sign(ORDER, KEY), KEY, nobody)
    assert not permits(sign(ORDER, b"wrong horse"), KEY, everybody)
    assert not permits(ORDER, KEY, everybody)
    assert not permits(sign(ORDER, KEY), b"", nobody)


OTHER = {
    "queue": "other",
    "run": "plan#2",
    "task": "1.2",
    "attempt_no": 3,
    "tier": 2,
    "command": "make evil",
    "verify": ["true"],
    "plan": "../tasks.md",
    "tree": {"base": "0" * 40, "manifest": "f" * 64},
    "files": ["src"],
}


@pytest.mark.parametrize("name", OTHER)
def test_no_signature_fits_another_order(name: str) -> None:
    forged = replace(sign(ORDER, KEY), **{name: OTHER[name]})  # type: ignore[arg-type]
    assert not permits(forged, KEY, everybody)


def test_everything_that_decides_what_is_executed_is_signed() -> None:
    said_only = {"title", "limit", "brief", "worker", "signature", "trace", "form"}
    assert {item.name for item in fields(Order)} - said_only == set(OTHER)


def test_without_a_key_every_command_must_be_allowed() -> None:
    assert permits(ORDER, b"", everybody)
    assert not permits(ORDER, b"", lambda command: command == "make")  # the verification is not


def test_a_refusal_says_what_is_missing() -> None:
    assert refusal(ORDER, b"", "vm:1").endswith("nobody has trusted it on that machine")
    assert refusal(sign(ORDER, KEY), b"", "vm:1").endswith("the worker has no key for the signature of the order")
    assert refusal(ORDER, KEY, "vm:1").endswith("the order is not signed")
    assert refusal(sign(ORDER, b"wrong"), KEY, "vm:1").endswith("the order is signed with another key")


def test_queues_have_the_projects_name_or_that_of_its_folder_on_this_machine(tmp_path: Path) -> None:
    assert TemporalSettings(project="wordcount").tier_queue(tmp_path, 2) == "milepost/wordcount/tier-2"
    here, there = (TemporalSettings().tier_queue(tmp_path / part / "app", 2) for part in ("here", "there"))
    assert here.startswith("milepost/app-")
    assert here != there


def test_a_worker_is_known_by_what_it_said_of_itself() -> None:
    said = identity_of("vm:12", "1.2.3", 4, ("gpu", "big box"))
    line = worker_line(2, said, ("plan#1 1.1#1",), 5.0)
    assert (line.name, line.version, line.capacity, line.labels) == ("vm:12", "1.2.3", 4, ("gpu", "big box"))
    other = worker_line(2, "12@host", (), 5.0)
    assert (other.name, other.version, other.capacity, other.labels) == ("12@host", "", 0, ())
