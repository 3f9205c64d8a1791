from __future__ import annotations

import threading
from typing import Any

import httpx
from tests.web.conftest import Running

from milepost.app.tasks import claim
from milepost.bootstrap import open_project

TASKS = "/api/v1/plans/lighthouse/tasks"
GATE = "/api/v1/plans/lighthouse/checkpoints/Checkpoint 1"


def act(client: httpx.Client, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    answer = client.post(path, json=body or {})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_task_is_claimed_kept_and_completed_and_its_box_is_ticked(served: Running, client: httpx.Client) -> None:
    claimed = act(client, f"{TASKS}/1.3/claim", {"by": "lin", "lease_minutes": 5})
    assert (claimed["status"], claimed["worker"], claimed["attempt_no"]) == ("running", "lin", 1)

    beaten = act(client, f"{TASKS}/1.3/heartbeat", {"by": "lin", "attempt_no": 1, "lease_minutes": 60})
    assert beaten["lease_until"] > claimed["lease_until"]

    done = act(client, f"{TASKS}/1.3/complete", {"by": "lin", "attempt_no": 1, "note": "drawn"})
    assert (done["status"], done["document_problem"]) == ("done", None)
    assert "- [x] **1.3**" in served.site.plan.read_text()


def test_who_does_not_say_so_is_the_user_of_the_server(client: httpx.Client) -> None:
    assert act(client, f"{TASKS}/1.3/claim")["worker"] == "tester"


def test_a_claim_that_expired_cannot_complete(served: Running, client: httpx.Client) -> None:
    project = open_project(str(served.site.plan))
    session = project.open_run("tester")
    claim(session, "1.3", worker="slow", now=project.now() - 7200, lease=3600)
    project.close()

    problem = act(client, f"{TASKS}/1.3/complete", {"by": "slow", "attempt_no": 1}, 409)

    assert problem["code"] == "refused"
    assert "attempt 1 does not hold task 1.3 any more" in problem["detail"]


def test_a_task_fails_escalates_blocks_and_goes_on(client: httpx.Client) -> None:
    act(client, f"{TASKS}/1.3/claim", {"by": "lin"})
    assert act(client, f"{TASKS}/1.3/fail", {"by": "lin", "reason": "no ink"})["status"] == "pending"
    act(client, f"{TASKS}/1.3/claim", {"by": "lin"})
    assert act(client, f"{TASKS}/1.3/escalate", {"by": "lin", "reason": "too hard"})["tier"] == 1
    assert act(client, f"{TASKS}/1.3/block", {"reason": "no paper"})["status"] == "blocked"
    assert act(client, f"{TASKS}/1.3/unblock")["status"] == "pending"
    assert act(client, f"{TASKS}/1.3/skip", {"reason": "not needed"})["status"] == "skipped"
    assert act(client, f"{TASKS}/1.3/reopen", {"reason": "needed after all"})["status"] == "pending"


def test_a_refusal_says_why(client: httpx.Client) -> None:
    problem = act(client, f"{TASKS}/2.2/claim", {}, 409)
    assert (problem["code"], "2.1" in problem["detail"]) == ("refused", True)
    assert act(client, f"{TASKS}/9.9/claim", {}, 404)["code"] == "unknown-name"
    assert act(client, f"{TASKS}/1.2/claim", {"by": "lin"}, 409)["detail"].count("grace") == 1


def test_of_two_approvals_at_once_one_counts(client: httpx.Client) -> None:
    for task in ("1.2", "1.3"):
        act(client, f"{TASKS}/{task}/complete", {"by": "grace"})
    codes: list[int] = []
    both = threading.Barrier(2)

    def approve(name: str) -> None:
        both.wait()
        codes.append(client.post(f"{GATE}/approve", json={"by": name, "comment": "fine"}).status_code)

    threads = [threading.Thread(target=approve, args=(name,)) for name in ("ada", "lin")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200, 409]
    assert client.get(GATE).json()["passed"]


def test_a_checkpoint_is_rejected_with_what_is_to_be_done_again(client: httpx.Client) -> None:
    assert "1.2" in act(client, f"{GATE}/approve", {}, 409)["detail"]
    for task in ("1.2", "1.3"):
        act(client, f"{TASKS}/{task}/complete", {"by": "grace"})
    rejected = act(client, f"{GATE}/reject", {"reason": "crooked"})
    assert (rejected["rejected"], rejected["passed"]) == ("crooked", False)
    # It has no criterion that a command judges, so there is nothing to judge again.
    assert "no command" in act(client, f"{GATE}/run", {}, 409)["detail"]

    again = act(client, f"{GATE}/reject", {"reason": "crooked still", "reopen": ["1.3"]})
    assert (again["due"], client.get(f"{TASKS}/1.3").json()["status"]) == (False, "pending")


def test_if_match_holds_back_who_has_not_seen_the_latest(client: httpx.Client) -> None:
    seen = client.get("/api/v1/plans/lighthouse/runs/1").json()["run_etag"]
    first = client.post(f"{TASKS}/1.3/claim", json={"by": "lin"}, headers={"If-Match": seen})
    late = client.post(f"{TASKS}/1.3/block", json={"reason": "no"}, headers={"If-Match": seen})

    assert (first.status_code, late.status_code, late.json()["code"]) == (200, 412, "precondition-failed")
    assert late.headers["etag"] == first.json()["run_etag"]


def test_a_request_with_a_key_is_carried_out_once_also_after_a_restart(served: Running, client: httpx.Client) -> None:
    from tests.web.conftest import start, stop

    headers = {"Idempotency-Key": f"claim-{served.site.root}"}
    first = client.post(f"{TASKS}/1.3/claim", json={"by": "lin"}, headers=headers)
    again = client.post(f"{TASKS}/1.3/claim", json={"by": "lin"}, headers=headers)
    restarted = start(served.site)
    later = restarted.client().post(f"{TASKS}/1.3/claim", json={"by": "lin"}, headers=headers)
    other = client.post(f"{TASKS}/1.3/claim", json={"by": "ada"}, headers=headers)
    stop(restarted)

    assert (first.status_code, first.headers.get("idempotency-replayed")) == (200, None)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (later.content, later.headers["idempotency-replayed"]) == (first.content, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_run_is_paused_resumed_and_cancelled(client: httpx.Client) -> None:
    run = "/api/v1/plans/lighthouse/runs/1"
    assert act(client, f"{run}/pause", {"by": "ada", "reason": "lunch"})["paused_by"] == "ada"
    assert act(client, f"{run}/resume")["paused_by"] == ""
    assert act(client, f"{run}/cancel", {"by": "ada"})["cancelled_by"] == "ada"
    assert "cancelled by ada" in act(client, f"{run}/cancel", {}, 409)["detail"]
    assert act(client, "/api/v1/plans/lighthouse/runs/7/pause", {}, 404)["code"] == "unknown-name"


def test_findings_are_fixed_as_they_were_shown(served: Running, client: httpx.Client) -> None:
    plan = served.site.root / "specs" / "harbour" / "tasks.md"
    plan.write_text("# Harbour\n\n**Total Tasks:** 9\n\n- [ ] **1** Dig\n  - _Estimated: 1 hour_\n")
    path = "/api/v1/plans/harbour"
    seen = client.get(f"{path}/diagnostics").json()
    shown = act(client, f"{path}/fixes", {"rules": ["total-mismatch"]})
    assert "+**Total Tasks:** 1" in shown["diff"].split("\n")
    assert not shown["written"]
    headers = {"If-Match": seen["document_etag"]}
    body = {"rules": ["total-mismatch"], "write": True}
    written = client.post(f"{path}/fixes", json=body, headers=headers)
    late = client.post(f"{path}/fixes", json=body, headers=headers)

    assert written.json()["written"]
    assert "**Total Tasks:** 1\n" in plan.read_text()
    assert late.status_code == 412


def test_a_mistyped_name_begins_no_run(served: Running, client: httpx.Client) -> None:
    harbour = "/api/v1/plans/harbour"  # which nobody has run
    for path in ("tasks/7.7/claim", "tasks/7.7/complete", "checkpoints/Checkpoint 7/approve"):
        assert act(client, f"{harbour}/{path}", {}, 404)["code"] == "unknown-name"
    assert client.get(f"{harbour}/runs").json()["items"] == []
    act(client, f"{harbour}/tasks/1.1/claim")
    assert len(client.get(f"{harbour}/runs").json()["items"]) == 1
