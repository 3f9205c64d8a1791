"""Who opens pages on a server that asks for tokens shows theirs once; a cookie carries it from then on."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from milepost.web.access import COOKIE, Access
from milepost.web.pages.site import render
from milepost.web.problems import RequestProblem

router = APIRouter(include_in_schema=False)
_LONGEST = 4096


@router.get("/login")
def _ask(request: Request) -> Response:
    return render(request, "login.html", trouble="", remedy="")


@router.post("/login")
async def _show(request: Request) -> Response:
    fields = parse_qs((await request.body())[:_LONGEST].decode("utf-8", "replace"))
    token = fields.get("token", [""])[0].strip()
    access: Access = request.app.state.access
    try:
        access.caller(token, None, request.client.host if request.client else "unknown")
    except RequestProblem as error:
        return render(request, "login.html", error.status_code, trouble=error.detail, remedy=error.remedy)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


@router.post("/logout")
def _forget(_request: Request) -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
