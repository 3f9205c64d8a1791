"""Figures for Prometheus, in its text format. No label holds a plan's text, a name of a person or a token."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.web import plan_facts
from milepost.web.portfolio import Portfolio
from milepost.web.tails import Tails

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Requests:
    """Counts requests by route, method and status, and how long they took, around an application."""

    def __init__(self, app: ASGIApp) -> None:
        """Count what goes to ``app``."""
        self._app = app
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and count it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        scope["requests"] = self

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self.counts[route, scope["method"], message["status"]] += 1
                self.seconds[route] += time.perf_counter() - began
            await send(message)

        await self._app(scope, receive, counting)


def text_of(portfolio: Portfolio, tails: Tails, requests: Requests | None) -> str:
    """All figures."""
    return "\n".join([*_plans(portfolio), *_streams(tails), *(_requests(requests) if requests else ())]) + "\n"


def _plans(portfolio: Portfolio) -> Iterator[str]:
    plans = portfolio.plans()
    yield "# HELP milepost_plans Plans that are served."
    yield "# TYPE milepost_plans gauge"
    yield f"milepost_plans {len(plans)}"
    yield "# HELP milepost_tasks Tasks of a plan's newest run by where they stand."
    yield "# TYPE milepost_tasks gauge"
    runs = []
    for plan in plans:
        found = plan_facts.summary(plan)
        for status, number in (found.get("tasks") or {}).items():
            if status != "total":
                yield f'milepost_tasks{{plan="{plan.id}",status="{status}"}} {number}'
        if found.get("run"):
            runs.append((plan.id, found["run"]))
    yield "# HELP milepost_run_events Events of a plan's newest run."
    yield "# TYPE milepost_run_events gauge"
    yield from (f'milepost_run_events{{plan="{plan}"}} {run["version"]}' for plan, run in runs)
    yield "# HELP milepost_run_deserted Whether the supervisor of a plan's newest run died."
    yield "# TYPE milepost_run_deserted gauge"
    yield from (f'milepost_run_deserted{{plan="{plan}"}} {int(run["deserted"])}' for plan, run in runs)


def _streams(tails: Tails) -> Iterator[str]:
    yield "# HELP milepost_event_streams Open event streams."
    yield "# TYPE milepost_event_streams gauge"
    yield f"milepost_event_streams {tails.followers}"


def _requests(requests: Requests) -> Iterator[str]:
    yield "# HELP milepost_http_requests_total Requests that were answered."
    yield "# TYPE milepost_http_requests_total counter"
    for (route, method, status), number in sorted(requests.counts.items()):
        yield f'milepost_http_requests_total{{route="{route}",method="{method}",status="{status}"}} {number}'
    yield "# HELP milepost_http_seconds_total Seconds until answers began."
    yield "# TYPE milepost_http_seconds_total counter"
    for route, seconds in sorted(requests.seconds.items()):
        yield f'milepost_http_seconds_total{{route="{route}"}} {seconds:.6f}'
