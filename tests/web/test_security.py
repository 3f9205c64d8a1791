"""Who may do what, and what nobody may: a test for each line of defence."""

from __future__ import annotations

import hmac
import json
import logging
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.web.conftest import Running, Site, make_site, start, stop

from milepost.app.tokens import TokenStore
from milepost.errors import TokensUnusable, UnknownName, UsageError
from milepost.web.access import Access, RateLimit

PLANS = "/api/v1/plans"
CLAIM = f"{PLANS}/lighthouse/tasks/1.3/claim"


@pytest.fixture(scope="module")
def guarded(shared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that asks everybody for a token."""
    site = make_site(tmp_path_factory.mktemp("guarded") / "site")
    access = Access(site.tokens, True, "tester", rate=RateLimit(1e6, 1e6), failures=RateLimit(1e6, 1e6))
    running = start(site, access)
    yield running
    stop(running)


def raw(running: Running, request: str) -> str:
    """Send a request as it is written, and give the answer."""
    host, _, port = running.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(request.replace("\n", "\r\n").encode())
        found = b""
        while part := line.recv(65536):
            found += part
    return found.decode()


def test_without_a_token_nothing_is_told(guarded: Running) -> None:
    client = guarded.client()
    document = guarded.client(guarded.site.token("describer", "read")).get("/api/v1/openapi.json").json()

    for path, operations in document["paths"].items():
        for method in operations:
            place = path.format(plan="lighthouse", task="1.3", run="1", checkpoint="Checkpoint 1")
            answer = client.request(method, place)
            expected = 200 if path in ("/api/v1/health", "/api/v1/ready") else 401
            assert answer.status_code == expected, (method, path)
    assert client.get(PLANS).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", [".", "nonsense", "mst_00000000_", "mst_é", "mst_00000000_" + "A" * 43])
def test_a_wrong_token_is_refused(guarded: Running, token: str) -> None:
    answer = guarded.client().get(PLANS, headers=[(b"Authorization", f"Bearer {token}".encode())])
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_wrong_token_is_refused_where_none_is_needed(looked_at: Running) -> None:
    assert looked_at.client("mst_00000000_x").get(PLANS).status_code == 401


SCOPED = [
    ("GET", PLANS, {"read", "work", "approve", "admin"}),
    ("POST", CLAIM, {"work", "admin"}),
    ("POST", f"{PLANS}/lighthouse/fixes", {"work", "admin"}),
    ("POST", f"{PLANS}/lighthouse/checkpoints/Checkpoint 1/approve", {"approve", "admin"}),
    ("POST", f"{PLANS}/lighthouse/runs/1/pause", {"admin"}),
]


@pytest.mark.parametrize("scope", ["read", "work", "approve", "admin"])
def test_a_token_may_what_its_scope_says(guarded: Running, scope: str) -> None:
    client = guarded.client(guarded.site.token(f"only {scope}", scope))
    for method, path, enough in SCOPED:
        answer = client.request(method, path, json={} if method == "POST" else None)
        assert (answer.status_code == 403) == (scope not in enough), (method, path, answer.text)


def test_the_description_says_which_scope_each_operation_needs(guarded: Running) -> None:
    paths = guarded.client(guarded.site.token("reads it", "read")).get("/api/v1/openapi.json").json()["paths"]
    needed = {
        f"{method} {path}": operation.get("security", [{}])[0].get("token")
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert {name for name, scopes in needed.items() if not scopes} == {"get /api/v1/health", "get /api/v1/ready"}
    assert needed["post /api/v1/plans/{plan}/tasks/{task}/claim"] == ["work"]
    assert needed["post /api/v1/plans/{plan}/checkpoints/{checkpoint}/approve"] == ["approve"]
    assert needed["post /api/v1/plans/{plan}/runs"] == ["admin"]


def test_who_acts_is_the_token_whatever_the_body_says(served: Running) -> None:
    client = served.client(served.site.token("robot", "work"))
    assert client.post(CLAIM, json={"by": "the boss"}).json()["worker"] == "robot/the boss"


def test_a_revoked_token_and_an_expired_one_are_refused_at_once(guarded: Running) -> None:
    store = guarded.site.tokens
    text, token = store.create("short", ["read"], now=time.time(), seconds=3600)
    old, _ = store.create("old", ["read"], now=time.time() - 10, seconds=5)
    client = guarded.client(text)
    assert client.get(PLANS).status_code == 200
    assert guarded.client(old).get(PLANS).status_code == 401
    TokenStore(store.path).revoke(token.id)  # as another process does
    assert client.get(PLANS).status_code == 401


def test_only_digests_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "deep" / "tokens.json")
    text, token = store.create("ada", ["work", "read"], now=0.0, seconds=None)

    kept = store.path.read_text()
    assert text.split("_", 2)[2] not in kept
    assert json.loads(kept)["tokens"][0]["scopes"] == ["read", "work"]
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert store.verify(text, 1e12) == token


def test_digests_are_compared_in_constant_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TokenStore(tmp_path / "tokens.json")
    text, _ = store.create("ada", ["read"], now=0.0, seconds=None)
    compared: list[tuple[int, int]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    store.verify(text, 0.0)
    store.verify("mst_ffffffff_unknown", 0.0)

    assert compared == [(64, 64), (64, 64)]  # of an unknown token too, and always whole digests


def test_a_store_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens.json")
    store.path.write_text("{")
    with pytest.raises(TokensUnusable, match="it holds something else"):
        store.verify("mst_x_y", 0.0)
    store.path.unlink()
    store.create("ada", ["read"], now=0.0, seconds=None)
    with pytest.raises(UsageError, match="there is a token called ada"):
        store.create("ada", ["read"], now=0.0, seconds=None)
    with pytest.raises(UnknownName, match="no token called bob"):
        store.revoke("bob")


def test_each_token_has_a_rate(site: Site) -> None:
    running = start(site, Access(site.tokens, True, rate=RateLimit(0.001, 3)))
    try:
        one, other = (running.client(site.token(name, "read")) for name in ("one", "other"))
        assert [one.get(PLANS).status_code for _ in range(4)] == [200, 200, 200, 429]
        late = one.get(PLANS)
        assert (late.json()["code"], int(late.headers["retry-after"]) > 1) == ("too-many-requests", True)
        assert other.get(PLANS).status_code == 200
    finally:
        stop(running)


def test_guessing_tokens_becomes_slow(site: Site) -> None:
    running = start(site, Access(site.tokens, True, failures=RateLimit(0.001, 3)))
    try:
        guesser = running.client("mst_00000000_guess")
        assert [guesser.get(PLANS).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    finally:
        stop(running)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "8.8.8.8", "a@localhost", "[::2]", ""]
)
def test_the_server_answers_to_its_own_names_only(looked_at: Running, host: str) -> None:
    answer = looked_at.client().get(PLANS, headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:80"])
def test_the_server_answers_to_its_own_names(looked_at: Running, host: str) -> None:
    assert looked_at.client().get(PLANS, headers={"Host": host}).status_code == 200


def test_two_host_headers_are_none(looked_at: Running) -> None:
    answer = raw(looked_at, f"GET {PLANS} HTTP/1.1\nHost: localhost\nHost: evil.example\nConnection: close\n\n")
    assert answer.startswith(("HTTP/1.1 421", "HTTP/1.1 400"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_a_page_of_another_site_changes_nothing(served: Running, client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.post(CLAIM, json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")
    assert client.get(f"{PLANS}/lighthouse/tasks/1.3").json()["status"] == "pending"


def test_a_page_of_the_server_itself_may_act(served: Running, client: httpx.Client) -> None:
    own = {"Origin": served.address, "Sec-Fetch-Site": "same-origin"}
    assert client.post(CLAIM, json={}, headers=own).status_code == 200


def test_a_cookie_is_guarded_against_other_sites_as_a_token_in_a_header_need_not_be(guarded: Running) -> None:
    token = guarded.site.token("with cookie", "work")
    with_cookie = guarded.client()
    with_cookie.cookies.set("milepost_token", token)
    foreign = {"Origin": "https://evil.example"}
    path = f"{PLANS}/lighthouse/tasks/1.2/block"

    assert with_cookie.get(PLANS).status_code == 200
    assert with_cookie.post(path, json={"reason": "x"}, headers=foreign).status_code == 403
    assert guarded.client(token).post(f"{PLANS}/lighthouse/fixes", json={}, headers=foreign).status_code == 200


def test_a_form_of_another_site_cannot_pass_for_json(client: httpx.Client) -> None:
    answer = client.post(CLAIM, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code in (400, 415)


def test_no_other_origin_may_read(looked_at: Running) -> None:
    client = looked_at.client()
    asked = client.get(PLANS, headers={"Origin": "https://evil.example"})
    preflight = client.options(
        CLAIM, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    for answer in (asked, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert asked.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", [PLANS, "/api/v1/health", f"{PLANS}/nowhere", "/nowhere", "/api/v1/openapi.json"])
def test_every_answer_tells_browsers_to_be_careful(looked_at: Running, path: str) -> None:
    headers = looked_at.client().get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert "server" not in headers


def test_a_link_does_not_lead_out_of_the_served_folder(site: Site) -> None:
    secret = site.root.parent / "secret"
    secret.mkdir()
    (secret / "tasks.md").write_text("# Secret\n\n- [ ] **1** The password is swordfish\n")
    (site.root / "specs" / "way-out").symlink_to(secret)
    (site.root / "specs" / "file").mkdir()
    (site.root / "specs" / "file" / "tasks.md").symlink_to(secret / "tasks.md")
    (secret / "requirements.md").write_text("1. **REQ-9:** It shall be called swordfish.\n")
    (site.root / "specs" / "harbour" / "requirements.md").unlink()
    (site.root / "specs" / "harbour" / "requirements.md").symlink_to(secret / "requirements.md")
    running = start(site)
    try:
        client = running.client()
        assert [plan["id"] for plan in client.get(PLANS).json()["items"]] == ["harbour", "lighthouse"]
        assert "swordfish" not in client.get(f"{PLANS}/harbour/traceability").text
        site.plan.unlink()
        site.plan.symlink_to(secret / "tasks.md")  # while it is being served
        assert "swordfish" not in client.get(f"{PLANS}/lighthouse").text
    finally:
        stop(running)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/plans/../../../etc/passwd",
        "/api/v1/plans/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/v1/plans/..%2f..%2fmilepost.toml",
        "/api/v1/plans/%252e%252e/",
        "/api/v1/plans/lighthouse%00",
        "/api/v1/plans/lighthouse/tasks/..%2f..%2f..%2fetc%2fpasswd/log",
        "/api/v1/plans/lighthouse/tasks/%2e%2e/log",
        "/api/v1/plans/lighthouse/tasks/%F0%9F%97%BC",
        "/api/v1/plans/lighthouse/tasks/%ff%fe",
        "/api/v1/plans/lighthouse/checkpoints/..",
        "/assets/../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/app.py",
        "//etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_served_folders(looked_at: Running, path: str) -> None:
    answer = raw(looked_at, f"GET {path} HTTP/1.1\nHost: localhost\nConnection: close\n\n")
    assert answer.startswith("HTTP/1.1 404"), answer
    assert "root:" not in answer
    assert "tiers.1" not in answer


def test_a_log_that_is_a_link_elsewhere_is_not_shown(served: Running, client: httpx.Client, tmp_path: Path) -> None:
    from milepost.bootstrap import open_project

    project = open_project(str(served.site.plan))
    log = project.attempt_log(project.ledger.streams()[-1].name, "1.2", 1)
    project.close()
    log.parent.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("swordfish")
    log.symlink_to(tmp_path / "secret.txt")
    shown = client.get(f"{PLANS}/lighthouse/tasks/1.2/log").json()
    assert (shown["text"], shown["size"]) == ("", 0)


def test_the_log_of_the_server_holds_no_token_and_no_environment(
    guarded: Running,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_SECRET", "swordfish")
    token = guarded.site.token("logged", "admin")
    client = guarded.client(token)
    client.get(PLANS)
    client.get(f"{PLANS}?token={token}")
    client.post(f"{PLANS}/lighthouse/tasks/9.9/claim", json={})
    client.post(f"{PLANS}/lighthouse/tasks/1.2/complete", content=b"{")
    monkeypatch.setattr("milepost.web.plan_facts.summary", lambda plan: 1 / 0)
    assert client.get(PLANS).json()["code"] == "internal-error"

    out, err = capfd.readouterr()
    own = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    for text in (out, err, own):
        assert token not in text
        assert "swordfish" not in text
