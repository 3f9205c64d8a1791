"""The command line on a ledger in PostgreSQL, as on one in a file."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.databases import execute

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.app.runs import latest_run
from milepost.bootstrap import open_project
from milepost.cli.following import events_of

SETTINGS = """
[run]
ledger = "env:LEDGER_URL"
project = "{project}"

[tiers.2]
driver = "manual"

[tiers.3]
driver = "command"
"""
PLAN = """# Implementation Plan

- [ ] 1. Build it
  - [ ] 1.1 Compile
    - _Tier: 3_
    - _Run: `echo compiled > out.txt`_
  - [ ] 1.2 Describe
    - _Depends: 1.1_
    - _Tier: 2_
"""


@pytest.fixture
def shared(project: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, whose ledger is in a database."""
    monkeypatch.setenv("LEDGER_URL", postgres_url)
    (project / "milepost.toml").write_text(SETTINGS.format(project=uuid.uuid4().hex))
    (project / "tasks.md").write_text(PLAN)
    return project


def test_a_plan_from_its_first_command_to_its_report(milepost: Milepost, shared: Path) -> None:
    assert milepost("runs").out == "There has been no run yet.\n"
    assert milepost("ledger", "verify").code == 3  # there is none yet
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1  # a person has to do the rest
    assert (shared / "out.txt").read_text() == "compiled\n"
    assert (shared / ".milepost" / ".gitignore").read_text() == "*\n"
    assert not list((shared / ".milepost").glob("ledger.db*"))
    assert milepost("next", "--json").json["tasks"][0]["id"] == "1.2"
    assert milepost("claim", "tasks.md", "1.2").code == 0
    assert "▶ 1.2" in milepost("status").out
    assert milepost("done", "tasks.md", "1.2").code == 0
    assert "[x] 1.2" in (shared / "tasks.md").read_text()
    assert milepost("status", "--json").json["outcome"] == "finished"
    assert "2/2 tasks done" in milepost("report").out
    assert "1.2 done" in milepost("log").out
    assert milepost("runs", "--json").json[0]["done"] == 2
    assert "intact" in milepost("ledger", "verify").out
    assert milepost("trace", "tasks.md").code in (0, 3)  # the plan has no requirements
    assert milepost("forecast", "tasks.md").code == 0
    assert milepost("gc", "--older-than", "0").code == 0


def test_who_follows_is_told_of_what_others_do(milepost: Milepost, shared: Path) -> None:
    """`log --follow` ends with the run: it does only if it hears of its end."""
    milepost("run", "tasks.md", "--trust", "--no-wait")
    session = latest_run(open_project("tasks.md").ledger, "tasks.md")
    assert session
    heard: list[str] = []

    def follow() -> None:
        heard.extend(type(event).__name__ for event in events_of(session))

    follower = threading.Thread(target=follow)
    follower.start()
    milepost("claim", "tasks.md", "1.2")
    milepost("done", "tasks.md", "1.2")
    follower.join(60)
    assert heard[0] == "RunStarted"
    assert heard[-1] == "RunFinished"
    session.ledger.close()


def test_events_move_between_file_and_database(milepost: Milepost, shared: Path) -> None:
    settings = (shared / "milepost.toml").read_text()
    (shared / "milepost.toml").write_text(settings.replace("ledger =", "# ledger ="))
    milepost("run", "tasks.md", "--trust", "--no-wait")
    before = milepost("ledger", "export").out
    count = len(before.splitlines())
    (shared / "events.jsonl").write_text(before)
    (shared / "milepost.toml").write_text(settings)
    assert milepost("ledger", "import", "events.jsonl").out == f"{count} events added\n"
    assert milepost("ledger", "export").out == before
    assert milepost("claim", "tasks.md", "1.2").code == 0  # the run goes on there
    assert milepost("ledger", "backup", "copy.db").code == 0
    (shared / ".milepost" / "ledger.db").unlink()
    for rest in (shared / ".milepost").glob("ledger.db-*"):
        rest.unlink()
    (shared / "copy.db").rename(shared / ".milepost" / "ledger.db")
    (shared / "milepost.toml").write_text(settings.replace("ledger =", "# ledger ="))
    assert milepost("ledger", "verify").out == f"{count + 1} events in 1 run: intact\n"
    assert milepost("done", "tasks.md", "1.2").code == 0


