"""Server-sent events: every client gets every event once, in order, whatever happens to its line."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.web.conftest import Running

from milepost.app.runs import RunSession
from milepost.app.tasks import block, unblock
from milepost.bootstrap import open_project

STREAM = "/api/v1/plans/lighthouse/runs/1/events/stream"


class Lines:
    """A stream of server-sent events, one at a time."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, str, Any]]:
        """Give each event's id, type and data."""
        found: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if not line and "data" in found:
                yield found.get("id", ""), found.get("event", ""), json.loads(found["data"])
            found = {} if not line else {**found, name: value}


@contextmanager
def followed(client: httpx.Client, path: str, last: str = "") -> Iterator[Iterator[tuple[str, str, Any]]]:
    with client.stream("GET", path, headers={"Last-Event-ID": last} if last else {}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield iter(Lines(answer))


def happen(running: Running, times: int) -> int:
    """Have twice so many events happen, and give the run's version after them."""
    project = open_project(str(running.site.plan))
    session = RunSession(project.ledger, project.ledger.streams()[-1].name)
    for number in range(times):
        block(session, "1.3", f"reason {number}", by="ada", now=project.now())
        unblock(session, "1.3", by="ada", now=project.now())
    project.close()
    return session.state.version


def test_events_come_from_the_first_and_go_on_live(served: Running, client: httpx.Client) -> None:
    before = len(client.get("/api/v1/plans/lighthouse/runs/1/events").json()["items"])
    with followed(client, STREAM) as events:
        old = [next(events) for _ in range(before)]
        assert [int(number) for number, _, _ in old] == list(range(1, before + 1))
        assert old[0][2]["event"] == "RunStarted"
        happen(served, 2)
        new = [next(events) for _ in range(4)]
    assert [data["event"] for _, _, data in new] == ["TaskBlocked", "TaskUnblocked"] * 2
    assert [data["version"] for _, _, data in new] == [before + 1, before + 2, before + 3, before + 4]


def test_a_dropped_line_resumes_without_a_gap_and_nothing_comes_twice(served: Running, client: httpx.Client) -> None:
    version = happen(served, 20)
    seen: list[int] = []
    last = ""
    while len(seen) < version:
        with followed(client, STREAM, last) as events:
            for last, _, _ in (next(events) for _ in range(min(7, version - len(seen)))):
                seen.append(int(last))
    assert seen == list(range(1, version + 1))


def test_many_clients_each_get_every_event_once_in_order(served: Running) -> None:
    version = happen(served, 0)
    seen: list[list[int]] = [[] for _ in range(20)]
    connected = threading.Barrier(21)

    def look_on(mine: list[int]) -> None:
        with followed(served.client(), f"{STREAM}?after={version}") as events:
            connected.wait()
            for _ in range(60):
                mine.append(int(next(events)[0]))

    threads = [threading.Thread(target=look_on, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    connected.wait()
    happen(served, 30)
    for thread in threads:
        thread.join(60)

    assert seen == [list(range(version + 1, version + 61))] * 20


def test_a_client_that_does_not_read_holds_nobody_up_and_misses_nothing(served: Running, client: httpx.Client) -> None:
    host, _, port = served.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        version = happen(served, 1500)  # more than the server remembers, far more than fits into the line
        with followed(client, f"{STREAM}?after={version - 1}") as events:
            assert int(next(events)[0]) == version  # the others are not held up

        found = b""
        while f"\nid: {version}\n".encode() not in found:
            part = slow.recv(1 << 16)
            assert part
            found += part
    ids = [int(line.removeprefix("id: ")) for line in found.decode().split("\n") if line.startswith("id: ")]
    assert ids == list(range(1, version + 1))


def test_the_end_of_a_run_is_an_event_like_others(served: Running, client: httpx.Client) -> None:
    version = happen(served, 0)
    with followed(client, STREAM, str(version)) as events:
        client.post("/api/v1/plans/lighthouse/runs/1/cancel", json={"by": "ada"})
        # What grace held is lost to her first.
        assert [next(events)[2]["event"] for _ in range(2)] == ["AttemptLost", "RunCancelled"]


def test_what_changes_is_told_and_first_how_things_stand(served: Running, client: httpx.Client) -> None:
    with followed(client, "/api/v1/changes") as events:
        first = {data["plan"]: data for _, _, data in (next(events), next(events))}
        assert set(first) == {"harbour", "lighthouse"}
        version = happen(served, 1)
        later = next(data for _, _, data in events if data.get("version") == version)
        assert later["plan"] == "lighthouse"
        served.site.plan.write_text(served.site.plan.read_text() + "\nA remark.\n")
        assert next(data for _, _, data in events if data["document"] != later["document"])["plan"] == "lighthouse"
        served.site.plan.unlink()
        gone = next(data for _, _, data in events if data.get("gone") or data.get("problem"))
        assert gone["plan"] == "lighthouse"


def test_the_log_of_an_attempt_is_followed_and_ends_with_it(served: Running, client: httpx.Client) -> None:
    project = open_project(str(served.site.plan))
    log = project.attempt_log(project.ledger.streams()[-1].name, "1.2", 1)
    project.close()
    log.parent.mkdir(parents=True)
    log.write_text("\x1b[32mhewing\x1b[0m\n")
    path = "/api/v1/plans/lighthouse/tasks/1.2/log/stream"
    with followed(client, path) as events:
        place, kind, data = next(events)
        assert (kind, data["text"]) == ("log", "\x1b[32mhewing\x1b[0m\n")
        with log.open("a") as file:
            file.write("hewn\n")
        assert next(events)[2]["text"] == "hewn\n"
    with followed(client, path, place) as events:  # the line dropped after the first piece
        assert next(events)[2]["text"] == "hewn\n"
        client.post("/api/v1/plans/lighthouse/tasks/1.2/complete", json={"by": "grace"})
        assert next(events)[:2] == ("end", "end")
    assert client.get(path, headers={"Last-Event-ID": "end"}).status_code == 204


def test_what_an_agent_prints_is_told_in_words_line_by_line_where_that_is_asked_for(
    served: Running, client: httpx.Client
) -> None:
    (served.site.root / "milepost.toml").write_text('[tiers.1]\ndriver = "manual"\n[tiers.2]\nagent = "codex"\n')
    project = open_project(str(served.site.plan))
    log = project.attempt_log(project.ledger.streams()[-1].name, "1.2", 1)
    project.close()
    log.parent.mkdir(parents=True)
    begun, *rest = ['{"type": "thread.started", ', '"thread_id": "t-1"}\n{"type": "turn.', 'started"}\nodd\n{"type"']
    log.write_text(begun)
    path = "/api/v1/plans/lighthouse/tasks/1.2/log/stream"
    assert client.get(path.removesuffix("/stream")).json()["text"] == begun
    with followed(client, path + "?readable=true") as events:
        with log.open("a") as file:
            file.write(rest[0])
        place, kind, data = next(events)
        assert (kind, data["text"]) == ("log", "session t-1\n")
    with followed(client, path + "?readable=true", place) as events:  # it begins with the line that was unfinished
        with log.open("a") as file:
            file.write(rest[1])
        assert next(events)[2]["text"] == "odd\n"
        client.post("/api/v1/plans/lighthouse/tasks/1.2/complete", json={"by": "grace"})
        told = [(kind, data.get("text")) for _, kind, data in (next(events) for _ in range(3))]
        assert told == [("log", ""), ("log", '{"type"'), ("end", None)]


@pytest.mark.parametrize(("last", "status"), [("x", 400), ("-1", 400), ("9" * 30, 400)])
def test_an_id_that_is_none_is_refused(looked_at: Running, last: str, status: int) -> None:
    assert looked_at.client().get(STREAM, headers={"Last-Event-ID": last}).status_code == status


def test_a_stream_of_a_run_that_is_not_there(looked_at: Running) -> None:
    client = looked_at.client()
    assert client.get("/api/v1/plans/lighthouse/runs/9/events/stream").status_code == 404
    assert client.get("/api/v1/changes?plan=nowhere").status_code == 404


def test_who_comes_while_the_last_one_leaves_is_served(served: Running, client: httpx.Client) -> None:
    # The ledger is let go of when nobody follows any more; whoever comes in that moment must not be forgotten.
    version = happen(served, 0)
    for _ in range(30):
        with followed(client, STREAM) as events:
            assert [int(next(events)[0]) for _ in range(version)] == list(range(1, version + 1))
