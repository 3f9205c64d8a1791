"""Whatever happens to the files and to the requests, each request gets an answer that says what is wrong."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.web.conftest import Running

PLANS = "/api/v1/plans"
PLAN = f"{PLANS}/lighthouse"
OF_PLAN = (
    "",
    "/diagnostics",
    "/schedule",
    "/forecast",
    "/network",
    "/runs",
    "/tasks",
    "/checkpoints",
    "/tiers",
    "/workers",
)


def codes(client: httpx.Client) -> set[tuple[int, str]]:
    """The statuses and codes of everything that can be asked of the plan."""
    found = [client.get(f"{PLAN}{part}") for part in OF_PLAN]
    return {(answer.status_code, answer.json().get("code", "")) for answer in found}


def state_of(client: httpx.Client, plan: str) -> Any:
    items = client.get(PLANS).json()["items"]
    return next((item for item in items if item["id"] == plan), None)


def test_a_plan_that_stops_parsing_and_starts_again(served: Running, client: httpx.Client) -> None:
    text = served.site.plan.read_text()
    assert codes(client) == {(200, "")}
    served.site.plan.write_text("Nothing to do here.\n")
    assert codes(client) == {(422, "no-tasks-found")}
    assert (state_of(client, "lighthouse")["state"], state_of(client, "lighthouse")["problem"]["code"]) == (
        "unreadable",
        "no-tasks-found",
    )
    served.site.plan.write_bytes(b"\x00\x01binary")
    assert codes(client) == {(422, "plan-unreadable")}
    served.site.plan.write_text(text)
    assert codes(client) == {(200, "")}


def test_a_plan_with_a_cycle_is_shown_but_not_run(served: Running, client: httpx.Client) -> None:
    served.site.plan.write_text(
        served.site.plan.read_text().replace(
            "**1.1** Survey the rock", "**1.1** Survey the rock\n  - _Depends on: 1.3_"
        )
    )
    plan = client.get(PLAN)
    assert (plan.status_code, plan.json()["state"], plan.json()["problem"]["code"]) == (200, "invalid", "plan-invalid")
    assert client.get(f"{PLAN}/diagnostics").json()["errors"] >= 1
    started = client.post(f"{PLAN}/runs", json={})
    assert (started.status_code, started.json()["code"]) == (409, "plan-invalid")


def test_settings_that_stop_parsing(served: Running, client: httpx.Client) -> None:
    (served.site.root / "milepost.toml").write_text("[tiers")
    assert codes(client) == {(422, "settings-invalid")}


def test_a_file_that_is_deleted(served: Running, client: httpx.Client) -> None:
    client.get(PLANS)
    served.site.plan.unlink()
    assert codes(client) <= {(404, "unknown-name"), (404, "plan-unreadable")}
    assert client.get(f"{PLANS}/harbour").status_code == 200


def test_a_file_that_is_replaced_by_a_folder(served: Running, client: httpx.Client) -> None:
    client.get(PLANS)
    served.site.plan.unlink()
    served.site.plan.mkdir()
    found = client.get(PLAN)
    assert (found.status_code, found.json()["code"]) in {(422, "plan-unreadable"), (404, "unknown-name")}


def test_a_plan_that_appears_is_served(served: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(PLANS)
    shutil.copytree(served.site.root / "specs" / "harbour", served.site.root / "specs" / "quay")
    assert client.get(f"{PLANS}/quay").status_code in (200, 404)  # found at the latest when the list is made anew
    monkeypatch.setattr("milepost.web.portfolio.SCAN_SECONDS", 0.0)
    assert client.get(f"{PLANS}/quay").status_code == 200


def test_a_ledger_that_is_lost(served: Running, client: httpx.Client) -> None:
    assert state_of(client, "lighthouse")["run"]["number"] == 1
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (served.site.root / ".milepost" / name).unlink(missing_ok=True)
    assert state_of(client, "lighthouse")["run"] is None
    assert client.get(f"{PLAN}/runs/1").status_code == 404


def test_a_ledger_that_is_damaged(served: Running, client: httpx.Client) -> None:
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (served.site.root / ".milepost" / name).unlink(missing_ok=True)
    (served.site.root / ".milepost" / "ledger.db").write_bytes(b"not a database" * 1000)

    ready = client.get("/api/v1/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "ledger-unavailable")
    assert "retry-after" in ready.headers
    assert state_of(client, "lighthouse")["state"] in ("unavailable", "invalid")
    claim = client.post(f"{PLAN}/tasks/1.3/claim", json={})
    assert (claim.status_code, claim.json()["code"]) == (503, "ledger-unavailable")
    assert client.get("/api/v1/health").status_code == 200


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow beyond 4 kB, as on a disk that is full."""
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_disk_that_is_full(served: Running, client: httpx.Client) -> None:
    with full_disk():
        claim = client.post(f"{PLAN}/tasks/1.3/claim", json={})
        with_key = client.post(f"{PLAN}/tasks/1.3/claim", json={}, headers={"Idempotency-Key": "k"})
    assert (claim.status_code, claim.json()["code"]) == (503, "ledger-unavailable")
    assert with_key.status_code == 503
    assert client.get(f"{PLAN}/tasks/1.3").json()["status"] == "pending"


