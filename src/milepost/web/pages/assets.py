"""Styles, scripts and signs, as they lie in the package: compressed once, revalidated by their entity tags."""

from __future__ import annotations

import gzip
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import Response

from milepost.web.answers import matches
from milepost.web.pages import words
from milepost.web.pages.site import WEB, takes_gzip
from milepost.web.problems import RequestProblem

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@cache
def _files() -> dict[str, tuple[bytes, bytes, str]]:
    """Each asset's bytes, the same compressed, and its entity tag, by name: nothing else is ever read."""
    found = {path.name: path.read_bytes() for path in (WEB / "assets").iterdir() if path.suffix[1:] in _TYPES}
    return {name: (raw, gzip.compress(raw, 9, mtime=0), words.digest(raw)) for name, raw in found.items()}


@router.get("/assets/{name}")
def _asset(request: Request, name: str) -> Response:
    known = _files().get(name)
    if known is None:
        raise RequestProblem(404, f"there is no asset {name}")
    raw, packed, etag = known
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    kind = f"{_TYPES[name.rsplit('.', 1)[-1]]}; charset=utf-8"
    if takes_gzip(request):
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)
    return Response(raw, headers=headers, media_type=kind)


@router.get("/favicon.ico")
def _favicon(request: Request) -> Response:
    return _asset(request, "icon.svg")
