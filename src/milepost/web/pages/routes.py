"""Where the pages are, and what each is made from."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from milepost.web.access import allowed
from milepost.web.answers import answer
from milepost.web.gate import wants_page
from milepost.web.pages import (
    assets,
    board,
    checkpoints,
    diagnostics,
    forecast,
    front,
    gantt,
    index,
    ledger,
    login,
    network,
    overview,
    portfolio,
    run,
    task,
    trace,
)
from milepost.web.pages.site import not_found, plan_page, plan_part

router = APIRouter(include_in_schema=False)
router.include_router(assets.router)
router.include_router(login.router)
pages = APIRouter(dependencies=[allowed("read")])


@pages.get("/")
def _portfolio(request: Request) -> Response:
    return portfolio.page(request)


@pages.get("/index")
def _plans_index(request: Request) -> Response:
    return answer(index.of_plans(request.app.state.portfolio.plans()))


@pages.get("/plans")
def _plans() -> Response:
    return RedirectResponse("/", 308)


@pages.get("/plans/{plan}")
def _overview(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "", overview.gather)


@pages.get("/plans/{plan}/index")
def _index(request: Request, plan: str) -> Response:
    with request.app.state.portfolio.opened(plan) as view:
        others = index.of_plans(request.app.state.portfolio.plans())
        return answer([*index.of_plan(view), *others])


@pages.get("/plans/{plan}/glance")
def _glance(request: Request, plan: str) -> Response:
    return plan_part(request, plan, "glance", forecast.glance)


@pages.get("/plans/{plan}/board")
def _board(request: Request, plan: str, by: str = "state") -> Response:
    return plan_page(request, plan, "board", lambda view: board.gather(view, by))


@pages.get("/plans/{plan}/gantt")
def _gantt(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "gantt", gantt.gather)


@pages.get("/plans/{plan}/gantt/rows")
def _gantt_rows(request: Request, plan: str) -> Response:
    with request.app.state.portfolio.opened(plan) as view:
        return gantt.answer_rows(request, view)


@pages.get("/plans/{plan}/run")
def _run(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "run", run.gather)


@pages.get("/plans/{plan}/checkpoints")
def _checkpoints(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "checkpoints", checkpoints.gather)


@pages.get("/plans/{plan}/network")
def _network(request: Request, plan: str, phase: str = "") -> Response:
    return plan_page(request, plan, "network", lambda view: network.gather(view, phase))


@pages.get("/plans/{plan}/diagnostics")
def _diagnostics(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "diagnostics", diagnostics.gather)


@pages.get("/plans/{plan}/forecast")
def _forecast(request: Request, plan: str, confidence: int = 80) -> Response:
    return plan_page(request, plan, "forecast", lambda view: forecast.gather(view, confidence))


@pages.get("/plans/{plan}/trace")
def _trace(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "trace", trace.gather)


@pages.get("/plans/{plan}/front")
def _front(request: Request, plan: str) -> Response:
    return plan_page(request, plan, "front", front.gather)


@pages.get("/plans/{plan}/ledger")
def _ledger(
    request: Request, plan: str, run: str = "", kind: str = "", task: str = "", text: str = "", before: int = 0
) -> Response:
    wanted = ledger.Wanted(run, kind, task, text, before)
    return plan_page(request, plan, "ledger", lambda view: ledger.gather(view, wanted))


@pages.get("/plans/{plan}/tasks/{name:path}")
def _task(request: Request, plan: str, name: str) -> Response:
    return plan_page(request, plan, "task", lambda view: task.gather(view, name))


router.include_router(pages)


def install(app: FastAPI) -> None:
    """Offer the pages; at an address that leads nowhere a browser gets a page that says so, a program a problem."""
    app.include_router(router)
    as_problem = app.exception_handlers[HTTPException]

    @app.exception_handler(HTTPException)
    async def _for_whom_asks(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404 and wants_page(request.scope):
            return not_found(request)
        answered: Response = await as_problem(request, error)  # type: ignore[misc]
        return answered