def test_a_document_that_cannot_be_written_is_told_and_undoes_nothing(served: Running, client: httpx.Client) -> None:
    served.site.plan.chmod(0o444)
    served.site.plan.parent.chmod(0o555)
    try:
        claimed = client.post(f"{PLAN}/tasks/1.3/claim", json={})
    finally:
        served.site.plan.parent.chmod(0o755)
    assert (claimed.status_code, claimed.json()["status"]) == (200, "running")
    if os.geteuid() != 0:  # root may write everywhere
        assert claimed.json()["document_problem"]["code"] == "document-unwritable"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_a_hundred_megabytes(looked_at: Running, chunked: bool) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    part = b"x" * 1_000_000
    content = (part for _ in range(100)) if chunked else iter((part,) * 100)
    headers = {"Content-Type": "application/json"} | ({} if chunked else {"Content-Length": "100000000"})
    answer = looked_at.client().post(f"{PLAN}/runs", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB: it was not kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"claim"',
        b'{"by": 7}',
        b'{"by": ""}',
        b'{"by": " "}',
        b'{"by": "a\\nb"}',
        b'{"by": "a\\u0000b"}',
        b'{"by": "\\ud800"}',
        b'{"tier": "2"}',
        b'{"tier": 2.0}',
        b'{"tier": true}',
        b'{"lease_minutes": NaN}',
        b'{"lease_minutes": 1e999}',
        b'{"unknown": 1}',
        b"\xff\xfe",
        b"[" * 10_000,
    ],
)
def test_a_body_that_is_none(looked_at: Running, body: bytes) -> None:
    answer = looked_at.client().post(
        f"{PLAN}/tasks/1.3/claim", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("cursor", "status"),
    [("%", 400), ("%00", 400), ("", 400), ("🗼", 400), ("a" * 2000, 400), ("AAAA", 404), ("MXg", 404), ("1", 404)],
)
@pytest.mark.parametrize("path", [PLANS, f"{PLAN}/tasks", f"{PLAN}/runs", f"{PLAN}/runs/1/events"])
def test_a_cursor_that_is_none(reader: httpx.Client, path: str, cursor: str, status: int) -> None:
    assert reader.get(path, params={"cursor": cursor}).status_code == status


def test_lists_page_by_cursor(reader: httpx.Client) -> None:
    for path, key in ((PLANS, "id"), (f"{PLAN}/tasks", "id"), (f"{PLAN}/runs/1/events", "version")):
        everything = [item[key] for item in reader.get(path, params={"limit": 1000}).json()["items"]]
        found, cursor = [], None
        while True:
            part = reader.get(path, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
            found += [item[key] for item in part["items"]]
            cursor = part["next_cursor"]
            if cursor is None:
                break
        assert found == everything
        assert len(found) > 1


@pytest.mark.parametrize("task", ["1.3%2F..", "..", "🗼", "%F0%9F%97%BC", "1.3 ", "x" * 201, "%00", "\u202e1.3"])
def test_ids_of_all_kinds(reader: httpx.Client, task: str) -> None:
    answer = reader.get(f"{PLAN}/tasks/{task}")
    assert answer.status_code in (400, 404, 200 if task == ".." else 404)
    assert answer.headers["content-type"] in ("application/problem+json", "application/json")


def test_a_plan_may_be_named_by_anything(
    served: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milepost.web.portfolio.SCAN_SECONDS", 0.0)
    source = served.site.root / "specs" / "harbour"
    for name in ("Größe & Maß", "🗼", "größe-mass", "a b"):
        shutil.copytree(source, served.site.root / "specs" / name)
    ids = [item["id"] for item in client.get(PLANS).json()["items"]]
    assert len(ids) == len(set(ids)) == 6
    assert all(client.get(f"{PLANS}/{each}").status_code == 200 for each in ids)
    assert all(each.replace("-", "").isalnum() and each.isascii() for each in ids)


def test_metrics_are_offered_on_demand_only(reader: httpx.Client) -> None:
    assert reader.get("/api/v1/metrics").status_code == 404


def test_metrics_tell_figures_and_no_text_of_plans(site: Any) -> None:
    from tests.web.conftest import start, stop

    running = start(site, metrics=True)
    try:
        client = running.client()
        client.get(PLANS)
        text = client.get("/api/v1/metrics").text
    finally:
        stop(running)
    lines = text.split("\n")
    assert 'milepost_tasks{plan="lighthouse",status="done"} 1' in lines
    assert "milepost_plans 2" in lines
    assert any(
        line.startswith('milepost_http_requests_total{route="/plans",method="GET",status="200"} 1') for line in lines
    )
    assert "ada" not in text
    assert "Survey" not in text


def test_the_state_folder_of_the_tests_is_their_own(shared_state: Path) -> None:
    assert os.environ["XDG_STATE_HOME"] == str(shared_state)
