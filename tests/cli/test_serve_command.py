from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, run_without


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_and_ends_in_good_order(example: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "milepost", "serve", str(example), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line.startswith("Serving 1 plan at http://127.0.0.1:")
            address = line.split()[4]
            with urllib.request.urlopen(f"{address}api/v1/health", timeout=60) as answer:
                assert answer.status == 200
            server.send_signal(number)
            out, err = server.communicate(timeout=60)
        finally:
            server.kill()
    assert (server.returncode, out, err) == (0, "", "")


def test_a_folder_without_a_plan_is_told_what_was_looked_for_and_where(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "milepost", "serve", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            with urllib.request.urlopen(line.split()[5], timeout=60) as answer:
                page = answer.read().decode()
            server.send_signal(signal.SIGINT)
            _, err = server.communicate(timeout=60)
        finally:
            server.kill()
    assert line.startswith("Serving no plan yet at http://127.0.0.1:")
    assert str(tmp_path) in err
    for told in ("tasks.md, implementation-plan.md", "milepost init NAME", "milepost serve FILE"):
        assert told in err
        assert told in page
    assert str(tmp_path) not in page


def test_a_port_that_is_taken_and_a_path_that_is_not_there(milepost: Milepost) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = milepost("serve", ".", "--port", str(taken.getsockname()[1]))
    assert (refused.code, "cannot listen" in refused.err, "--port 0" in refused.err) == (2, True, True)
    assert milepost("serve", "nowhere").code == 3


@pytest.mark.usefixtures("project")
def test_without_the_extra_it_says_what_to_install() -> None:
    refused = run_without("fastapi", "serve", ".")
    assert (refused.code, "pip install 'milepost[server]'" in refused.err) == (2, True)


def test_another_address_is_refused_without_a_token(milepost: Milepost) -> None:
    refused = milepost("serve", ".", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, "there is no token" in refused.err, "milepost token create" in refused.err) == (2, True, True)
    assert milepost("serve", ".", "--require-token", "--port", "0").code == 2


def test_tokens_are_made_listed_and_revoked(milepost: Milepost) -> None:
    made = milepost(
        "token", "create", "--name", "ada", "--scope", "work", "--scope", "approve", "--ttl", "12h", "--json"
    ).json
    assert made["scopes"] == ["work", "approve"]
    assert made["expires_at"] == pytest.approx(made["created_at"] + 12 * 3600)
    assert made["token"] not in milepost("token", "list").out
    assert [token["name"] for token in milepost("token", "list", "--json").json] == ["ada"]
    assert milepost("token", "revoke", "ada").code == 0
    assert milepost("token", "list").out == "There is no token.\n"
    assert milepost("token", "create", "--name", "x", "--ttl", "soon").code == 2
    assert milepost("token", "revoke", "nobody").code == 2
