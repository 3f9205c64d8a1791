"""Applications beside the API and the pages."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Mounts:
    """Hands requests for some paths, and what lies below them, to applications of their own."""

    def __init__(self, app: ASGIApp, mounted: Mapping[str, ASGIApp]) -> None:
        """Hand what goes to a path of ``mounted`` to the application there, all else to ``app``."""
        self._app = app
        self._mounted = mounted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        app = self._app
        if scope["type"] == "http":
            for path, each in self._mounted.items():
                if scope["path"] == path or scope["path"].startswith(f"{path}/"):
                    app = each
        await app(scope, receive, send)
