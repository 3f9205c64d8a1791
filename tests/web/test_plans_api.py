from __future__ import annotations

import httpx


def test_plans_are_listed_with_where_their_runs_stand(reader: httpx.Client) -> None:
    answer = reader.get("/api/v1/plans")

    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [(item["id"], item["state"]) for item in items] == [("harbour", "not started"), ("lighthouse", "waiting")]
    assert items[1]["run"]["number"] == 1
    # 1.1 is done, 1.2 is held, and of the five the other three wait.
    assert items[1]["tasks"] == {"total": 5, "pending": 3, "running": 1, "done": 1, "blocked": 0, "skipped": 0}


def test_a_plan_tells_its_tasks_and_checkpoints(reader: httpx.Client) -> None:
    plan = reader.get("/api/v1/plans/lighthouse").json()

    assert [(task["id"], task["status"]) for task in plan["task_list"]][:3] == [
        ("1.1", "done"),
        ("1.2", "running"),
        ("1.3", "pending"),
    ]
    assert [(gate["name"], gate["passed"]) for gate in plan["checkpoint_list"]] == [("Checkpoint 1", False)]


def test_a_plan_that_the_client_has_is_not_sent_again(reader: httpx.Client) -> None:
    first = reader.get("/api/v1/plans/lighthouse")
    again = reader.get("/api/v1/plans/lighthouse", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_plan_is_a_problem_with_a_code(reader: httpx.Client) -> None:
    answer = reader.get("/api/v1/plans/nowhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unknown-name"