def test_migrate_and_rebuild(
    milepost: Milepost, shared: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_URL", empty_database)
    assert milepost("ledger", "migrate").out == "laid out with schema number 1\n"
    assert milepost("ledger", "migrate", "--json").json == {"before": 1, "after": 1}
    milepost("claim", "tasks.md", "1.1")
    assert milepost("ledger", "rebuild", "--json").json["runs"] == 1


def test_the_doctor_looks_at_the_server(milepost: Milepost, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    milepost("run", "tasks.md", "--trust", "--no-wait")
    found = {line["name"]: line for line in milepost("doctor", "--json").json}
    assert "intact" in found["ledger"]["text"]
    assert all(word in found["ledger server"]["text"] for word in ("PostgreSQL", " ms", "schema 1"))
    monkeypatch.delenv("LEDGER_URL")
    ill = milepost("doctor", "--json")
    assert ill.code == 1
    assert next(line for line in ill.json if line["name"] == "ledger")["health"] == "bad"


@pytest.mark.parametrize("command", ["run", "status", "claim", "runs", "log", "report"])
def test_a_newer_schema(
    milepost: Milepost, shared: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("LEDGER_URL", empty_database)
    milepost("ledger", "migrate")
    execute(empty_database, "UPDATE milepost.alembic_version SET version_num = '0002'")
    found = milepost(command, "tasks.md", *{"claim": ["1.2"], "run": ["--trust"]}.get(command, []))
    assert found.code == 1
    assert "schema is number 2" in found.err
    assert "help: update Milepost" in found.err


def test_the_password_is_never_shown(milepost: Milepost, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_URL", "postgresql://ann:sesame-0815@127.0.0.1:1/plans")
    monkeypatch.setattr(
        PostgresLedger.__init__, "__kwdefaults__", {"patience": 0.1, "first_patience": 0.1, "known": None}
    )
    for arguments in (("status",), ("doctor",), ("status", "--json"), ("ledger", "verify")):
        found = milepost(*arguments)
        assert found.code == 1
        assert "postgresql://ann@127.0.0.1:1/plans" in found.out + found.err
        assert "sesame" not in found.out + found.err


def told(milepost: Milepost, settings: str) -> tuple[int, str]:
    Path("milepost.toml").write_text(f"[run]\n{settings}\n")
    found = milepost("status", "tasks.md", "--json")
    error = json.loads(found.out)["error"]
    return found.code, f"{error['message']} {error['place']} {error['remedy']}"


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ('ledger = "mysql://ann:sesame@host/plans"', 3, "no address milepost.toml:2 postgresql://"),
        ('ledger = "env:LEDGER_URL"', 3, "needs a name milepost.toml:2 project ="),
        ('ledger = "env:LEDGER_URL"\nproject = "a\\nb"', 3, "no name milepost.toml:3"),
        ("ledger = 3", 3, "wrong type milepost.toml:2"),
        ('ledger = "env:NOT_THERE"\nproject = "shop"', 1, "env:NOT_THERE cannot be read milepost.toml"),
        ('ledger = "file:nowhere"\nproject = "shop"', 1, "file:nowhere cannot be read"),
        ('ledger = "postgresql://ann:sesame@host:x/plans"\nproject = "shop"', 1, "cannot be read postgresql://USER"),
    ],
)
def test_settings_that_name_no_ledger(milepost: Milepost, shared: Path, settings: str, code: int, words: str) -> None:
    found = told(milepost, settings)
    assert found[0] == code
    assert all(word in found[1] for word in words.split())
    assert "sesame" not in found[1]


@pytest.mark.parametrize("text", ["", "${LEDGER_URL}", "${LEDGER_URL:-}", "${env:LEDGER_URL}", "{env:LEDGER_URL}"])
def test_a_variable_that_the_program_of_an_agent_does_not_have_either(
    milepost: Milepost, shared: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("LEDGER_URL", text)
    refused = milepost("claim", "tasks.md", "1.1")
    assert (refused.code, "env:LEDGER_URL cannot be read" in refused.err) == (1, True)
    assert "set the variable LEDGER_URL where this program is started" in refused.err
    assert "milepost agents init" in refused.err


def test_an_address_in_a_file(milepost: Milepost, shared: Path, postgres_url: str) -> None:
    (shared / ".secret").write_text(f"{postgres_url}\n")
    settings = (shared / "milepost.toml").read_text()
    (shared / "milepost.toml").write_text(settings.replace("env:LEDGER_URL", "file:.secret"))
    assert milepost("claim", "tasks.md", "1.1").code == 0


def test_the_extra_is_not_installed(milepost: Milepost, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    found = milepost("status", "tasks.md")
    assert found.code == 1
    assert "pip install 'milepost[postgres]'" in found.err
