"""Trees that travel by a git remote, and remotes that refuse."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.repository import Repo
from tests.engines.away import Away
from tests.engines.test_both_engines import GRAPH, plan_of
from tests.engines.test_travelling import Make, away, events

__all__ = ["away"]
PLAN = plan_of("1.1 echo one > a", "1.2 cat a > b", more=GRAPH.format("1.1 → 1.2"))


@pytest.fixture
def closed() -> str:
    """The address of a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def server_that_asks() -> Iterator[str]:
    """A server that gives nobody anything."""

    class Asking(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="hub"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *said: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hub.git"
        server.shutdown()
        thread.join()


def bare(folder: Path) -> Repo:
    """A bare repository that others push to."""
    folder.mkdir()
    repo = Repo.__new__(Repo)
    repo.root = folder
    repo.git("init", "-q", "--bare", "-b", "main")
    return repo


def by_name(away: Make, address: str) -> Away:
    """A project that knows the remote by a name; its workers are told the address."""
    scene = away(PLAN, run='remote = "hub"')
    scene.repo.git("remote", "add", "hub", address)
    return scene


def test_trees_travel_by_a_git_remote(away: Make, tmp_path: Path) -> None:
    hub = bare(tmp_path / "hub.git")
    scene = by_name(away, str(hub.root))
    worker = scene.worker(settings=scene.settings.replace('"hub"', f'"{hub.root}"'))
    scene.ended(scene.run())
    assert (scene.repo.show("main", "a"), scene.repo.show("main", "b")) == ("one\n", "one\n")
    assert hub.branches() == []  # what travels shows below refs/milepost alone
    refs = hub.git("for-each-ref", "--format=%(refname)").split()
    assert refs == [f"refs/milepost/tasks.md-1/{name}" for name in ("base", "work/1.1/1", "work/1.2/1")]
    assert not any(b"git bundle" in path.read_bytes() for path in scene.blobs.rglob("*") if path.is_file())
    worker.terminate()
    scene.ended(worker)
    scene.nothing_is_left_behind("w1")


def test_a_remote_that_is_not_there(away: Make, tmp_path: Path) -> None:
    scene = by_name(away, str(tmp_path / "nowhere.git"))
    said = scene.ended(scene.run(), code=1)
    assert "error[transport-refused]: the git remote refuses: " in said
    assert "does not appear to be a git repository" in said
    assert f"--> {tmp_path / 'nowhere.git'}" in said
    assert events(scene, "AttemptStarted") == []


def test_a_remote_of_no_such_name(away: Make) -> None:
    scene = away(PLAN, run='remote = "hub"')
    said = scene.ended(scene.run(), code=1)
    assert "error[transport-refused]: there is no git remote `hub` here" in said


def test_a_remote_that_takes_nothing_from_the_home(away: Make, tmp_path: Path) -> None:
    hub = bare(tmp_path / "hub.git")
    forbid(hub)
    scene = by_name(away, str(hub.root))
    said = scene.ended(scene.run(), code=1)
    assert "the git remote refuses: " in said
    assert "you may not" in said
    assert "that git may read and write there without being asked" in said


def test_a_remote_that_takes_nothing_from_a_worker(away: Make, tmp_path: Path) -> None:
    hub = bare(tmp_path / "hub.git")
    forbid(hub, "refs/milepost/*/1.1/*")
    scene = by_name(away, str(hub.root))
    scene.worker(settings=scene.settings.replace('"hub"', f'"{hub.root}"'))
    scene.ended(scene.run(), code=1)
    reasons = [event["reason"] for event in events(scene, "AttemptFailed")]
    assert reasons
    assert all(reason.startswith("its work cannot be handed in: the git remote refuses: ") for reason in reasons)
    assert "you may not" in reasons[0]


def test_a_worker_that_is_told_a_name_it_cannot_know(away: Make, tmp_path: Path) -> None:
    scene = by_name(away, str(bare(tmp_path / "hub.git").root))
    scene.worker()
    said = scene.ended(scene.run(), code=1)
    assert "cannot get its tree: there is no git remote `hub` here; write its address as `remote` in [run]" in said


def test_a_remote_that_wants_a_password(away: Make, server_that_asks: str) -> None:
    """Nobody is there to be asked, and no credentials of the address are shown."""
    scene = by_name(away, server_that_asks.replace("://", "://user:s3cret@"))
    said = scene.ended(scene.run(), code=1)
    assert "the git remote refuses: " in said
    assert "Authentication failed" in said
    assert "s3cret" not in said


def test_a_remote_whose_server_is_away(away: Make, closed: str) -> None:
    scene = by_name(away, f"{closed}/hub.git")
    said = scene.ended(scene.run(), code=1)
    assert "error[transport-unavailable]: the git remote cannot be reached: " in said


def forbid(repo: Repo, refs: str = "*") -> None:
    """Let a repository take nothing for some references."""
    hook = repo.root / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase $1 in {refs}) echo "you may not" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
