"""``milepost token``: who may use the HTTP API, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from milepost.app.tokens import SCOPES, TokenStore
from milepost.bootstrap import wall_clock
from milepost.cli.options import json_option, say, say_json
from milepost.cli.text import clock

if TYPE_CHECKING:
    from milepost.app.tokens import Token


@click.group
def command() -> None:
    """Make, list and revoke the tokens by which `milepost serve` knows who asks.

    Scopes: `read` looks on; `work` also claims, completes and fails tasks; `approve` also signs off checkpoints;
    `admin` does everything. Only a digest of a token is kept, in your own state folder.
    """


_UNITS = {"m": 60, "h": 3600, "d": 86400}

command.epilog = "Example: milepost token create --name ci --scope work --ttl 30d"


def _ttl(_context: click.Context, _option: click.Parameter, given: str | None) -> float | None:
    """A lifetime in seconds of real time: days have 24 hours here."""
    if given is None or given == "never":
        return None
    number, unit = given[:-1], given[-1:]
    if not (number.isascii() and number.isdecimal() and len(number) < 6 and int(number) and unit in _UNITS):
        raise click.BadParameter(f"`{given}` is no length of time, such as 90m, 12h, 30d, or never")
    return float(int(number) * _UNITS[unit])


@command.command("create")
@click.option("--name", required=True, help="Who it is for; recorded in the ledger as who acts.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("read",),
    show_default=True,
    help="For what.",
)
@click.option("--ttl", callback=_ttl, default="30d", show_default=True, help="How long it lives: 12h, 30d, never.")
@json_option
def create_command(name: str, scopes: tuple[str, ...], ttl: float | None, as_json: bool) -> None:
    """Make a token and print it, this once: only its digest is kept."""
    text, token = TokenStore().create(name, scopes, now=wall_clock(), seconds=ttl)
    if as_json:
        say_json({"token": text, **_as_json(token)})
        return
    say(text)
    say(f"for {name}, may {', '.join(token.scopes)}, {_until(token)}; it is not shown again", err=True)


@command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the tokens there are."""
    tokens = TokenStore().all()
    if as_json:
        say_json([_as_json(token) for token in tokens])
        return
    for token in tokens:
        over = " (expired)" if token.expired(wall_clock()) else ""
        say(f"{token.id}  {token.name}  {', '.join(token.scopes)}  {_until(token)}{over}")
    if not tokens:
        say("There is no token.")


@command.command("revoke")
@click.argument("token", metavar="ID|NAME")
@json_option
def revoke_command(token: str, as_json: bool) -> None:
    """Take a token back, at once, on servers that run as well."""
    found = TokenStore().revoke(token)
    say_json(_as_json(found)) if as_json else say(f"{found.name} ({found.id}) is revoked")


def _until(token: Token) -> str:
    return "for ever" if token.expires_at is None else f"until {clock(token.expires_at)}"


def _as_json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
