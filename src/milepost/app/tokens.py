"""Tokens: who may do what over HTTP. Only their digests are kept, in the user's own state folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from milepost.app.trust import state_folder
from milepost.errors import TokensUnusable, UnknownName, UsageError

SCOPES = ("read", "work", "approve", "admin")
"""``read`` looks; ``work`` also claims, completes, fails; ``approve`` signs off checkpoints too; ``admin`` does all."""

PREFIX = "mst"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token. Times in seconds since 1970; ``expires_at`` None: never. ``digest`` is SHA-256, hex."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    digest: str

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


class TokenStore:
    """The tokens of this user. A change that another process makes is noticed."""

    def __init__(self, path: Path | None = None) -> None:
        """Use the file of this user's state folder, or another one."""
        self.path = path or state_folder() / "tokens.json"
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Token] = {}

    def create(self, name: str, scopes: Iterable[str], *, now: float, seconds: float | None) -> tuple[str, Token]:
        """Make a token that lives so many seconds (None: until it is revoked); its text is never to be had again.

        The text is 256 random bits, so a fast digest cannot be searched.

        Raises:
            UsageError: the name is empty, taken, or no name.
            TokensUnusable: it cannot be recorded.
        """
        if not name.strip() or not name.isprintable() or len(name) > 100:
            raise UsageError("a token needs a printable name", remedy="say who it is for: --name ada")
        live = [token for token in self.all() if not token.expired(now)]
        if any(token.name == name for token in live):
            raise UsageError(f"there is a token called {name}", remedy="revoke it first, or choose another name")
        number, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        text = f"{PREFIX}_{number}_{secret}"
        wanted = tuple(scope for scope in SCOPES if scope in set(scopes))
        token = Token(number, name, wanted, now, None if seconds is None else now + seconds, _digest(text))
        self._write([*live, token])
        return text, token

    def all(self) -> Sequence[Token]:
        """Every token there is, expired or not, in the order in which they were made.

        Raises:
            TokensUnusable: the store cannot be read.
        """
        self._read()
        return list(self._known.values())

    def revoke(self, wanted: str) -> Token:
        """Take back the token of an id or name, at once.

        Raises:
            UnknownName: there is none.
        """
        found = next((token for token in self.all() if wanted in (token.id, token.name)), None)
        if found is None:
            known = ", ".join(token.name for token in self.all()) or "none"
            raise UnknownName(f"there is no token called {wanted}", remedy=f"there is: {known}")
        self._write([token for token in self.all() if token.id != found.id])
        return found

    def verify(self, text: str, now: float) -> Token | None:
        """The living token of a text. The digests are compared in constant time.

        Raises:
            TokensUnusable: the store cannot be read.
        """
        self._read()
        _, _, rest = text.partition(f"{PREFIX}_")
        found = self._known.get(rest.partition("_")[0])
        right = hmac.compare_digest(found.digest if found else _NOBODYS, _digest(text))
        return found if found is not None and right and not found.expired(now) else None

    def _read(self) -> None:
        try:
            state = os.stat(self.path)
        except FileNotFoundError:
            self._seen, self._known = None, {}
            return
        except OSError as error:
            raise self._unusable(error.strerror or "") from None
        seen = (state.st_mtime_ns, state.st_ino)
        if seen == self._seen:
            return
        try:
            entries = json.loads(self.path.read_text("utf-8"))["tokens"]
            known = [Token(**{**entry, "scopes": tuple(entry["scopes"])}) for entry in entries]
        except OSError as error:
            raise self._unusable(error.strerror or "") from None
        except (ValueError, KeyError, TypeError):
            raise self._unusable("it holds something else") from None
        self._seen, self._known = seen, {token.id: token for token in known}

    def _write(self, tokens: Iterable[Token]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(dir=self.path.parent)  # for the owner alone
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"tokens": [asdict(token) for token in tokens]}, file, indent=1)
            os.replace(temporary, self.path)
        except OSError as error:
            raise self._unusable(error.strerror or "") from None
        self._seen = None

    def _unusable(self, why: str) -> TokensUnusable:
        return TokensUnusable(
            f"the store of tokens cannot be used: {why}",
            place=str(self.path),
            remedy="make that file and its folder yours, or move it away: all tokens in it are then revoked",
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


_NOBODYS = _digest("")
