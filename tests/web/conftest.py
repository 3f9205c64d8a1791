"""A project with a run in progress, and a real server of it on a port of the system's choice."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from tests.web.browser import browser as browser
from tests.web.browser import page as page

from milepost.app.tasks import claim, complete
from milepost.app.tokens import TokenStore
from milepost.bootstrap import open_project
from milepost.web.access import Access, RateLimit
from milepost.web.app import create_app
from milepost.web.portfolio import Portfolio
from milepost.web.serving import listen, make_server

PLAN = """# Lighthouse

## Phase 1: Foundation

- [ ] **1.1** Survey the rock
  - _Requirements: REQ-1.1_
  - _Estimated: 2 hours_
- [ ] **1.2** Order the stones
  - _Requirements: REQ-1.2_
  - _Estimated: 1 hour_
- [ ] **1.3** Draw the tower
  - _Depends on: 1.1_
  - _Estimated: 3 hours_

## Checkpoint 1

- [ ] Somebody looked at the drawing

## Phase 2: Tower

- [ ] **2.1** Build the tower
  - _Depends on: 1.3_
  - _Estimated: 8 hours_
- [ ] **2.2** Hang the lamp
  - _Depends on: 2.1_
  - _Estimated: 4 hours_
"""
REQUIREMENTS = """# Requirements

1. **REQ-1.1:** It shall stand on rock.
2. **REQ-1.2:** It shall be made of stone.
3. **REQ-1.3:** It shall be seen from afar.
"""
SETTINGS = """[tiers.1]
driver = "manual"

[tiers.2]
driver = "manual"
capacity = 4
"""


@dataclass
class Site:
    """A folder that is served. ``plan`` is the document whose run is in progress; its id is ``lighthouse``."""

    root: Path
    tokens: TokenStore

    @property
    def plan(self) -> Path:
        return self.root / "specs" / "lighthouse" / "tasks.md"

    def token(self, name: str, *scopes: str) -> str:
        import time

        return self.tokens.create(name, scopes, now=time.time(), seconds=3600)[0]


@dataclass
class Running:
    """A server that runs in a thread of this process."""

    site: Site
    address: str
    server: uvicorn.Server
    access: Access
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.clients.append(httpx.Client(base_url=self.address, headers=headers, timeout=60))
        return self.clients[-1]


def make_site(root: Path) -> Site:
    """A project with two plans: one whose run is in progress, one that nobody has run."""
    for name, text in (("lighthouse", PLAN), ("harbour", PLAN.replace("Lighthouse", "Harbour"))):
        folder = root / "specs" / name
        folder.mkdir(parents=True)
        (folder / "tasks.md").write_text(text)
        (folder / "requirements.md").write_text(REQUIREMENTS)
    (root / "milepost.toml").write_text(SETTINGS)
    site = Site(root, TokenStore(root.parent / "tokens.json"))
    begin_run(site.plan)
    return site


def begin_run(plan: Path) -> None:
    """Have 1.1 done by ada, and 1.2 held by grace."""
    project = open_project(str(plan))
    session = project.open_run("tester")
    complete(session, "1.1", by="ada", now=project.now)
    claim(session, "1.2", worker="grace", now=project.now(), lease=3600)
    project.sync(session)
    project.close()


def start(
    site: Site,
    access: Access | None = None,
    *,
    metrics: bool = False,
    mounts: Mapping[str, Any] | None = None,
    port: int = 0,
) -> Running:
    """Serve a site; :func:`stop` ends it."""
    rules = access or Access(site.tokens, False, "tester", rate=RateLimit(10_000, 10_000))
    app = create_app(Portfolio([str(site.root / "specs")]), rules, mounts=mounts, metrics=metrics)
    server, sock = make_server(app), listen("127.0.0.1", port)
    up = threading.Event()
    startup = server.startup

    async def starting(sockets: object = None) -> None:
        await startup(sockets)  # type: ignore[arg-type]
        up.set()

    server.startup = starting  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    assert up.wait(60), "the server did not start"
    running = Running(site, f"http://127.0.0.1:{sock.getsockname()[1]}", server, rules)
    running.thread = thread  # type: ignore[attr-defined]
    return running


def stop(running: Running) -> None:
    for client in running.clients:
        client.close()
    running.server.stop()  # type: ignore[attr-defined]  # ends the event streams of pages that are still open
    running.thread.join(60)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def shared_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of the user of all servers of these tests."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        patch.setenv("MILEPOST_WORKER", "tester")
        yield folder


@pytest.fixture
def site(tmp_path: Path, shared_state: Path) -> Site:
    return make_site(tmp_path / "site")


@pytest.fixture
def served(site: Site) -> Iterator[Running]:
    """A server of a site of its own, which its test may change."""
    running = start(site)
    yield running
    stop(running)


@pytest.fixture
def client(served: Running) -> httpx.Client:
    """Who asks a server of a site of its own, without a token."""
    return served.client()


@pytest.fixture(scope="session")
def looked_at(shared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that tests only look at."""
    running = start(make_site(tmp_path_factory.mktemp("looked") / "site"))
    yield running
    stop(running)


@pytest.fixture(scope="session")
def reader(looked_at: Running) -> httpx.Client:
    """Who only looks."""
    return looked_at.client()
