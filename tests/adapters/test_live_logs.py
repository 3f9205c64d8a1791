"""Logs that are seen from elsewhere while they are written: the end of one travels, and a copy is made of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from milepost.adapters import shim
from milepost.adapters.live_logs import COPIED, MOST, PACE, WINDOW, LogCopies, LogTail, is_copy, packed, unpacked
from milepost.adapters.run_folder import RunFolder, log_digest, logs

RUN = "plan.md#1"


class Both:
    """A command's log on a worker's machine, and the copy of it at home; either may have so many bytes."""

    def __init__(self, base: Path, limit: int = 1_000_000, seconds: float = 60.0) -> None:
        self.there = RunFolder(base / "there", RUN).attempt_log("1.1", 1)
        self.there.parent.mkdir(parents=True)
        self.output = shim.Output(-1, str(self.there.parent), limit, [])
        self.tail = LogTail(self.there, seconds)
        files = RunFolder(base / "here", RUN)
        self.here = files.attempt_log("1.1", 1)
        self.copies = LogCopies(files, limit)

    def travel(self) -> None:
        self.copies.take("1.1", 1, self.tail.look())

    def seen(self) -> bytes:
        return b"".join(path.read_bytes() for path in logs(self.here))

    def settle(self) -> bool:
        """Whether the copy turns out to be the log."""
        self.copies.settle("1.1", 1, log_digest(self.there))
        return not is_copy(self.here)


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_often_enough_arrives_whole_also_when_logs_are_put_aside(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    both = Both(tmp_path, limit=chance.choice([3_000, 40_000, 1_000_000]))
    for number in range(60):
        # Two at most 700 bytes each are fewer than half of the smallest limit: no log is put aside twice unseen.
        both.output.write(chance.randbytes(chance.randrange(350)).hex().encode())
        if number % 5:
            both.travel()
    assert both.seen() == b"" or is_copy(both.here)
    both.travel()
    both.travel()  # told twice, it changes nothing
    assert [path.read_bytes() for path in logs(both.here)] == [path.read_bytes() for path in logs(both.there)]
    assert both.settle()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_missed_is_said_and_never_told_wrongly(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    both = Both(tmp_path, limit=chance.choice([100_000, 10_000_000]))
    written = b""
    for number in range(30):
        lines = "".join(f"{number}.{line} {chance.random()}\n" for line in range(chance.choice([1, 5_000])))
        both.output.write(lines.encode())
        written += lines.encode()
        if chance.random() < 0.5:
            both.travel()
    both.travel()
    marks = both.seen().count(b"bytes more than could be shown at once")
    assert marks > 0
    known = set(written.split(b"\n"))
    strange = [line for line in both.seen().split(b"\n") if line not in known and b"could be shown" not in line]
    # With the smaller limit a line may be cut where a log was put aside; the copy's own limit cuts one more.
    assert len(strange) <= (0 if both.copies.half == 5_000_000 else marks + 1)
    assert sum(path.stat().st_size for path in logs(both.here)) <= 2 * both.copies.half
    assert not both.settle()


def test_a_tail_takes_the_room_it_has(tmp_path: Path) -> None:
    noise, words = random.Random(1).randbytes(100_000), b"the same again and again\n" * 4_000
    for seconds, room in ((0.25, PACE / 4), (2.5, MOST), (60.0, MOST)):
        for text in (noise, words):
            both = Both(tmp_path / f"{seconds} {text[:1].hex()}", seconds=seconds)
            both.output.write(text)
            told = both.tail.look()
            found = unpacked(told["log_tail"])
            assert told["log_bytes"] == 100_000
            assert len(told["log_tail"]) <= room
            assert text.endswith(found)
            assert len(found) >= (WINDOW if text is words else room / 2)
    assert packed(noise, 10) == ""  # no room for anything


def test_a_log_that_says_nothing_leaves_nothing(both: Both) -> None:
    assert both.tail.look() == {"log_bytes": 0}
    both.travel()
    assert not both.here.parent.exists()


def test_a_log_that_is_written_here_is_left_alone(both: Both) -> None:
    both.output.write(b"one\n")
    both.here.parent.mkdir(parents=True)
    both.here.write_bytes(b"mine\n")
    both.travel()
    assert both.seen() == b"mine\n"
    assert not is_copy(both.here)


def test_a_log_that_cannot_be_read_is_told_of_as_it_was(both: Both) -> None:
    both.output.write(b"one\n")
    told = both.tail.look()
    both.there.unlink()
    both.there.mkdir()  # which opens for nobody
    assert both.tail.look() == told


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"log_tail": "###", "log_bytes": 3},
        {"log_tail": packed(b"abc", MOST)},
        {"log_tail": packed(b"abc", MOST), "log_bytes": "many"},
        {"log_tail": packed(b"abc", MOST)[:-4], "log_bytes": None},
        {"log_tail": 7, "log_bytes": 3},
        {"log_tail": "YWJj", "log_bytes": 3},
    ],
)
def test_nonsense_is_left_out(both: Both, told: dict[str, object]) -> None:
    both.copies.take("1.1", 1, told)
    assert both.seen() == b""


def test_nobody_can_tell_more_than_a_tail_may_hold(both: Both) -> None:
    bomb = packed(b"\0" * 10_000_000, 100_000)
    both.copies.take("1.1", 1, {"log_tail": bomb, "log_bytes": WINDOW})
    assert both.seen() == b"\0" * WINDOW


def test_a_disk_that_takes_nothing_stops_nobody(both: Both) -> None:
    both.output.write(b"one\n")
    both.here.parent.parent.mkdir(parents=True)
    both.here.parent.parent.joinpath(".new-1").write_text("in the way")
    both.travel()
    assert both.seen() == b""


def test_a_copy_goes_on_where_an_earlier_home_left_it(both: Both) -> None:
    both.output.write(b"one\n")
    both.travel()
    both.copies = LogCopies(both.copies.files, 1_000_000)
    both.output.write(b"two\n")
    both.travel()
    assert both.seen() == b"one\ntwo\n"
    assert (both.here.parent / COPIED).read_text() == "8"
