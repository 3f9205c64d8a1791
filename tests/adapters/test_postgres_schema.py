"""The schema in PostgreSQL: what is laid out is what the migrations lead to, and each of them is taken or not."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from tests.databases import execute

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.adapters.postgres_link import SCHEMA, Address, Link
from milepost.adapters.postgres_schema import MIGRATIONS, migrate
from milepost.app.ledgers import verify
from milepost.errors import LedgerUnavailable
from milepost.execution.events import TaskCompleted

VERSIONS = MIGRATIONS / "versions"
STEPS = sorted(VERSIONS.glob("v*.py"))
FROZEN = sorted((Path(__file__).parents[1] / "fixtures" / "ledgers").glob("postgres-*.sql"))
"""Ledgers with each schema there ever was, by its number, holding a run of two events; they are never changed."""

_COLUMNS = """
SELECT table_name, column_name, ordinal_position, data_type, is_nullable, is_identity, collation_name
FROM information_schema.columns WHERE table_schema = 'milepost' ORDER BY 1, 3
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'milepost'::regnamespace ORDER BY 1, 2
"""
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'milepost' ORDER BY 1, 2"
_TRIGGERS = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
_FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'milepost'::regnamespace ORDER BY 1"
_OPTIONS = """
SELECT relname, reloptions::text, obj_description(oid) FROM pg_class
WHERE relnamespace = 'milepost'::regnamespace ORDER BY 1
"""
_VERSION = "SELECT version_num FROM milepost.alembic_version"
_WHAT_THERE_IS = (_COLUMNS, _CONSTRAINTS, _INDEXES, _TRIGGERS, _FUNCTIONS, _OPTIONS, _VERSION)


def completed(task: str) -> TaskCompleted:
    return TaskCompleted(at=1.0, task=task, attempt_no=1, by="w")


def found(url: str, queries: tuple[str, ...] = _WHAT_THERE_IS) -> list[list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        return [connection.execute(query.encode()).fetchall() for query in queries]


@pytest.fixture
def another_database(postgres_url: str) -> str:
    """The database of this process, without a schema."""
    execute(postgres_url, "DROP SCHEMA IF EXISTS milepost CASCADE")
    return postgres_url


def test_what_is_laid_out_is_what_all_migrations_lead_to(empty_database: str, another_database: str) -> None:
    PostgresLedger(empty_database, "shop").append("a#1", 0, [completed("1")])
    assert PostgresLedger(another_database, "shop").migrate() == (0, SCHEMA)
    assert found(empty_database) == found(another_database)


def test_steps_are_numbered_without_a_gap_and_none_goes_back() -> None:
    assert [int(re.findall(r"\d+", step.name)[0]) for step in STEPS] == list(range(1, SCHEMA + 1))
    assert not [step.name for step in STEPS if "def downgrade" in step.read_text("utf-8")]


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    assert ledger.migrate() == (0, SCHEMA)
    ledger.append("a#1", 0, [completed("1")])
    assert ledger.migrate() == (SCHEMA, SCHEMA)
    assert ledger.append("a#1", 1, [completed("2")]) == 2


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.stem)
def test_every_schema_there_ever_was_can_be_brought_up_to_date(
    empty_database: str, another_database: str, frozen: Path
) -> None:
    execute(empty_database, frozen.read_text("utf-8"))
    ledger = PostgresLedger(empty_database, "shop")
    assert ledger.migrate() == (int(frozen.stem[-4:]), SCHEMA)
    assert [type(event).__name__ for event in ledger.read("tasks.md#1")] == ["AttemptStarted", "TaskCompleted"]
    assert ledger.append("tasks.md#1", 2, [completed("2")]) == 3
    assert verify(ledger).faults == ()
    PostgresLedger(another_database, "shop").migrate()
    assert found(empty_database) == found(another_database)


def test_every_schema_has_its_frozen_ledger() -> None:
    assert [int(path.stem[-4:]) for path in FROZEN] == list(range(1, SCHEMA + 1))


GOOD = "op.execute('CREATE TABLE milepost.thing ()')"
BAD = "op.execute('CREATE TABLE milepost.half ()'); op.execute('SELECT 1 / 0')"


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A step that works after the last one, and one after that that fails half way."""
    for number, body in ((SCHEMA + 1, GOOD), (SCHEMA + 2, BAD)):
        text = (
            f"from alembic import op\nrevision = '{number:04}'\ndown_revision = '{number - 1:04}'\n"
            f"def upgrade():\n    {body}\n"
        )
        (tmp_path / f"v{number:04}.py").write_text(text)
    return tmp_path


def test_a_step_is_taken_entirely_or_not_at_all(
    empty_database: str, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    ledger.append("a#1", 0, [completed("1")])
    monkeypatch.setattr("milepost.adapters.postgres_link.SCHEMA", SCHEMA + 2)
    link = Link(Address.parse(empty_database))
    with pytest.raises(LedgerUnavailable, match="division by zero"):
        migrate(link, (VERSIONS, steps))
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'milepost' ORDER BY 1"
    kept, number = found(empty_database, (tables, _VERSION))
    assert kept == [("alembic_version",), ("event",), ("stream",), ("thing",)]
    assert number == [(f"{SCHEMA + 1:04}",)]
    (steps / f"v{SCHEMA + 2:04}.py").write_text(
        (steps / f"v{SCHEMA + 2:04}.py").read_text().replace("SELECT 1 / 0", "SELECT 1")
    )
    assert migrate(link, (VERSIONS, steps)) == (SCHEMA + 1, SCHEMA + 2)
    monkeypatch.undo()
    with pytest.raises(LedgerUnavailable, match=f"schema is number {SCHEMA + 2}"):
        PostgresLedger(empty_database, "shop").read("a#1")


def test_an_older_schema_is_refused_until_it_is_migrated(
    empty_database: str, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresLedger(empty_database, "shop").append("a#1", 0, [completed("1")])
    monkeypatch.setattr("milepost.adapters.postgres_link.SCHEMA", SCHEMA + 1)
    newer = PostgresLedger(empty_database, "shop")
    for work in (lambda: newer.read("a#1"), lambda: newer.append("a#1", 1, [completed("2")])):
        with pytest.raises(LedgerUnavailable, match="needs 2") as caught:
            work()
        assert "milepost ledger migrate" in caught.value.remedy
    (steps / f"v{SCHEMA + 2:04}.py").unlink()
    assert migrate(newer.link, (VERSIONS, steps)) == (SCHEMA, SCHEMA + 1)
    assert newer.read("a#1") == [completed("1")]
    assert verify(newer).faults == ()


def test_a_newer_schema_is_refused(empty_database: str) -> None:
    ledger = PostgresLedger(empty_database, "shop")
    ledger.append("a#1", 0, [completed("1")])
    execute(empty_database, "UPDATE milepost.alembic_version SET version_num = '0099'")
    for work in (PostgresLedger(empty_database, "shop").migrate, PostgresLedger(empty_database, "shop").exists):
        with pytest.raises(LedgerUnavailable, match="99") as caught:
            work()
        assert "newer version" in caught.value.remedy
