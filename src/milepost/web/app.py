"""The web application: the HTTP API, the pages if they are there, and what is mounted beside them.

For pages (``milepost.web.pages``, installed when that package exists): everything hangs on ``request.app.state``.

- ``portfolio`` is the :class:`~milepost.web.portfolio.Portfolio`: ``portfolio.plans()`` lists the
  :class:`~milepost.web.portfolio.ServedPlan` (``id`` for URLs, ``name``, ``path``); ``with
  portfolio.opened(plan_id) as view:`` gives a :class:`~milepost.web.plan_view.PlanView`. Do all of it inside one plain
  ``def`` endpoint: the view's ledger belongs to the thread that opened it, so no ``Depends`` may open it.
- ``view.project`` is a :class:`milepost.bootstrap.Project` (``plan``, ``settings``, ``ledger``), ``view.state`` the
  run as it stands now (or would begin), ``view.recorded`` the newest run or None, ``view.moment`` its name and version.
- ``view.computed("name", make, *parts)`` keeps what ``make`` gave until document, settings or run change; it is how a
  warm page costs nothing. ``view.etag("name", *parts)`` is the entity tag to go with it;
  :func:`milepost.web.answers.matches` compares it with ``If-None-Match``.
- Events of a run: ``/api/v1/plans/{plan}/runs/{number}/events/stream`` (server-sent; type ``run``, id = version in the
  run, resumes after ``Last-Event-ID``, data = the event as JSON). Whatever changes, of all plans or of one:
  ``/api/v1/changes?plan=ID`` (type ``plan``, data = ``{"plan", "document", "run", "version"}``; it tells the present
  state first, so a dropped connection needs no id to catch up).
- Who asks is ``request.state.caller`` (name, scopes); ``dependencies=[allowed("read")]`` of
  :mod:`milepost.web.access` refuses who may not. Errors of Milepost that are raised through are answered as problems.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from milepost import __version__
from milepost.web import problems
from milepost.web.access import Access
from milepost.web.api import operations
from milepost.web.api.description import describe, operation_id
from milepost.web.changes import Changes
from milepost.web.gate import Gate
from milepost.web.given_answers import GivenAnswers
from milepost.web.metrics import Requests
from milepost.web.mounts import Mounts
from milepost.web.portfolio import Portfolio
from milepost.web.tails import Tails


def create_app(
    portfolio: Portfolio,
    access: Access | None = None,
    *,
    mounts: Mapping[str, Any] | None = None,
    metrics: bool = False,
) -> FastAPI:
    """The application that serves some plans.

    ``access`` says who may do what (without it: whoever reaches it, everything). ``mounts`` are ASGI applications by
    the path they are reached at, such as ``/mcp``: behind the same gate they see the whole path, and in the scope's
    ``state`` the ``caller``. Who reaches one has the scope ``read``; what else they may is for it to ask.
    ``metrics`` offers figures for Prometheus.
    """
    mounted = mounts or {}
    tails = Tails()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(tails.close)
            for each in mounted.values():
                if hasattr(each, "router"):
                    await stack.enter_async_context(each.router.lifespan_context(each))
            yield

    app = FastAPI(
        title="Milepost",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.portfolio, app.state.tails = portfolio, tails
    app.state.changes, app.state.given_answers = Changes(portfolio, tails.stopping), GivenAnswers()
    app.state.access, app.state.metrics = access or Access.open(), metrics
    problems.install(app)
    operations.install(app)
    describe(app)
    if importlib.util.find_spec("milepost.web.pages") is not None:
        importlib.import_module("milepost.web.pages").install(app)
    if mounted:
        app.add_middleware(Mounts, mounted=mounted)
    if metrics:
        app.add_middleware(Requests)
    app.add_middleware(Gate, access=app.state.access, mounts=tuple(mounted))
    return app
