"""Requests that the API's own description allows and forbids, made up by schemathesis: nothing it promises is broken.

`MILEPOST_EXPLORE=1` makes up other ones each time, and more of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.project.repository import text
from tests.web.conftest import Running, make_site, start, stop

from milepost.web.access import Access, RateLimit

EXPLORE = "MILEPOST_EXPLORE" in os.environ
# The streams do not end; their tests are in test_event_streams.py.
STREAMS = r"(/stream|/changes)$"
# What is well-formed may still be refused for what it finds: nothing of that name (404), a run that does not allow it
# (409), an If-Match that is old (412), a document that cannot be read or a key that was used (422).
SETTINGS = """[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 401, 403, 404, 409, 412, 422]
"""


@pytest.fixture(scope="module")
def changed(shared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of a site that made-up requests may change, and that asks for a token."""
    site = make_site(tmp_path_factory.mktemp("changed") / "site")
    access = Access(site.tokens, True, "tester", rate=RateLimit(1e6, 1e6), failures=RateLimit(1e6, 1e6))
    running = start(site, access, metrics=True)
    yield running
    for plan in ("harbour", "lighthouse"):  # so that the processes that drive runs end
        client = running.client(site.token(f"ends {plan}", "admin"))
        runs = client.get(f"/api/v1/plans/{plan}/runs").json().get("items", [])
        if runs:
            client.post(f"/api/v1/plans/{plan}/runs/{runs[-1]['number']}/cancel", json={})
    stop(running)


@pytest.fixture(scope="module")
def document(changed: Running) -> Any:
    return changed.client(changed.site.token("describer", "read")).get("/api/v1/openapi.json").json()


def test_nothing_that_is_described_is_broken(changed: Running, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    token = changed.site.token("explorer", "admin")
    chosen = ["--max-examples", "100"] if EXPLORE else ["--max-examples", "2", "--generation-deterministic"]
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(settings), "run", f"{changed.address}/api/v1/openapi.json"),
        *("-H", f"Authorization: Bearer {token}", "--exclude-path-regex", STREAMS, "--no-color", "-w", "1"),
        *chosen,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_declares_its_errors_and_has_a_summary(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            statuses = set(operation["responses"])
            assert operation["summary"], path
            assert {"400", "401", "403", "421", "429", "503"} <= statuses, (path, method)
            assert "404" in statuses or "{" not in path, (path, method)
            assert "413" in statuses or method == "get", (path, method)
            for status in statuses - {"200", "201", "204", "304"}:
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


def test_every_body_and_parameter_has_an_example(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    assert parameter["schema"]["examples"], (path, parameter["name"])
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                body = schemas[schema["$ref"].rpartition("/")[2]]
                assert body["examples"], path
                assert body["additionalProperties"] is False


def test_the_documentation_lists_every_operation_and_no_other(document: Any) -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    page = text("docs/http-api.md")
    documented = {
        f"{cells[1].strip()} {cells[2].strip().strip('`')}"
        for line in page.split("\n")
        if line.startswith(("| GET ", "| POST ")) and (cells := line.split("|"))
    }
    assert documented == described


def test_the_documentation_lists_every_code_of_an_error() -> None:
    from milepost import errors
    from milepost.web import problems

    own = {
        kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MilepostError)
    }
    page = text("docs/http-api.md")
    for code in (own | set(problems._OWN_CODES.values())) - {"milepost-error"}:
        assert f"`{code}`" in page, code


def test_the_description_needs_no_network(looked_at: Running) -> None:
    with httpx.Client(base_url=looked_at.address) as client:
        assert client.get("/docs").status_code == 404  # the framework's page loads its scripts from elsewhere
