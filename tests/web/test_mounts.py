"""Applications beside the API stand behind the same gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.web.conftest import Running, make_site, start, stop

from milepost.web.access import Access


@pytest.fixture(scope="module")
def lived() -> list[str]:
    return []


@pytest.fixture(scope="module")
def beside(shared_state: Path, tmp_path_factory: pytest.TempPathFactory, lived: list[str]) -> Iterator[Running]:
    """A server that asks for a token, with an application at /tools that tells what it is given."""

    async def tell(request: Request) -> JSONResponse:
        caller = request.scope["state"]["caller"]
        return JSONResponse({"path": request.url.path, "caller": caller.name, "work": caller.may("work")})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        lived.append("began")
        yield
        lived.append("ended")

    tools = Starlette(routes=[Route("/tools", tell), Route("/tools/deep", tell)], lifespan=lifespan)
    site = make_site(tmp_path_factory.mktemp("beside") / "site")
    running = start(site, Access(site.tokens, True, "tester"), mounts={"/tools": tools})
    yield running
    stop(running)
    assert lived == ["began", "ended"]


def test_an_application_beside_sees_the_whole_path_and_who_asks(beside: Running, lived: list[str]) -> None:
    client = beside.client(beside.site.token("robot", "work"))
    assert client.get("/tools").json() == {"path": "/tools", "caller": "robot", "work": True}
    assert client.get("/tools/deep").json()["path"] == "/tools/deep"
    assert lived == ["began"]


def test_nobody_reaches_it_without_a_token_or_under_another_name(beside: Running) -> None:
    assert beside.client().get("/tools").status_code == 401
    token = beside.site.token("rebound", "read")
    assert beside.client(token).get("/tools", headers={"Host": "evil.example"}).status_code == 421
    assert "content-security-policy" in beside.client(token).get("/tools").headers


def test_a_path_that_only_begins_alike_is_not_its_own(beside: Running) -> None:
    assert beside.client(beside.site.token("near", "read")).get("/toolshed").status_code == 404
