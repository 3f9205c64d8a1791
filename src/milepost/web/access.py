"""Who may do what: callers, their scopes, how much they may ask for."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request, Security
from fastapi.params import Depends
from fastapi.security import HTTPBearer, SecurityScopes

from milepost.app.tokens import SCOPES, TokenStore
from milepost.web.problems import RequestProblem

COOKIE = "milepost_token"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_REMEMBERED = 10_000

_IMPLIED = {"admin": SCOPES, "work": ("read", "work"), "approve": ("read", "approve"), "read": ("read",)}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``key`` is what the rate is counted by; ``token`` is empty for who needs none."""

    name: str
    scopes: frozenset[str]
    key: str
    token: str = ""

    def may(self, scope: str) -> bool:
        """Whether a scope is among the caller's."""
        return scope in self.scopes

    def acting_as(self, by: str | None) -> str:
        """The name that is recorded: with a token its own, and behind it whoever the caller says to act for."""
        if not by or by == self.name:
            return self.name
        return f"{self.name}/{by}" if self.token else by


class RateLimit:
    """So many requests a second for each key, and a burst of them at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, *, take: bool = True) -> float:
        """Take one, and give 0; or give the seconds until there is one."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        enough = left >= 1
        self._left[key] = (left - 1 if enough and take else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if enough else (1 - left) / self._rate


@dataclass
class Access:
    """The rules of a server. Without ``required`` who has no token may do everything, under the name ``anonymous``.

    ``hosts`` are the names the server answers to; an address is answered to when it is the server's own.
    """

    tokens: TokenStore
    required: bool
    anonymous: str = "somebody"
    hosts: frozenset[str] = LOOPBACK_NAMES
    rate: RateLimit = field(default_factory=lambda: RateLimit(100, 400))
    failures: RateLimit = field(default_factory=lambda: RateLimit(0.2, 10))

    @classmethod
    def open(cls, anonymous: str = "somebody") -> Access:
        """For a server that only this machine reaches."""
        return cls(TokenStore(), False, anonymous)

    def caller(self, bearer: str | None, cookie: str | None, address: str) -> Caller:
        """Who asks from an address.

        Raises:
            RequestProblem: 401, nobody who is known; 429, too many wrong tokens came from there.
            TokensUnusable: the store of tokens cannot be read.
        """
        text = bearer if bearer is not None else cookie
        token = None
        if text:
            if self.failures.wait(address, take=False):
                raise _slower(self.failures.wait(address, take=False), "too many wrong tokens")
            token = self.tokens.verify(text, time.time())
        if token is not None:
            scopes = frozenset(scope for own in token.scopes for scope in _IMPLIED[own])
            return Caller(token.name, scopes, f"token {token.id}", token.id)
        if bearer is not None or self.required:
            if text:
                self.failures.wait(address)
            raise RequestProblem(
                401,
                "this token is unknown, revoked or expired" if text else "a token is needed",
                remedy="`milepost token create` on the server makes one; send it as Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return Caller(self.anonymous, frozenset(SCOPES), f"address {address}")

    def require_rate(self, caller: Caller) -> None:
        """Take one of a caller's requests.

        Raises:
            RequestProblem: 429, there is none left.
        """
        seconds = self.rate.wait(caller.key)
        if seconds:
            raise _slower(seconds, "too many requests")


def _slower(seconds: float, why: str) -> RequestProblem:
    return RequestProblem(
        429, why, remedy="wait, then try again", headers={"Retry-After": str(max(1, round(seconds + 0.5)))}
    )


_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token of `milepost token create`. A server that listens on this machine alone needs none.",
)


async def caller_of(request: Request, scopes: SecurityScopes, _shown: object = Security(_BEARER)) -> Caller:
    """Who asks, if they have every scope that the operation needs.

    Raises:
        RequestProblem: 403, they have not.
    """
    caller: Caller = request.scope["state"]["caller"]
    missing = [scope for scope in scopes.scopes if not caller.may(scope)]
    if missing:
        own = ", ".join(scope for scope in SCOPES if caller.may(scope)) or "none"
        raise RequestProblem(
            403,
            f"this needs a token with the scope {missing[0]}",
            remedy=f"{caller.name} has: {own}; `milepost token create --scope {missing[0]}` makes another",
        )
    return caller


def allowed(scope: str) -> Depends:
    """What an operation depends on that needs a scope; it is given the :class:`Caller`."""
    return Security(  # type: ignore[no-any-return]
        caller_of, scopes=[scope]
    )
