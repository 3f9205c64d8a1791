"""The schema of a ledger in PostgreSQL: laid out when the first event comes, brought up to date when somebody asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from milepost.adapters.postgres_link import SCHEMA, Link, read_schema
from milepost.errors import LedgerUnavailable

if TYPE_CHECKING:
    from milepost.adapters.postgres_link import Connection

MIGRATIONS = Path(__file__).parent / "postgres_migrations"
_LOCK = 0x4D50_5354_0000_0001
"""The number of the lock that whoever changes the schema holds."""

# The schema itself may have been made by an administrator: then the user need not be allowed to make one.
_NAMESPACE = """
DO $$ BEGIN
    IF to_regnamespace('milepost') IS NULL THEN CREATE SCHEMA milepost; END IF;
END $$;
"""
_STAMP = """
CREATE TABLE milepost.alembic_version (
    version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY
);
"""


def lay_out(connection: Connection) -> None:
    """Make the tables in a database that has none, in one step; one process at a time. Raises ``psycopg.Error``."""
    script = (MIGRATIONS / "schema.sql").read_text("utf-8")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if connection.execute("SELECT to_regclass('milepost.alembic_version')").fetchone() != (None,):
            return
        connection.execute((_NAMESPACE + _STAMP + script).encode())
        connection.execute("INSERT INTO milepost.alembic_version VALUES (%s)", (f"{SCHEMA:04}",))


def migrate(link: Link, locations: tuple[Path, ...] = (MIGRATIONS / "versions",)) -> tuple[int, int]:
    """Take every step that is missing, each in a transaction of its own; gives the numbers before (0: none) and after.

    Raises:
        LedgerUnavailable: the extra is missing, the server refuses, or its schema is newer.
    """
    link.migrating = True
    try:
        before = link.run(read_schema) or 0
        _upgrade(link, locations)
        link.close()
        return before, link.run(read_schema) or 0
    finally:
        link.migrating = False


def _upgrade(link: Link, locations: tuple[Path, ...]) -> None:
    try:
        import sqlalchemy
        from alembic import command
        from alembic.config import Config
    except ImportError:
        raise LedgerUnavailable(
            "migrating needs alembic", place=str(link.address), remedy="pip install 'milepost[postgres]'"
        ) from None
    parameters = link.address.parameters
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", connect_args=parameters, poolclass=sqlalchemy.pool.NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, locations)))
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.execute(sqlalchemy.text(_NAMESPACE))
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except sqlalchemy.exc.DBAPIError as error:
        import psycopg

        cause = error.orig if isinstance(error.orig, psycopg.Error) else psycopg.OperationalError(str(error.orig))
        raise link.explained(cause) from None
    finally:
        engine.dispose()
